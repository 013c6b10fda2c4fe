/** Steps in words, as a person would type or say them. */
import { match } from "ts-pattern";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { ConntrackFilter, Operation } from "../../sim/gateway/gateway.ts";
import type { Step } from "../../sim/world/setup.ts";

/** `b1 vanishes`, `mail1up ← 1`, `iptables-restore < recipe.rules`. */
export function describeStep(step: Step): string {
	return match(step)
		.with({ kind: "operation" }, ({ operation }) =>
			describeOperation(operation),
		)
		.with(
			{ kind: "backend" },
			({ backend, becomes }) =>
				`${backend}: ${becomes.kind}${figureOf(becomes)}`,
		)
		.with({ kind: "connect" }, ({ client, count }) =>
			count === 1 ? `${client} connects` : `${client} connects ${count} times`,
		)
		.with(
			{ kind: "speak" },
			({ who, connections }) => `${who}s speak${of(connections)}`,
		)
		.with(
			{ kind: "close" },
			({ who, connections }) => `${who}s close${of(connections)}`,
		)
		.with(
			{ kind: "packet" },
			({ interface: into, packet }) => `${into} ← ${packet}`,
		)
		.with({ kind: "observe" }, ({ label }) => label || "observed")
		.exhaustive();
}

function figureOf(behaviour: BackendBehaviour): string {
	if (behaviour.kind === "slow") return ` by ${behaviour.delayMs} ms`;
	if (behaviour.kind === "lossy")
		return `, ${Number((behaviour.loss * 100).toFixed(4))} %`;
	return "";
}

function of(connections: string): string {
	return connections === "" ? "" : ` (${connections})`;
}

/** As one would type it on the router. */
export function describeOperation(operation: Operation): string {
	return match(operation)
		.with({ kind: "restore" }, ({ noflush, counters, file }) =>
			[
				"iptables-restore",
				...(noflush ? ["--noflush"] : []),
				...(counters ? ["--counters"] : []),
				`< ${file}`,
			].join(" "),
		)
		.with({ kind: "iptables" }, ({ command }) => `iptables ${command}`)
		.with(
			{ kind: "condition" },
			({ name, write }) => `${name} ← ${write || '""'}`,
		)
		.with(
			{ kind: "evict" },
			({ filter }) => `conntrack -D${filterWords(filter)}`,
		)
		.with(
			{ kind: "sysctl" },
			({ name, value }) => `sysctl net.${name}=${value}`,
		)
		.with({ kind: "link" }, (it) => `${it.interface} ${it.up ? "up" : "down"}`)
		.with(
			{ kind: "forget-neighbour" },
			({ address }) => `ip neigh flush to ${address}`,
		)
		.with({ kind: "take-over" }, () => "a second router takes over")
		.exhaustive();
}

/** `conntrack`'s own options. */
const FILTER_OPTIONS: Readonly<Record<keyof ConntrackFilter, string>> = {
	protocol: "-p",
	originalSource: "--orig-src",
	originalDestination: "--orig-dst",
	replySource: "--reply-src",
	replyDestination: "--reply-dst",
	originalSourcePort: "--sport",
	originalDestinationPort: "--dport",
	mark: "--mark",
	state: "--state",
};

function filterWords(filter: ConntrackFilter): string {
	return Object.entries(filter)
		.map(
			([name, value]) =>
				` ${FILTER_OPTIONS[name as keyof ConntrackFilter]} ${value}`,
		)
		.join("");
}
