import { Command } from "commander";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import type { Fault } from "../../sim/ruleset/base/ruleset-error.ts";
import type {
	NotModelled,
	OpenPoints,
} from "../../sim/ruleset/check/open-points.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustReadOnce } from "../lint/lint.ts";
import { linuxOption } from "../options/driver-option.ts";
import { addSetsOption } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { noteLines } from "../screen/say-notes.ts";
import { out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

interface CheckOptions {
	readonly json: boolean;
	/** `KIND:NAME` each. */
	readonly given: readonly string[];
	readonly sets?: string;
	readonly geoip?: string;
	readonly linux?: Linux;
}

/** `marktwin check RULES…`: everything that iptables-restore or the kernel would refuse. */
export function checkCommand(): Command {
	const command = new Command("check")
		.description(
			"tell what iptables-restore or the kernel would refuse, all of it",
		)
		.argument(
			"<rules...>",
			"files that iptables-restore takes, shell scripts of iptables commands, or folders that `marktwin capture --into` wrote; - is standard input",
		)
		.option("--json", "what was found as JSON on standard output", false)
		.option(
			"--given <kind:name>",
			"something outside of the ruleset that is there: set:blocked, helper:ftp (repeatable)",
			(text: string, before: readonly string[]) => [...before, text],
			[],
		);
	return addSetsOption(command)
		.addOption(linuxOption("whose iptables and kernel take the rules"))
		.addHelpText(
			"after",
			`
Example:
  marktwin check my.rules
  iptables-save | marktwin check -
  marktwin check --given set:blocked my.rules
  marktwin check --sets ipset.save my.rules
  marktwin check firewall.sh
  marktwin check --linux trixie/nft my.rules

A script of iptables commands is taken to start from an empty ruleset. Variables that are
assigned plainly, &&, || and here-documents are carried out; loops, conditions and functions
around iptables commands are refused. What has no bearing on rules is named and ignored.

Exit codes:
  0  all of it would load, and marktwin models all of it
  2  something is refused, or marktwin does not take the file
  3  nothing is refused, but the file has no rules, or a rule is open: it has a
     match or target that marktwin does not model, or it needs a set, a helper
     or another object that exists first (--given, --sets)`,
		)
		.action(check);
}

interface Checked extends OpenPoints {
	readonly file: string;
	readonly ruleset: Ruleset | null;
	readonly faults: readonly Fault[];
	readonly notes: readonly Note[];
}

async function check(
	files: readonly string[],
	{ json, given, sets, geoip, linux = DEFAULT_LINUX }: CheckOptions,
): Promise<void> {
	const { checkRules } = await import("../../sim/script/check-rules.ts");
	const { openPoints } = await import("../../sim/ruleset/check/open-points.ts");
	const { readGiven } = await import("./read-given.ts");
	const { readRulesAndWorld } = await import("../options/read-world.ts");
	const { setsIn } = await import("../../sim/sets/command/read-saved.ts");
	const named = given.map(readGiven);
	const told = {
		...(sets === undefined ? {} : { sets }),
		...(geoip === undefined ? {} : { geoip }),
	};
	mustReadOnce(files, told);
	const checked: Checked[] = [];
	for (const file of files)
		checked.push(
			await whileShowing(`checking ${file} …`, async () => {
				const { rules, given: world } = await readRulesAndWorld(file, told);
				const { name, text } = rules;
				const { names, hasSet } = setsIn(world.sets);
				const { ruleset, tables, faults, notes } = checkRules(text, {
					file: name,
					linux,
					...(hasSet === undefined ? {} : { hasSet }),
				});
				const there = [
					...named,
					...names.map((set) => `set:${set}`),
					...Object.keys(world.geoip ?? {}).map((code) => `country:${code}`),
				];
				const open = openPoints(tables, new Set(there));
				return { file: name, ruleset, faults, notes, ...open };
			}),
		);
	if (json) printJson(checked);
	else await printWords(checked);
	if (checked.some(({ faults }) => faults.length > 0))
		process.exitCode = EXIT.badInput;
	else if (checked.some((one) => isOpen(one) || isEmpty(one)))
		process.exitCode = EXIT.unknown;
}

function isOpen({ notModelled, needs }: OpenPoints): boolean {
	return notModelled.length > 0 || needs.length > 0;
}

/** No table at all: an empty file, or a script without a command for rules. */
function isEmpty({ ruleset }: Checked): boolean {
	return ruleset?.tables.length === 0;
}

/** Of a text that marktwin does not take, only a machine can tell. */
function wouldLoad(one: Checked): boolean | null {
	if (one.faults.some(({ from }) => from !== "marktwin")) return false;
	const isKnown =
		one.faults.length === 0 && one.needs.length === 0 && !isEmpty(one);
	return isKnown ? true : null;
}

/**
 * `loads` is `null` where it depends on what `needs` names, where marktwin does not take the text, and
 * where there is nothing to load.
 */
function printJson(checked: readonly Checked[]): void {
	const files = checked.map((one) => {
		const { file, faults, notes, notModelled, needs, fromPackages } = one;
		return {
			file,
			loads: wouldLoad(one),
			hasRules: !isEmpty(one),
			faults,
			notes,
			notModelled,
			needs,
			fromPackages,
		};
	});
	out.data(`${jsonLine({ files }, 2)}\n`);
}

async function printWords(checked: readonly Checked[]): Promise<void> {
	const { openLines } = await import("./open-lines.ts");
	const { refusal } = await import("../rules/refusal.ts");
	const { printFaults } = await import(
		"../../sim/ruleset/base/ruleset-error.ts"
	);
	const { paint } = out;
	for (const one of checked) {
		const { file, ruleset, faults, notes } = one;
		const name = nameText(file);
		out.show(noteLines(notes));
		if (ruleset === null)
			out.show([
				`${printFaults(faults)}\n`,
				...openLines(one),
				`${paint("red", "✗")} ${name} ${refusal(faults)}`,
			]);
		else if (isEmpty(one))
			out.show([
				`${paint("yellow", "?")} ${name} has no rules: nothing was checked`,
			]);
		else if (isOpen(one))
			out.show([
				...openLines(one),
				`${paint("yellow", "?")} ${name} would load${conditions(one)}: ${sizeOf(ruleset)}${packages(one)}`,
			]);
		else
			out.show([
				`${paint("green", "✓")} ${name} would load: ${sizeOf(ruleset)}${packages(one)}`,
			]);
	}
}

/** `, given what it needs; not modelled: geoip, TARPIT`. */
function conditions({ needs, notModelled }: OpenPoints): string {
	const names = notModelled.map(({ name }: NotModelled) => name);
	return [
		needs.length > 0 ? ", given what it needs" : "",
		names.length > 0 ? `; not modelled: ${names.join(", ")}` : "",
	].join("");
}

/** `; with the package xtables-addons: condition, TARPIT`. */
function packages({ fromPackages }: OpenPoints): string {
	const names = [...new Set(fromPackages.map((one) => one.package))];
	return names
		.map((name) => {
			const own = fromPackages.filter((one) => one.package === name);
			return `; with the package ${name}: ${own.map((one) => one.name).join(", ")}`;
		})
		.join("");
}

/** `5 rules in mangle, 2 in nat`. */
function sizeOf(ruleset: Ruleset): string {
	const tables = ruleset.tables.map(({ name, chains }, index) => {
		const count = chains.reduce((sum, { rules }) => sum + rules.length, 0);
		const rules = index > 0 ? "" : count === 1 ? " rule" : " rules";
		return `${count}${rules} in ${name}`;
	});
	return tables.join(", ");
}
