/** What an administrator does to a box while it runs. */

import type { Operation, OperationOutcome } from "../contract/gateway.ts";
import { inLine } from "../in-line.ts";
import { invariant, unreachable } from "../invariant.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import { parseAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { parseCommand } from "../ruleset/line/parse-command.ts";
import { type Applied, applyCommand, restoreText } from "../ruleset/parse.ts";
import {
	type Fault,
	printFaults,
	RulesetError,
} from "../ruleset/ruleset-error.ts";
import type { Box } from "./box.ts";
import { writeCondition } from "./condition-files.ts";

const OK: OperationOutcome = { ok: true };

/**
 * Carries out an operation; what a command would have refused is the outcome, not an exception.
 * @throws UnknownSignal for one that a kernel carries out and the model does not
 */
export function carryOut(
	box: Box,
	operation: Exclude<Operation, { kind: "take-over" }>,
): OperationOutcome {
	switch (operation.kind) {
		case "restore":
			return load(
				box,
				restoreText(box.tables.now(), operation.text, operation),
			);
		case "iptables":
			return command(box, operation.command);
		case "condition":
			return writeCondition(box.tables.names, operation.name, operation.write);
		case "evict":
			return evicted(box.conntrack.evict(operation.filter), operation);
		case "sysctl":
			return writeSysctl(box, operation.name, operation.value);
		case "link":
			box.setLink(box.routes.indexOf(operation.interface), operation.up);
			return OK;
		case "forget-neighbour":
			box.forgetNeighbour(addressOf(operation.address));
			return OK;
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

function command(box: Box, line: string): OperationOutcome {
	try {
		return load(box, applyCommand(box.tables.now(), parseCommand(line)));
	} catch (error) {
		if (!(error instanceof RulesetError)) throw error;
		mustBeKnown(error.faults);
		return { ok: false, message: error.message };
	}
}

function load(
	box: Box,
	{ ruleset, replaced, faults }: Applied,
): OperationOutcome {
	mustBeKnown(faults);
	const { tables } = box;
	for (const table of replaced) tables.replace(table);
	// A table comes into being when it is first named, though nothing may stand in it.
	for (const table of ruleset.tables)
		if (!tables.has(table.name)) tables.replace(table);
	box.rewire();
	return faults.length === 0 ? OK : { ok: false, message: printFaults(faults) };
}

/** What marktwin alone refuses, iptables may well carry out. @throws UnknownSignal */
function mustBeKnown(faults: readonly Fault[]): void {
	const fault = faults.find(({ from }) => from === "marktwin");
	if (fault === undefined) return;
	const { file, line, message } = fault;
	throw new UnknownSignal(`${inLine(file)}:${line}: ${message}`);
}

function writeSysctl(box: Box, name: string, value: number): OperationOutcome {
	const outcome = box.settings.sysctls.set(name, value);
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
	invariant(address !== null, `"${text}" is not an address`);
	return address;
}
