/** Reads the files that `world-options.ts` names. */
import { stat } from "node:fs/promises";
import { isCapture } from "../../scenarios/analysis/capture/capture-text.ts";
import {
	type Capture,
	readCapture,
} from "../../scenarios/analysis/capture/read-capture.ts";
import { givenWorld } from "../../scenarios/analysis/given/given-world.ts";
import {
	readAddresses,
	readRoutes,
	readRoutingRules,
} from "../../scenarios/analysis/given/read-ip.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import { lackedBy } from "../../sim/script/check-rules.ts";
import { faultOfSets } from "../../sim/sets/command/read-saved.ts";
import { operand, readRules, readText, STANDARD } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { mustBeAssumable } from "./check-assumed.ts";
import { readCountries } from "./read-countries.ts";
import type { RulesAndWorld, WorldOptions } from "./world-options.ts";

/**
 * @param file as it was named for RULES: a folder is a capture, and tells of its machine as well
 * @throws InputError, ScenarioError
 */
export async function readRulesAndWorld(
	file: string,
	options: WorldOptions,
): Promise<RulesAndWorld> {
	mustReadOnce([file], options);
	const isFolder = await leadsToFolder(file);
	if (isFolder && options.capture !== undefined)
		throw new InputError(
			`${file} is a folder, and so is --capture ${options.capture}`,
			"Name the rules by their file, or leave --capture out.",
		);
	const folder = isFolder ? file : options.capture;
	const capture =
		folder === undefined
			? null
			: onLinux(await readCapture(folder), options.linux);
	const rules =
		isFolder && capture !== null ? capture.rules : await ofFile(file);
	const told = await givenOf(options, capture);
	const { assume = new Map(), otherTables } = options;
	const lacks = otherTables === "empty" ? "" : lackedBy(rules.text);
	const given = lacks === "" ? told : { ...told, lacks };
	mustBeAssumable(assume);
	return {
		rules,
		capture,
		given:
			assume.size === 0
				? given
				: { ...given, assume: Object.fromEntries(assume) },
	};
}

/** A Linux that is named comes before the router's own, and before what is said of that one. */
function onLinux(capture: Capture, linux: Linux | undefined): Capture {
	if (linux === undefined) return capture;
	const { given, linuxNotes } = capture;
	const notes = given.notes.filter((note) => !linuxNotes.includes(note));
	return { ...capture, given: { ...given, linux, notes }, linuxNotes: [] };
}

async function ofFile(file: string): Promise<RulesAndWorld["rules"]> {
	const rules = await readRules(file);
	if (!isCapture(rules.text)) return rules;
	throw new InputError(
		`${rules.name} is what the script of marktwin capture printed, and no ruleset`,
		`Write it into a folder: marktwin capture --into FOLDER ${operand(file)}`,
	);
}

/** What is named by itself comes before what the capture has. */
async function givenOf(
	options: WorldOptions,
	capture: Capture | null,
): Promise<RulesAndWorld["given"]> {
	const read = async <Records>(
		file: string | undefined,
		records: (text: string, name: string) => Records,
	): Promise<Records | null> => {
		if (file === undefined) return null;
		const { name, text } = await readText(file);
		return records(text, name);
	};
	const { told } = capture ?? {};
	const addresses = await read(options.addresses, readAddresses);
	const routes = await read(options.routes, readRoutes);
	const rules = await read(options.routingRules, readRoutingRules);
	const named = await read(options.sets, setsIn);
	const sets = named ?? capture?.given.sets;
	const geoip =
		options.geoip === undefined
			? undefined
			: await readCountries(options.geoip);
	const linux = options.linux ?? capture?.given.linux;
	const besides = {
		...(linux === undefined ? {} : { linux }),
		...(sets === undefined ? {} : { sets }),
		...(geoip === undefined ? {} : { geoip }),
	};
	if (capture !== null && !addresses && !routes && !rules)
		return { ...capture.given, ...besides };
	const given = givenWorld({
		addresses: addresses ?? told?.addresses ?? null,
		routes: routes ?? told?.routes ?? null,
		rules: rules ?? told?.rules ?? null,
		sysctls: told?.sysctls ?? {},
	});
	const notes = [
		...(capture?.notes ?? []),
		...(capture?.linuxNotes ?? []),
		...given.notes,
	];
	return { ...given, ...besides, notes };
}

/** @throws InputError for what `ipset restore` refuses */
function setsIn(text: string, name: string): string {
	const fault = faultOfSets(text);
	if (fault === null) return text;
	throw new InputError(`${name}: ${fault}`, "Give what `ipset save` prints.");
}

/**
 * What is read for each of several files would be empty for the second one.
 * @throws InputError
 */
export function mustReadOnce(
	files: readonly string[],
	{ addresses, routes, routingRules, sets }: WorldOptions,
): void {
	const told = [addresses, routes, routingRules, sets];
	const named = [...files, ...told].filter((one) => one === STANDARD);
	if (named.length > 1 || (files.length > 1 && told.includes(STANDARD)))
		throw new InputError(
			"standard input (-) would be read more than once",
			"Name a file in its place.",
		);
}

async function leadsToFolder(file: string): Promise<boolean> {
	if (file === STANDARD) return false;
	try {
		return (await stat(file)).isDirectory();
	} catch {
		// What is not there is told by who reads it.
		return false;
	}
}
