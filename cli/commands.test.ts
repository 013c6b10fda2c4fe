import type { Command } from "commander";
import { expect, it } from "vitest";
import { wordsOf } from "../scenarios/result/invocation.ts";
import { marktwinCommand } from "./commands.ts";
import { withSubcommands } from "./program/program.ts";

const commands = withSubcommands(marktwinCommand());

it("gives a short option one meaning: one long name and one argument in the whole program", () => {
	const flags = new Map<string, Set<string>>();
	for (const option of commands.flatMap((command) => command.options)) {
		const { short = "", flags: all } = option;
		if (short !== "")
			flags.set(short, (flags.get(short) ?? new Set()).add(all));
	}
	const several = [...flags.values()].filter((all) => all.size > 1);
	expect(several.map((all) => [...all])).toEqual([]);
	expect([...flags.values()].flatMap((all) => [...all]).sort()).toEqual([
		"-V, --version",
		"-a, --address <interface=address>",
		"-c, --counters",
		"-f, --filter <text>",
		"-i, --in <interface>",
		"-k, --kernel <kernel>",
		"-l, --list",
		"-m, --minutes <n>",
		"-n, --runs <n>",
		"-o, --output <file>",
		"-p, --packet <packet>",
		"-q, --quiet",
		"-r, --rules <name=file>",
		"-s, --seed <n>",
		"-v, --verbose",
		"-w, --with <lab>",
	]);
});

it("has every option that a replay may name", () => {
	const way = {
		rules: [{ name: "a.rules", file: "b.rules" }],
		kernel: "vm",
		maxMemory: 1,
		maxSteps: 1,
		maxTime: 1,
		seed: 1,
		filter: "x",
		iptables: "nft",
	} as const;
	for (const replay of [
		{ ...way, command: "run", names: [], on: "docker" } as const,
		{ ...way, command: "compare", names: [], with: "docker" } as const,
		{
			command: "fuzz",
			names: [],
			seed: 1,
			runs: 1,
			minutes: 1,
			path: "1",
			kernel: "x",
		} as const,
	]) {
		const command = commands.find((one) => one.name() === replay.command);
		const known = longNames(command);
		const named = wordsOf(replay).filter((word) => word.startsWith("--"));
		expect(named.filter((word) => !known.includes(word))).toEqual([]);
		expect(named.length).toBeGreaterThan(4);
	}
});

function longNames(command: Command | undefined): readonly string[] {
	return (command?.options ?? []).flatMap(({ long }) => long ?? []);
}

it("lays out by hand only lines that fit a terminal of 80 columns", () => {
	const wide = commands.flatMap((command) => {
		let help = "";
		command.configureOutput({
			writeOut: (text) => {
				help += text;
			},
		});
		command.outputHelp();
		// Paragraphs are broken anew, and commands stay on their lines.
		return help
			.split("\n")
			.filter((line) => /^ +(?!marktwin )/.test(line) && line.length > 80)
			.map((line) => `${command.name()}: ${line}`);
	});
	expect(wide).toEqual([]);
});
