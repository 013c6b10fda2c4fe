/** Every line that plays something once more is run by a shell as it stands, wherever it was printed. */
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import { describeOnVm } from "../lab/vm/test-machine.ts";
import {
	avoided,
	connect,
	recipeSetup,
	scenario,
} from "../scenarios/language/build/build.ts";
import {
	commandLine,
	type Invocation,
} from "../scenarios/result/invocation.ts";
import { execute, type Finished } from "../test/marktwin.ts";
import { pageDataOf } from "../test/report-data.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";

const folder = temporaryFolder();
const bin = join(folder, "bin");
mkdirSync(bin);
writeFileSync(
	join(bin, "marktwin"),
	`#!/bin/sh\nexec "${process.execPath}" "${inject("command")}" "$@"\n`,
);
chmodSync(join(bin, "marktwin"), 0o755);
const PATH = `${bin}:${process.env.PATH}`;

/** As a person does it: the line, in the folder in which the first command was run. */
const shell = (line: string, cwd: string) =>
	execute("sh", ["-c", line], { cwd, env: { PATH, GITHUB_ACTIONS: "" } });

/** All connections meet backend 1. */
const ONE_SIDED = `*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;

/** A file that holds a scenario that is violated: backend 1 is not to be met. */
const storyWith = (rules: string, name = "mine") =>
	JSON.stringify(
		scenario({
			name,
			title: "Backend 1 is spared",
			setup: recipeSetup({ ruleset: { file: rules } }),
			steps: [connect(2)],
			expect: [avoided("b1")],
		}),
	);

const SIGNS =
	"'\"`$\\*?[]{}()<>|&;#~!%=^\n\r\t \u001b\u00a0\u2800\u202eäß日🦑-+@,:.ab";
const WORDS = "$HOME,$(id),`id`,%s,\\n,--,\n\n,  ,##[x],::".split(",");
const odd = fc.constantFrom(...SIGNS, ...WORDS);
/** Of a file or a folder, whatever a file system takes. */
const fileName = fc
	.array(odd, { minLength: 1, maxLength: 6 })
	.map((parts) => parts.join(""))
	.filter((name) => !/^\.\.?$/.test(name));

interface Files {
	readonly folder: string;
	readonly file: string;
	/** What the scenario calls its rules, and the file that is played instead. */
	readonly rules: string;
	readonly replacement: string | null;
	readonly named: "file" | "folder";
}

const files: fc.Arbitrary<Files> = fc.record({
	folder: fileName,
	file: fileName.map((name) => `${name}.scenario.json`),
	rules: fileName.map((name) => `${name.replaceAll("=", "")}.rules`),
	replacement: fc.option(fileName.map((name) => `${name}.other`)),
	named: fc.constantFrom("file", "folder"),
});

function placed(given: Files): { readonly cwd: string; words: string[] } {
	const cwd = mkdtempSync(join(folder, "case-"));
	const inside = join(cwd, given.folder);
	mkdirSync(inside);
	const { rules, replacement, named, file } = given;
	writeFileSync(join(inside, file), storyWith(rules));
	const played = replacement ?? rules;
	// What is replaced would load as well, and hold.
	writeFileSync(join(inside, rules), "*nat\nCOMMIT\n");
	writeFileSync(join(inside, played), ONE_SIDED);
	const name = join(given.folder, named === "file" ? file : "");
	const way =
		replacement === null
			? []
			: ["--rules", `${rules}=${join(given.folder, replacement)}`];
	return { cwd, words: [...way, "--seed", "7", "--", name] };
}

