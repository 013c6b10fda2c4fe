/** A folder that holds a capture → rules, and the machine around them. */
import { join } from "node:path";
import * as v from "valibot";
import { dottedName } from "../../../sim/conntrack/settings/sysctl-name.ts";
import { faultOfSets } from "../../../sim/sets/command/read-saved.ts";
import { readUserFile, UnreadableFile } from "../../files/read-user-file.ts";
import { pathOf } from "../../language/fault-of-issue.ts";
import { ScenarioError } from "../../language/scenario-error.ts";
import { parseJson } from "../../load/parse-json.ts";
import { givenWorld, type MachineOutput } from "../given/given-world.ts";
import {
	readAddresses,
	readRoutes,
	readRoutingRules,
} from "../given/read-ip.ts";
import type { GivenWorld } from "../world/assumed-world.ts";
import { INDEX_FILE } from "./capture-text.ts";
import { linuxOfRouter } from "./linux-of-router.ts";
import { CAPTURE_FORMAT } from "./script.ts";

/** What a router told. */
export interface Capture {
	/** `name`: the file in the folder. */
	readonly rules: { readonly name: string; readonly text: string };
	readonly given: GivenWorld;
	/** The outputs that `given` is made of. */
	readonly told: MachineOutput;
	/** What was missing: the first notes of `given`. */
	readonly notes: readonly string[];
	/** What the router's Linux is taken for, where it is none that is followed: among the notes of `given`. */
	readonly linuxNotes: readonly string[];
	/** `uname -r`; `null`: not known. */
	readonly kernel: string | null;
	/** `iptables v1.8.9 (nf_tables)`; `null`: not known. */
	readonly iptables: string | null;
	/** Values of `/proc/net/nf_condition`. */
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	/** Entries of conntrack; `null`: it was not loaded. */
	readonly connections: number | null;
}

const indexSchema = v.object({
	format: v.literal(CAPTURE_FORMAT),
	sections: v.array(
		v.object({
			name: v.string(),
			command: v.string(),
			exit: v.nullable(v.number()),
			errors: v.string(),
			file: v.nullable(v.pipe(v.string(), v.regex(/^[\w-]+(\.[\w-]+)*$/))),
		}),
	),
});

type IndexSection = v.InferOutput<typeof indexSchema>["sections"][number];

/** A section, with what its file holds now. */
interface ReadSection extends IndexSection {
	/** Of the file, as it is named in messages. */
	readonly path: string;
	readonly text: string;
}

/**
 * @param folder one that `marktwin capture --into` wrote; its files may have been edited since
 * @throws ScenarioError where it holds no capture, or a file of it is not what it was
 */
export async function readCapture(folder: string): Promise<Capture> {
	const path = join(folder, INDEX_FILE);
	const index = v.safeParse(
		indexSchema,
		parseJson(await textOf(path, folder), path),
		{ abortEarly: true },
	);
	if (!index.success) {
		const [issue] = index.issues;
		throw refused(path, pathOf(issue), issue.message, CAPTURE_AGAIN);
	}
	const sections = new Map<string, ReadSection>();
	for (const section of index.output.sections) {
		const file = join(folder, section.file ?? "");
		const text = section.file === null ? "" : await textOf(file, folder);
		sections.set(section.name, { ...section, path: file, text });
	}
	const notes: string[] = [];
	const rules = rulesOf(sections, path, notes);
	const told: MachineOutput = {
		addresses: ipOutput(sections.get("addresses"), readAddresses, notes),
		routes: ipOutput(sections.get("routes"), readRoutes, notes),
		rules: ipOutput(sections.get("routing-rules"), readRoutingRules, notes),
		sysctls: settingsOf(sections.get("settings")),
	};
	const sets = setsOf(sections.get("sets"));
	const given = {
		...givenWorld(told),
		...(sets === null ? {} : { sets }),
	};
	const connections = lineOf(sections.get("connections"));
	const kernel = lineOf(sections.get("kernel"));
	const iptables = lineOf(sections.get("iptables"));
	const router = linuxOfRouter({ kernel, iptables, rulesBy: rules.command });
	return {
		rules: { name: rules.path, text: rules.text },
		given: {
			...given,
			...(router.linux === null ? {} : { linux: router.linux }),
			notes: [...notes, ...router.notes, ...given.notes],
		},
		told,
		notes,
		linuxNotes: router.notes,
		kernel,
		iptables,
		conditions: conditionsOf(sections.get("conditions")),
		connections: connections === null ? null : Number(connections),
	};
}

