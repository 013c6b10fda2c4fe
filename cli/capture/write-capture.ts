/** What the script printed → a folder. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
	captureFiles,
	INDEX_FILE,
	parseCapture,
} from "../../scenarios/analysis/capture/capture-text.ts";
import {
	faultOfRules,
	readCapture,
} from "../../scenarios/analysis/capture/read-capture.ts";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import { EXIT } from "../base/exit-code.ts";
import {
	makeOutputFolder,
	operand,
	readRules,
	writeWhole,
} from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { out } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";

/** @returns the exit code */
export async function writeCapture(
	file: string,
	folder: string,
): Promise<number> {
	const { name, text } = await readRules(file);
	const sections = parseCapture(text, name);
	const fault = faultOfRules(
		sections.find((section) => section.name === "rules") ?? null,
	);
	if (fault !== null) throw new InputError(fault.message, fault.remedy);
	await mustBeForCaptures(folder);
	makeOutputFolder(folder);
	const files = captureFiles(sections);
	// The index last: without it, the folder holds no capture.
	for (const one of files) await writeWhole(join(folder, one.name), one.text);
	const { rules, given, kernel, iptables } = await readCapture(folder);
	const { linux = DEFAULT_LINUX } = given;
	const interfaces = given.interfaces?.length;
	out.show([
		`${nameText(folder)}: ${files.length} files`,
		`  rules       ${nameText(rules.name)}`,
		`  kernel      ${nameText(kernel ?? "not known")}; ${nameText(iptables ?? "iptables not known")}`,
		`  Linux       ${linuxName(linux)}`,
		`  interfaces  ${interfaces === undefined ? "not known" : `${interfaces} besides lo`}`,
		...given.notes.map((note) => `  note        ${nameText(note)}`),
		"",
		`Check its rules: marktwin check ${operand(rules.name)}`,
	]);
	return EXIT.holds;
}

/** A folder of something else is left alone. */
async function mustBeForCaptures(folder: string): Promise<void> {
	let names: readonly string[] = [];
	try {
		names = await readdir(folder);
	} catch (error) {
		if (codeOf(error) === "ENOENT") return;
		throw new InputError(`cannot read ${folder}: ${reasonOf(error)}`);
	}
	if (names.length === 0 || names.includes(INDEX_FILE)) return;
	throw new InputError(
		`${folder} is not empty, and holds no capture`,
		"Name a folder that is not there yet.",
	);
}
