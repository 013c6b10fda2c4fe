/** Command lines that somebody can copy and run. */
import type { ScenarioOptions } from "./scenario-options.ts";

/** A word as a shell has to be given it. */
export function quoted(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word)
		? word
		: `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * What was played, once more: `marktwin run split --seed 7`. Where results were written to is left
 * out, so that the same play is called the same.
 */
export function commandLine(
	command: string,
	names: readonly string[],
	options: Pick<ScenarioOptions, "filter" | "seed" | "rules" | "kernel"> & {
		readonly on?: string;
		readonly with?: string;
		readonly iptables?: string;
	},
): string {
	const { filter, seed, rules, kernel, on, iptables } = options;
	return [
		"marktwin",
		command,
		...names.map(quoted),
		...(filter === undefined ? [] : ["--filter", quoted(filter)]),
		...(seed === undefined ? [] : ["--seed", String(seed)]),
		...[...rules].flatMap(([name, by]) => ["--rules", quoted(`${name}=${by}`)]),
		...(on === undefined || on === "model" ? [] : ["--on", on]),
		...(options.with === undefined || options.with === "vm"
			? []
			: ["--with", options.with]),
		...(iptables === undefined || iptables === "legacy"
			? []
			: ["--iptables", iptables]),
		...(kernel === undefined ? [] : ["--kernel", quoted(kernel)]),
	].join(" ");
}