const CAPTURE_AGAIN =
	"Capture it again: marktwin capture | ssh router sh | marktwin capture --into FOLDER";

async function textOf(path: string, folder: string): Promise<string> {
	try {
		return await readUserFile(path);
	} catch (error) {
		if (!(error instanceof UnreadableFile)) throw error;
		throw refused(
			folder,
			"",
			`it is a folder, and holds no whole capture: ${error.message}`,
			CAPTURE_AGAIN,
		);
	}
}

/** Those of the iptables that has any: a machine may have both, and packets pass both then. */
function rulesOf(
	sections: ReadonlyMap<string, ReadSection>,
	path: string,
	notes: string[],
): ReadSection {
	const usual = sections.get("rules");
	const fault = faultOfRules(usual ?? null);
	if (usual === undefined || fault !== null)
		throw refused(path, "", fault?.message ?? "", fault?.remedy ?? "");
	const other = sections.get("other-rules");
	if (other === undefined || !hasRules(other)) return usual;
	if (hasRules(usual)) {
		notes.push(
			`The router has rules of two kinds of iptables, and packets pass both: those of \`${usual.command}\` are looked at, and those of \`${other.command}\` are not.`,
		);
		return usual;
	}
	notes.push(
		`The rules are those of \`${other.command}\`: \`${usual.command}\` shows none.`,
	);
	return other;
}

/** Why no rules were captured; `null`: they were. */
export function faultOfRules(
	section: {
		readonly command: string;
		readonly exit: number | null;
		readonly errors: string;
	} | null,
): { readonly message: string; readonly remedy: string } | null {
	if (section === null || section.exit === null)
		return {
			message:
				"the router has no iptables-save: if it has rules, they are not iptables'",
			remedy: "marktwin reads rules of iptables alone.",
		};
	if (section.exit === 0) return null;
	return {
		message: `\`${section.command}\` failed on the router: ${section.errors.split("\n")[0] ?? ""}`,
		remedy:
			"Run the script as root: marktwin capture | ssh root@router sh | marktwin capture --into FOLDER",
	};
}

function hasRules({ text }: ReadSection): boolean {
	return /^(\[\d+:\d+\] )?-A /m.test(text);
}

/** `null`: the router did not tell, and a note says so. */
function ipOutput<Records>(
	section: ReadSection | undefined,
	read: (text: string, file: string) => Records,
	notes: string[],
): Records | null {
	if (section === undefined) return null;
	const { command, exit, errors, path, text } = section;
	if (exit === 0 && text.trim() !== "") return read(text, path);
	notes.push(
		exit === null
			? `The router has no command for \`${command}\`: what it would tell is assumed.`
			: `\`${command}\` told nothing on the router: ${errors.split("\n")[0] || "no output"}.`,
	);
	return null;
}

/** `/proc/sys/net/ipv4/ip_forward:1`; those of several numbers are none that the model heeds. */
function settingsOf(
	section: ReadSection | undefined,
): Readonly<Record<string, number>> {
	const found: Record<string, number> = {};
	for (const line of linesOf(section)) {
		const [, name, value] = /^\/proc\/sys\/net\/(.+):(-?\d+)$/.exec(line) ?? [];
		if (name !== undefined) found[dottedName(name)] = Number(value);
	}
	return found;
}

/** `/proc/net/nf_condition/mail1up:1`. */
function conditionsOf(
	section: ReadSection | undefined,
): Readonly<Record<string, 0 | 1>> {
	return Object.fromEntries(
		linesOf(section).flatMap((line) => {
			const [, name = "", value] =
				/^\/proc\/net\/nf_condition\/(.+):([01])$/.exec(line) ?? [];
			return name === "" ? [] : [[name, value === "1" ? 1 : 0] as const];
		}),
	);
}

/** `null`: the router has no ipset, or did not tell; what is in sets is not known then. */
function setsOf(section: ReadSection | undefined): string | null {
	if (section?.exit !== 0) return null;
	const { text, path } = section;
	const fault = faultOfSets(text);
	if (fault !== null) throw refused(path, "", fault, CAPTURE_AGAIN);
	return text;
}

function linesOf(section: ReadSection | undefined): readonly string[] {
	return (section?.text ?? "").split("\n").map((line) => line.trim());
}

function lineOf(section: ReadSection | undefined): string | null {
	return linesOf(section).find((line) => line !== "") ?? null;
}

function refused(
	file: string,
	path: string,
	message: string,
	remedy: string,
): ScenarioError {
	return new ScenarioError("invalid", file, [{ path, message, remedy }]);
}
