/** Builders of what is done to the gateway while it runs. All of them are steps: put them at a time with `at`. */
import type { ConntrackFilter, Operation } from "../../sim/gateway/gateway.ts";
import type { RestoreFile, ScenarioStep } from "./scenario.ts";

function operation(
	label: string,
	operation: Operation | RestoreFile,
): ScenarioStep {
	return { atMs: 0, label, kind: "operation", operation };
}

/** `iptables-restore [--noflush] [--counters] < FILE`, of a file beside the scenario or of a text. */
export function restore(
	rules: string | { readonly name: string; readonly text: string },
	options: {
		readonly noflush?: boolean;
		readonly counters?: boolean;
		readonly label?: string;
	} = {},
): ScenarioStep {
	const { noflush = false, counters = false, label = "" } = options;
	const source =
		typeof rules === "string"
			? { file: rules }
			: { file: rules.name, text: rules.text };
	return operation(label, { kind: "restore", ...source, noflush, counters });
}

/** One command line without the `iptables` in front: `-t mangle -F MAILMARK`. */
export function iptables(command: string, label = ""): ScenarioStep {
	return operation(label, { kind: "iptables", command });
}

/** `printf TEXT > /proc/net/nf_condition/NAME`. The recipe's rules say `!`: "1" means dead. */
export function setCondition(
	name: string,
	write: string,
	label = "",
): ScenarioStep {
	return operation(label, { kind: "condition", name, write });
}

/** `conntrack -D`: throws away the entries that fit. */
export function evict(filter: ConntrackFilter, label = ""): ScenarioStep {
	return operation(label, { kind: "evict", filter });
}

/** `sysctl -w net.NAME=VALUE`: `sysctl("netfilter.nf_conntrack_tcp_loose", 0)`. */
export function sysctl(name: string, value: number, label = ""): ScenarioStep {
	return operation(label, { kind: "sysctl", name, value });
}

export function linkDown(name: string, label = ""): ScenarioStep {
	return operation(label, { kind: "link", interface: name, up: false });
}

export function linkUp(name: string, label = ""): ScenarioStep {
	return operation(label, { kind: "link", interface: name, up: true });
}

/** A second router with the same rules and conditions and an empty conntrack table takes the addresses over. */
export function takeOver(label = ""): ScenarioStep {
	return operation(label, { kind: "take-over" });
}
