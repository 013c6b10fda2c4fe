/** Small rulesets walked in one gateway, for tests. */
import { formatAddress } from "../../../sim/packet/address.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import type { Decision, End } from "./decision.ts";
import { type Arrival, Walker } from "./walker.ts";

export const TEST_SETUP = {
	interfaces: [
		{ name: "eth0", addresses: ["203.0.113.1/24"], mtu: 1500 },
		{ name: "eth1", addresses: ["10.20.0.1/24"], mtu: 1500 },
	],
	routes: [
		{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "eth0" },
	],
	sysctls: { "ipv4.ip_forward": 1 },
	listeners: [],
	epochMs: 0,
};

export const SYN: Arrival = {
	interface: "eth0",
	packet: parsePacket(
		"tcp 198.51.100.7:40000 > 203.0.113.1:80 S seq 1 win 64240",
	),
};

/** @param tables rules by table, each without `-t` */
export function testWalker(
	tables: Readonly<Record<string, readonly string[]>>,
	assume?: ConstructorParameters<typeof Walker>[2],
): Walker {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	const rules = parseRuleset(text, { file: "test.rules" });
	return new Walker(rules, TEST_SETUP, assume);
}

/** Where a connection goes: `10.20.0.11:80`, or the packet's fate. */
export function whereTo({ fate, packet }: End): string {
	if (fate.kind !== "forwarded" || packet === null) return fate.kind;
	const port = "destinationPort" in packet ? packet.destinationPort : 0;
	return `${formatAddress(packet.destination)}:${port}`;
}

/** All forks of a graph, each once. */
export function forksOf(decision: Decision): readonly Decision[] {
	const seen = new Set<Decision>();
	const visit = (one: Decision): void => {
		if (one.kind === "leaf" || seen.has(one)) return;
		seen.add(one);
		for (const way of one.ways) visit(way);
	};
	visit(decision);
	return [...seen];
}
