/**
 * A gateway that runs Linux, whichever machine carries it: how it is operated on, observed, and how
 * another one takes over from it.
 */

import { type Countries, readRange } from "../../sim/contract/countries.ts";
import type {
	ConntrackLine,
	Observation,
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import { unreachable } from "../../sim/invariant.ts";
import type { Backend } from "../../sim/linux/linux.ts";
import { noWords, splitWords } from "../../sim/ruleset/base/lexer.ts";
import { normalSets } from "../../sim/sets/command/restore.ts";
import { LabError } from "../lab-error.ts";
import {
	evictedCount,
	evictionCommands,
	untilEvicted,
} from "./conntrack-filter.ts";
import { parseConntrack } from "./conntrack-line.ts";
import {
	conditionNames,
	inLoadOrder,
	withoutComments,
} from "./ruleset-text.ts";
import { ENOENT } from "./sysctl.ts";

/** How a program ended. */
export interface ProgramResult {
	readonly status: number;
	readonly out: string;
	readonly err: string;
}

/** Programs and files of a machine. */
export interface Linux {
	/** Runs a program. */
	run(words: readonly string[], input?: string): Promise<ProgramResult>;
	/** Runs it; it has to succeed. @returns its output @throws LabError */
	must(words: readonly string[], input?: string): Promise<string>;
	/** Contents of a file; `null` when there is none. */
	read(path: string): Promise<string | null>;
	/** One write(), as `echo` does it. @returns an errno, 0 when it went well */
	write(path: string, text: string): Promise<number>;
}

/** A gateway, and what each kind of machine does in its own way. */
export interface LinuxGateway {
	readonly linux: Linux;
	readonly interfaces: readonly { readonly name: string }[];
	/** `sysctl -w net.NAME=VALUE`; what is refused is the outcome, not an exception. */
	setSysctl(name: string, value: number): Promise<OperationOutcome>;
	/** `ip link set NAME up`, or `down`. */
	setLink(interfaceName: string, up: boolean): Promise<void>;
	/** `ip neigh del ADDRESS dev NAME`; a neighbour that the interface does not know is no failure. */
	forgetNeighbour(interfaceName: string, address: string): Promise<void>;
}

const OK: OperationOutcome = { ok: true };

/**
 * Carries an operation out. What a command refuses is the outcome, not an exception.
 * @throws LabError when a program does something unexpected
 */
export async function operateLinux(
	gateway: LinuxGateway,
	operation: Exclude<Operation, { kind: "take-over" }>,
): Promise<OperationOutcome> {
	const { linux } = gateway;
	switch (operation.kind) {
		case "restore":
			return iptablesOutcome(
				await linux.run(restoreWords(operation), operation.text),
			);
		case "iptables":
			return iptablesOutcome(
				await linux.run(commandWords(operation.command, "iptables")),
			);
		case "condition": {
			const { name, write } = operation;
			const errno = await linux.write(conditionPath(name), write);
			if (errno === 0) return OK;
			const reason =
				errno === ENOENT ? "No such file or directory" : `errno ${errno}`;
			return { ok: false, message: `${conditionPath(name)}: ${reason}` };
		}
		case "ipset":
			return outcomeOf(
				await linux.run(
					commandWords(operation.command, "ipset"),
					operation.input,
				),
			);
		case "evict":
			return evict(linux, operation);
		case "sysctl":
			return gateway.setSysctl(operation.name, operation.value);
		case "link":
			await gateway.setLink(operation.interface, operation.up);
			return OK;
		case "forget-neighbour":
			for (const { name } of gateway.interfaces)
				await gateway.forgetNeighbour(name, operation.address);
			return OK;
		case "ip":
			return outcomeOf(await linux.run(ipWords(operation.command)));
		default:
			return unreachable(operation);
	}
}

function conditionPath(name: string): string {
	return `/proc/net/nf_condition/${name}`;
}

/** The program that loads rules, with its options. */
export function restoreWords(how: {
	readonly noflush: boolean;
	readonly counters: boolean;
}): readonly string[] {
	return [
		"iptables-restore",
		...(how.noflush ? ["--noflush"] : []),
		...(how.counters ? ["--counters"] : []),
	];
}

/** With or without the program's name in front, quoted as for iptables-restore. */
function commandWords(
	command: string,
	program: "iptables" | "ipset",
): readonly string[] {
	const words = noWords();
	splitWords(command, 0, command.length, words);
	const given = words.text.slice(0, words.count);
	return given[0] === program ? given : [program, ...given];
}

/** A command line of iproute2, with or without the program's name in front. */
export function ipWords(command: string): readonly string[] {
	const words = command.trim().split(/\s+/);
	return words[0] === "ip" ? words : ["ip", ...words];
}

function outcomeOf({ status, out, err }: ProgramResult): OperationOutcome {
	if (status === 0) return OK;
	return { ok: false, message: `${out}${err}`.trim() };
}

function iptablesOutcome(result: ProgramResult): OperationOutcome {
	const outcome = outcomeOf(result);
	return outcome.ok ? outcome : { ...outcome, exitCode: result.status };
}

async function evict(
	linux: Linux,
	{ filter, orNone }: Operation & { readonly kind: "evict" },
): Promise<OperationOutcome> {
	let count = 0;
	let refusal = "";
	for (const words of evictionCommands(filter)) {
		const { stopped, end } = await untilEvicted(
			() => linux.run(["conntrack", ...words]),
			({ err }) => err,
		);
		// It prints a line for each one that it deletes.
		for (const { out } of stopped)
			count += out.split("\n").filter((line) => line !== "").length;
		const { status, err } = end;
		const evicted = evictedCount(err);
		if (evicted === null)
			throw new LabError({
				code: "unsupported",
				place: `conntrack ${words.join(" ")}`,
				message: err.trim(),
				remedy: "",
			});
		count += evicted;
		if (status !== 0) refusal = err.trim();
	}
	// Of several calls, one that finds something is enough.
	if (count === 0 && refusal !== "" && !orNone)
		return { ok: false, message: refusal };
	return { ok: true, count };
}

/** What the gateway shows of itself. */
export async function observeLinux(linux: Linux): Promise<Observation> {
	// An agent carries requests out one after the other: none waits for the answer to the one before.
	const [configuration, conntrack] = await Promise.all([
		configurationOf(linux, ["iptables-save", "-c"]),
		conntrackOf(linux),
	]);
	return { ...configuration, conntrack };
}

/** Sets of ipset, if there are any. @throws LabError */
export async function setsOf(linux: Linux): Promise<Pick<Observation, "sets">> {
	const sets = normalSets(await linux.must(["ipset", "save"]));
	return sets === "" ? {} : { sets };
}

/** Makes a gateway's sets. @throws LabError where ipset refuses them */
export async function restoreSets(linux: Linux, text: string): Promise<void> {
	await linux.must(["ipset", "restore"], text);
}

const COUNTRIES_FOLDER = "/usr/share/xt_geoip";

/** Writes the files that iptables reads for `-m geoip`, and takes others away. @throws LabError */
export async function writeCountries(
	linux: Linux,
	countries: Countries,
): Promise<void> {
	const folder = COUNTRIES_FOLDER;
	const files = Object.entries(countries).map(
		([code, ranges]) =>
			`printf '${octalText(countryFile(ranges))}' > ${folder}/${code}.iv4`,
	);
	const script = [`mkdir -p ${folder}`, `rm -f ${folder}/*.iv4`, ...files];
	await linux.must(["sh", "-c", 'set -e; eval "$(cat)"'], script.join("\n"));
}

/** As `printf` of every shell writes it; the guest of Debian 11 has no base64. */
function octalText(octets: Buffer): string {
	return [...octets]
		.map((octet) => `\\${octet.toString(8).padStart(3, "0")}`)
		.join("");
}

/** Both ends of each range, in the order of the network (`geoip_get_subnets`, libxt_geoip.c). */
function countryFile(ranges: readonly string[]): Buffer {
	const octets = Buffer.alloc(ranges.length * 8);
	for (const [index, text] of ranges.entries()) {
		const [least, greatest] = readRange(text) ?? [0, 0];
		octets.writeUInt32BE(least, index * 8);
		octets.writeUInt32BE(greatest, index * 8 + 4);
	}
	return octets;
}

/** What the administrator of a gateway has configured: the part of it that another one can take over. */
export type LinuxConfiguration = Pick<Observation, "ruleset" | "conditions">;

/** Reads rules, without counters, and conditions. */
export function readConfiguration(linux: Linux): Promise<LinuxConfiguration> {
	return configurationOf(linux, ["iptables-save"]);
}

/**
 * Loads them into a gateway that has neither, so that its tables are listed in the same order.
 * @throws LabError when it does not take the rules
 */
export async function loadConfiguration(
	linux: Linux,
	{ ruleset, conditions }: LinuxConfiguration,
	backend: Backend,
): Promise<void> {
	const text = backend === "legacy" ? inLoadOrder(ruleset) : ruleset;
	await linux.must(["iptables-restore"], text);
	for (const [name, value] of Object.entries(conditions))
		await linux.write(conditionPath(name), `${value}`);
}

async function configurationOf(
	linux: Linux,
	save: readonly string[],
): Promise<LinuxConfiguration> {
	const saved = await linux.must(save);
	const values = conditionNames(saved).map(async (name) => {
		const value = await linux.read(conditionPath(name));
		return [name, value] as const;
	});
	const conditions = (await Promise.all(values)).flatMap(([name, value]) =>
		value === null ? [] : [[name, value.trim() === "1" ? 1 : 0] as const],
	);
	return {
		ruleset: withoutComments(saved),
		// By an assignment, a condition `__proto__` would be lost.
		conditions: Object.fromEntries(conditions),
	};
}

const TABLE = "/proc/net/nf_conntrack";
/** Entries go on expiring where time does not stand still. */
const MOST_READINGS = 5;

/**
 * Its connections alone.
 *
 * Reading the table removes entries whose time is over, and goes on a page later by counting from the
 * beginning (`ct_seq_show`, `ct_get_idx`, nf_conntrack_standalone.c, 6.1): as many as were removed are
 * then left out. So it is read until nothing has gone since the reading before.
 */
export async function conntrackOf(
	linux: Pick<Linux, "read">,
): Promise<readonly ConntrackLine[]> {
	const read = async () => (await linux.read(TABLE)) ?? "";
	let [table, again] = await Promise.all([read(), read()]);
	for (let readings = 2; readings < MOST_READINGS; readings++) {
		if (lineCount(again) === lineCount(table)) break;
		[table, again] = [again, await read()];
	}
	return parseConntrack(again);
}

function lineCount(text: string): number {
	return text.split("\n").length;
}
