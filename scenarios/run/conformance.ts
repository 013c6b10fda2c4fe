/**
 * Small plays that every driver has to pass before a scenario on it means anything: asks in, packets
 * out, one interface and one-line notation each. `*` stands for anything.
 */

import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import {
	parsePacket,
	printPacket,
} from "../../sim/packet/notation/notation.ts";
import { INSIDE, OUTSIDE, RECIPE_GATEWAY } from "../language/build/build.ts";
import { matchesPattern } from "../language/schema/match-pattern.ts";

/** Rules, asks, and the packets that have to come out, on the recipe's gateway. @public */
export interface ConformanceCase {
	readonly name: string;
	readonly gateway: GatewaySetup;
	/** Loaded first. */
	readonly rules: string;
	readonly asks: readonly Ask[];
	/** `bond0.205 tcp …`, in this order and no others. */
	readonly emissions: readonly string[];
}

const NO_RULES = "*filter\nCOMMIT\n";
const ALTERNATING = `*mangle
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j CONNMARK --restore-mark
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m mark --mark 0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition off -j MARK --set-mark 1
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m mark --mark 0 -j MARK --set-mark 2
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING -p tcp -m mark --mark 1 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp -m mark --mark 2 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const SYN_40000 = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 100";
const SYN_40001 = "tcp 10.0.0.10:40001 > 10.0.0.1:25 S seq 100";
const SYN_40002 = "tcp 10.0.0.10:40002 > 10.0.0.1:25 S seq 100";

const enters = (atMs: number, name: string, line: string): Ask => ({
	kind: "packet",
	atMs,
	interface: name,
	packet: parsePacket(line),
});
const outside = (atMs: number, line: string) => enters(atMs, OUTSIDE, line);
const inside = (atMs: number, line: string) => enters(atMs, INSIDE, line);

function conformanceCase(
	name: string,
	rules: string,
	asks: readonly Ask[],
	emissions: readonly string[],
): ConformanceCase {
	return { name, gateway: RECIPE_GATEWAY, rules, asks, emissions };
}

/** Cases that a driver has to pass before a scenario on it means anything; `conformancePlay` plays one. @public */
export const CONFORMANCE: readonly ConformanceCase[] = [
	conformanceCase(
		"forwards between its interfaces and takes one from the TTL",
		NO_RULES,
		[
			outside(0, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1"),
			inside(5, "tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 9 ack 2"),
		],
		[
			"bond0.205 tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1 ttl 63",
			"bond0.204 tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 9 ack 2 ttl 63",
		],
	),
	conformanceCase(
		"answers for itself: RST from a closed port",
		NO_RULES,
		[outside(0, SYN_40000)],
		["bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 101*"],
	),
	conformanceCase(
		"translates to the backends in turn, and back",
		ALTERNATING,
		[
			outside(0, SYN_40000),
			inside(2, "tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 9 ack 101"),
			outside(4, SYN_40001),
			outside(6, SYN_40002),
		],
		[
			"bond0.205 tcp 10.0.0.10:40000 > 192.168.0.1:25 S *",
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 SA *",
			"bond0.205 tcp 10.0.0.10:40001 > 192.168.0.2:25 S *",
			"bond0.205 tcp 10.0.0.10:40002 > 192.168.0.1:25 S *",
		],
	),
	conformanceCase(
		"reads a condition at once",
		ALTERNATING,
		[
			{
				kind: "operation",
				atMs: 0,
				operation: { kind: "condition", name: "off", write: "1" },
			},
			outside(1, SYN_40000),
			{
				kind: "operation",
				atMs: 2,
				operation: { kind: "condition", name: "off", write: "0" },
			},
			outside(3, SYN_40001),
			outside(4, SYN_40002),
		],
		[
			"bond0.205 tcp 10.0.0.10:40000 > 192.168.0.2:25 S *",
			"bond0.205 tcp 10.0.0.10:40001 > 192.168.0.2:25 S *",
			"bond0.205 tcp 10.0.0.10:40002 > 192.168.0.1:25 S *",
		],
	),
	conformanceCase(
		"does not translate what conntrack finds invalid",
		ALTERNATING,
		[outside(0, "tcp 10.0.0.10:40000 > 10.0.0.1:25 SF seq 1")],
		["bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 R*"],
	),
	conformanceCase(
		"says that the time of a packet is over",
		NO_RULES,
		[outside(0, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1 ttl 1")],
		["bond0.204 icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-transit*"],
	),
	conformanceCase(
		"says that a host is unreachable once it has asked for it three times",
		NO_RULES,
		[
			{
				kind: "neighbour",
				atMs: 0,
				interface: INSIDE,
				address: "192.168.0.1",
				answers: false,
			},
			outside(0, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1"),
			{ kind: "wait", atMs: 0, toMs: 5000 },
		],
		["bond0.204 icmp 10.0.0.1 > 10.0.0.10 host-unreachable*"],
	),
	conformanceCase(
		"forwards nothing while its link is down",
		NO_RULES,
		[
			{
				kind: "operation",
				atMs: 0,
				operation: { kind: "link", interface: INSIDE, up: false },
			},
			outside(1, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1"),
		],
		["bond0.204 icmp 10.0.0.1 > 10.0.0.10 *unreachable*"],
	),
];

/** A case as a play: what went wrong, "" when nothing did. Drive it with `drive` or `driveAsync`. @public */
export function* conformancePlay(
	given: ConformanceCase,
): Generator<Ask, string, Answer> {
	const seen: string[] = [];
	const { rules: text } = given;
	const loaded = yield {
		kind: "operation",
		atMs: 0,
		operation: {
			kind: "restore",
			file: "conformance.rules",
			text,
			noflush: false,
			counters: false,
		},
	};
	if (!loaded.outcome?.ok) return `the rules do not load: ${text}`;
	let answer = loaded;
	for (const ask of given.asks) {
		do {
			answer = yield ask.kind === "wait" ? { ...ask, atMs: answer.nowMs } : ask;
			if (answer.unknown) return `unknown: ${answer.unknown.reason}`;
			for (const { interface: name, packet } of answer.emissions)
				seen.push(`${name} ${printPacket(packet, { payload: "length" })}`);
		} while (ask.kind === "wait" && answer.nowMs < ask.toMs);
	}
	const fits =
		seen.length === given.emissions.length &&
		given.emissions.every((line, index) =>
			matchesPattern(seen[index] ?? "", line),
		);
	return fits
		? ""
		: `expected\n${given.emissions.join("\n")}\nseen\n${seen.join("\n")}`;
}