const unescaped = (text: string) =>
	text.replace(
		/&(lt|gt|quot|apos|amp|#\d+|#x[\da-fA-F]+);/g,
		(_, name: string) =>
			({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" })[name] ??
			String.fromCodePoint(
				name.startsWith("#x")
					? Number.parseInt(name.slice(2), 16)
					: Number(name.slice(1)),
			),
	);

/** The lines that replay the one scenario, in everything that was written. */
function linesIn(
	cwd: string,
	{ out }: Finished,
): Readonly<Record<string, string | undefined>> {
	const read = (name: string) => readFileSync(join(cwd, name), "utf8");
	const { results } = JSON.parse(read("r.json")) as {
		results: { replay: Invocation }[];
	};
	const [result] = results;
	const { packs } = pageDataOf(read("r.html"));
	return {
		screen: /^ +replay +(.*)$/m.exec(out)?.[1],
		annotation: /%0Areplay: (.*?)(?:%0A|$)/m
			.exec(out)?.[1]
			?.replaceAll("%0A", "\n")
			.replaceAll("%0D", "\r")
			.replaceAll("%25", "%"),
		json: result && commandLine(result.replay),
		junit: unescaped(
			/^replay +(.*?)(?:\]\]>|<\/failure>|$)/m.exec(read("r.xml"))?.[1] ?? "",
		),
		summary: /### .*?\n(`{3,})sh\n(.*?)\n\1\n/s.exec(read("r.md"))?.[2],
		page: packs[0]?.entries[0]?.replay,
	};
}

/** Without what differs from time to time. */
const outcomeOf = ({ code, out, err }: Finished) => ({
	code,
	err,
	out: out.replace(/played in .*/, "").replace(/^::.*\n/gm, ""),
});

it("says in every place the same command, which does the same when a shell runs it", async () => {
	await fc.assert(
		fc.asyncProperty(files, async (given) => {
			const { cwd, words } = placed(given);
			const outputs =
				"--json r.json --junit r.xml --summary r.md --report r.html".split(" ");
			const first = await execute(
				join(bin, "marktwin"),
				["run", ...outputs, ...words],
				{
					cwd,
					env: { GITHUB_ACTIONS: "true" },
				},
			);
			expect(first.code).toBe(1);
			const { screen = "", ...others } = linesIn(cwd, first);
			for (const [place, line] of Object.entries(others))
				expect({ place, line }).toEqual({ place, line: screen });
			const again = await shell(screen, cwd);
			const direct = await execute(join(bin, "marktwin"), ["run", ...words], {
				cwd,
				env: { GITHUB_ACTIONS: "" },
			});
			// A folder is said to hold a file; the file is not.
			const said = /^1 scenario file: .*\n/;
			const [one, other] = [outcomeOf(again), outcomeOf(direct)];
			expect(one).toEqual({ ...other, out: other.out.replace(said, "") });
		}),
		// Each takes seconds: what fails is shown as it is, not made smaller.
		{ numRuns: 6, endOnFailure: true },
	);
}, 240_000);

describeOnVm("on a kernel", () => {
	it("says commands of compare and fuzz that do the same", async () => {
		const cwd = mkdtempSync(join(folder, "kernel-"));
		const at = 'it\'s  "$HOME" \\n ##[x]\n';
		mkdirSync(join(cwd, at));
		writeFileSync(join(cwd, at, "no.rules"), "*nat\n-A NONE -j NONE\nCOMMIT\n");
		writeFileSync(join(cwd, at, "-.scenario.json"), storyWith("no.rules"));
		const compared = await execute(
			join(bin, "marktwin"),
			["compare", join(at, "-.scenario.json")],
			{ cwd },
		);
		expect(compared.code).toBe(2);
		const line = /^ +replay +(.*)$/m.exec(compared.out)?.[1] ?? "";
		expect(line).toContain("--filter mine");
		const again = await shell(line, cwd);
		expect({ code: again.code, err: again.err }).toEqual({
			code: 2,
			err: compared.err,
		});

		const fuzz = ["fuzz", "--seed", "5", "--runs", "2", "--machines", "1"];
		const fuzzed = await execute(
			join(bin, "marktwin"),
			[...fuzz, "--save", at, "--json", "f.json"],
			{ cwd },
		);
		expect(fuzzed.code).toBe(0);
		const { commands } = JSON.parse(
			readFileSync(join(cwd, "f.json"), "utf8"),
		) as { commands: Invocation[] };
		const drawn = await shell(commands.map(commandLine).join("; "), cwd);
		expect(drawn.code).toBe(0);
		const played = /^\d+ rulesets, \d+ packets, \d+ texts: .*$/m;
		expect(played.exec(drawn.out)?.[0]).toBe(played.exec(fuzzed.out)?.[0]);
	}, 400_000);
});
