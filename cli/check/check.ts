/** Reads rulesets, and tells what keeps each of them from loading. */
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import {
	type Fault,
	printFaults,
} from "../../sim/ruleset/base/ruleset-error.ts";
import {
	type NotModelled,
	type OpenPoints,
	openPoints,
} from "../../sim/ruleset/check/open-points.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { setsIn } from "../../sim/sets/command/read-saved.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustReadOnce, readRulesAndWorld } from "../options/read-world.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { refusal } from "../rules/refusal.ts";
import { noteLines } from "../screen/say-notes.ts";
import { out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { openLines } from "./open-lines.ts";
import { mustBeNeeded, readGiven } from "./read-given.ts";

export interface CheckOptions {
	readonly json: boolean;
	/** `KIND:NAME` each. */
	readonly given: readonly string[];
	readonly sets?: string;
	readonly geoip?: string;
	readonly otherTables?: "empty";
	readonly linux?: Linux;
}

interface Checked extends OpenPoints {
	readonly file: string;
	readonly ruleset: Ruleset | null;
	readonly faults: readonly Fault[];
	readonly notes: readonly Note[];
	/** Whose tables the machine has besides; "": none. */
	readonly lacks: string;
}

/** @returns the exit code */
export async function check(
	files: readonly string[],
	{ json, given, sets, geoip, otherTables, linux }: CheckOptions,
): Promise<number> {
	const named = given.map(readGiven);
	const told = {
		...(sets === undefined ? {} : { sets }),
		...(geoip === undefined ? {} : { geoip }),
		...(otherTables === undefined ? {} : { otherTables }),
		...(linux === undefined ? {} : { linux }),
	};
	mustReadOnce(files, told);
	const checked: Checked[] = [];
	for (const file of files)
		checked.push(
			await whileShowing(`checking ${file} …`, async () => {
				const read = await readRulesAndWorld(file, told);
				const { rules, given: world, capture } = read;
				const { name, text } = rules;
				const { names, hasSet } = setsIn(world.sets);
				const checked = checkRules(text, {
					file: name,
					linux: world.linux ?? DEFAULT_LINUX,
					...(hasSet === undefined ? {} : { hasSet }),
				});
				const { ruleset, tables, faults } = checked;
				const notes = [
					...(capture?.linuxNotes ?? []).map((message) => ({
						file: name,
						line: 1,
						message,
					})),
					...checked.notes,
				];
				const there = [
					...named,
					...names.map((set) => `set:${set}`),
					...Object.keys(world.geoip ?? {}).map((code) => `country:${code}`),
				];
				const open = openPoints(tables, new Set(there));
				const { lacks = "" } = world;
				return { file: name, ruleset, faults, notes, lacks, ...open };
			}),
		);
	if (checked.every(({ ruleset }) => ruleset !== null))
		mustBeNeeded(
			named,
			checked.map(({ ruleset }) => ruleset as Ruleset),
		);
	if (json) printJson(checked);
	else printWords(checked);
	if (checked.some(({ faults }) => faults.length > 0)) return EXIT.badInput;
	const isAllKnown = !checked.some((one) => isOpen(one) || isEmpty(one));
	return isAllKnown ? EXIT.holds : EXIT.unknown;
}

function isOpen({ notModelled, needs, lacks }: Checked): boolean {
	return notModelled.length > 0 || needs.length > 0 || lacks !== "";
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
		const { lacks } = one;
		return {
			file,
			loads: wouldLoad(one),
			hasRules: !isEmpty(one),
			faults,
			notes,
			notModelled,
			needs,
			fromPackages,
			...(lacks === "" ? {} : { lacks }),
		};
	});
	out.data(`${jsonLine({ files }, 2)}\n`);
}

function printWords(checked: readonly Checked[]): void {
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
function conditions({ needs, notModelled, lacks }: Checked): string {
	const names = notModelled.map(({ name }: NotModelled) => name);
	return [
		needs.length > 0 ? ", given what it needs" : "",
		names.length > 0 ? `; not modelled: ${names.join(", ")}` : "",
		lacks === ""
			? ""
			: `; not checked: the tables of ${lacks} (where they have no rules: --other-tables empty)`,
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
