/** What an administrator does to a gateway while it runs. */

import type { Operation, OperationOutcome } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import type { Rule, Ruleset, Table } from "../contract/ruleset.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { inLine } from "../in-line.ts";
import { unreachable } from "../invariant.ts";
import { DEFAULT_LINUX } from "../linux/linux.ts";
import { replaceTable } from "../netfilter/hook-path.ts";
import { parseAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { noWords, splitWords } from "../ruleset/base/lexer.ts";
import {
	type Fault,
	printFaults,
	RulesetError,
} from "../ruleset/base/ruleset-error.ts";
import { type Applied, applyCommand, restoreText } from "../ruleset/parse.ts";
import { parseCommand } from "../ruleset/parse-command.ts";
import { carryOutIpset } from "../sets/command/restore.ts";
import { writeCondition } from "./condition-files.ts";
import { neighForget } from "./ip/neighbour-timer.ts";
import { ipCommand, setLink } from "./ip-command.ts";
import { knownSets } from "./sets-of-rules.ts";
import type { GatewayState } from "./state/gateway-state.ts";

const OK: OperationOutcome = { ok: true };

/**
 * Carries out an operation; what a command would have refused is the outcome, not an exception.
 * @throws UnknownSignal for one that a kernel carries out and the model does not
 * @throws GatewayError for an interface that is not there, and an address that is none
 */
export function carryOut(
	gateway: GatewayState,
	operation: Exclude<Operation, { kind: "take-over" }>,
): OperationOutcome {
	switch (operation.kind) {
		case "restore":
			return load(
				gateway,
				restoreText(gateway.tables.now(), operation.text, {
					...operation,
					...around(gateway),
				}),
			);
		case "iptables":
			return command(gateway, operation.command);
		case "condition":
			return writeCondition(
				gateway.tables.names,
				operation.name,
				operation.write,
			);
		case "evict":
			return evicted(gateway.conntrack.evict(operation.filter), operation);
		case "ipset":
			return ipset(gateway, operation);
		case "sysctl":
			return writeSysctl(gateway, operation.name, operation.value);
		case "link":
			setLink(
				gateway,
				gateway.routes.indexOf(operation.interface),
				operation.up,
			);
			return OK;
		case "forget-neighbour":
			neighForget(gateway, addressOf(operation.address));
			return OK;
		case "ip":
			return ipCommand(gateway, operation.command);
		default:
			return unreachable(operation);
	}
}

/** `conntrack -D` that deletes nothing says so and exits with 1, as conntrack 1.4.7 on Debian 12 does. */
function evicted(
	count: number,
	{ orNone }: Extract<Operation, { kind: "evict" }>,
): OperationOutcome {
	if (count > 0 || orNone) return { ok: true, count };
	return {
		ok: false,
		message:
			"conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.",
	};
}

/** What decides of rules besides their text. */
function around(gateway: GatewayState) {
	const { linux = DEFAULT_LINUX } = gateway.setup;
	return { ...knownSets(gateway), linux };
}

function command(gateway: GatewayState, line: string): OperationOutcome {
	try {
		const applied = applyCommand(
			gateway.tables.now(),
			parseCommand(line, gateway),
			around(gateway),
		);
		const faults = applied.faults.map(ofIptables);
		return load(gateway, { ...applied, faults });
	} catch (error) {
		if (!(error instanceof RulesetError)) throw error;
		mustBeKnown(error.faults);
		return refusedBy(error.faults.map(ofIptables));
	}
}

/** What reads a line of a file says as well what is wrong with a command. */
function ofIptables(fault: Fault): Fault {
	return fault.from === "iptables-restore"
		? { ...fault, from: "iptables" }
		: fault;
}

/** Words are split as for a shell. */
function ipset(
	{ sets }: GatewayState,
	{ command, input = "" }: Extract<Operation, { kind: "ipset" }>,
): OperationOutcome {
	const words = noWords();
	splitWords(command, 0, command.length, words);
	return carryOutIpset(sets, words.text.slice(0, words.count), input);
}

/** Loads rules that were read and checked: as if they had just come in, with nothing counted. */
export function loadRules(gateway: GatewayState, { tables }: Ruleset): void {
	for (const table of tables) replaceTable(gateway, asUnloaded(table));
}

/** The table as another gateway loads it: no packet has met it, and its rules have no handles yet. */
function asUnloaded(table: Table): Table {
	const counters = { packets: 0, bytes: 0 };
	return {
		...table,
		// The text that is loaded names all built-in chains.
		chains: table.chains.map(({ lacks: _, ...chain }) => ({
			...chain,
			counters,
			rules: chain.rules.map(({ handle: _, ...rule }): Rule => {
				return { ...rule, counters };
			}),
		})),
	};
}

function load(
	gateway: GatewayState,
	{ ruleset, replaced, faults }: Applied,
): OperationOutcome {
	mustBeKnown(faults);
	for (const table of replaced) replaceTable(gateway, table);
	// A table comes into being when it is first named, though nothing may stand in it.
	for (const table of ruleset.tables)
		if (!gateway.tables.has(table.name)) replaceTable(gateway, table);
	return faults.length === 0 ? OK : refusedBy(faults);
}

/** All faults, and the exit code of the first, which ends iptables. */
function refusedBy(faults: readonly Fault[]): OperationOutcome {
	const exitCode = faults[0]?.exitCode ?? null;
	const message = printFaults(faults);
	return exitCode === null
		? { ok: false, message }
		: { ok: false, message, exitCode };
}

/** What marktwin alone refuses, iptables may well carry out. @throws UnknownSignal */
function mustBeKnown(faults: readonly Fault[]): void {
	const fault = faults.find(({ from }) => from === "marktwin");
	if (fault === undefined) return;
	const { file, line, message } = fault;
	throw new UnknownSignal(`${inLine(file)}:${line}: ${message}`);
}

function writeSysctl(
	gateway: GatewayState,
	name: string,
	value: number,
): OperationOutcome {
	const outcome = gateway.settings.sysctls.set(name, value);
	switch (outcome.kind) {
		case "written":
			return OK;
		case "refused":
			return { ok: false, message: outcome.message };
		case "not-modelled":
			throw new UnknownSignal(outcome.reason);
		default:
			return unreachable(outcome);
	}
}

function addressOf(text: string): Address {
	const address = parseAddress(text);
	if (address === null)
		throw new GatewayError(
			`address "${text}": not an IPv4 address; write e.g. 192.168.0.1`,
		);
	return address;
}
