/** Operations in words, as a person would type them on the router. */
import { match } from "ts-pattern";
import type { ConntrackFilter, Operation } from "../../contract/gateway.ts";

/** `mail1up ← 1`, `iptables-restore < recipe.rules`. */
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
		.with({ kind: "ip" }, ({ command }) => programLine("ip", command))
		.with({ kind: "ipset" }, ({ command }) => programLine("ipset", command))
		.with({ kind: "link" }, (it) => `${it.interface} ${it.up ? "up" : "down"}`)
		.with(
			{ kind: "forget-neighbour" },
			({ address }) => `ip neigh flush to ${address}`,
		)
		.with({ kind: "take-over" }, () => "a second router takes over")
		.exhaustive();
}

/** The command may have the program's name in front, as it has in a shell. */
function programLine(program: string, command: string): string {
	const isNamed = command.trimStart().startsWith(`${program} `);
	return isNamed ? command.trim() : `${program} ${command}`;
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
