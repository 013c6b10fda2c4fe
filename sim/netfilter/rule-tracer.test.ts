import { describe, expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { TraceEvent } from "../contract/gateway.ts";
import { ModelGateway } from "../gateway/model-gateway.ts";
import { OUT, SETUP } from "../gateway/test-gateway.ts";
import { parsePacket } from "../packet/notation/notation.ts";

function eventsOf(rules: string, packet: string): readonly TraceEvent[] {
	const events: TraceEvent[] = [];
	const gateway = new ModelGateway(SETUP, {
		choice: seededChoice(1),
		trace: (event) => void events.push(event),
	});
	const restored = gateway.operate({
		kind: "restore",
		text: rules,
		file: "test.rules",
		noflush: false,
		counters: false,
	});
	expect(restored).toEqual({ ok: true });
	gateway.receive(OUT, parsePacket(packet));
	return events;
}

const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S";

it("shows the mark before and after, and the packet as it stood", () => {
	const events = eventsOf(
		"*mangle\n-A INPUT -j TTL --ttl-set 5\n-A INPUT -j MARK --set-mark 7\n-A INPUT -m mark --mark 7\nCOMMIT\n",
		SYN,
	).filter(({ hook }) => hook === "INPUT");
	expect(
		events.map(({ number, markBefore, markAfter, packet }) => [
			number,
			markBefore,
			markAfter,
			packet.ttl,
		]),
	).toEqual([
		[1, 0, 0, 64],
		[2, 0, 7, 5],
		[3, 7, 7, 5],
		[4, 7, 7, 5],
	]);
});

it("tells what LOG and NFLOG write, and where", () => {
	const events = eventsOf(
		'*filter\n-A INPUT -p tcp -j LOG --log-prefix "mail: "\n-A INPUT -p tcp -j NFLOG --nflog-prefix other\nCOMMIT\n',
		SYN,
	).filter(({ hook }) => hook === "INPUT");
	expect(events.map(({ log }) => log)).toEqual([
		{ kind: "LOG", prefix: "mail: " },
		{ kind: "NFLOG", prefix: "other" },
		null,
	]);
});

it("marks what a kernel would log from -j TRACE on", () => {
	const events = eventsOf(
		"*raw\n-A PREROUTING -p tcp -j TRACE\nCOMMIT\n*filter\n-A INPUT -p tcp\nCOMMIT\n",
		SYN,
	).filter(({ hook }) => hook !== "OUTPUT");
	expect(
		events.map(({ table, number, traced }) => [table, number, traced]),
	).toEqual([
		["raw", 1, false],
		["raw", 2, true],
		["filter", 1, true],
		["filter", 2, true],
	]);
});

/** In the order in which a 6.1 kernel logged it: lines of TRACE, and those of LOG in quotes. */
const LOGGED: readonly (readonly [packet: string, log: string])[] = [
	[
		"tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1",
		"INPUT:rule:1 A:rule:1 'a' A:rule:2 B:rule:1 OUTPUT:rule:1 'out' OUTPUT:rule:2 OUTPUT:policy:4",
	],
	[
		"udp 10.0.0.10:9 > 10.0.0.1:7 len 3",
		"INPUT:rule:2 'in' INPUT:rule:3 OUTPUT:rule:1 'out' OUTPUT:policy:4",
	],
	[
		"udp 10.0.0.10:9 > 10.0.0.1:8 len 3",
		"INPUT:policy:4 OUTPUT:rule:1 'out' OUTPUT:policy:4",
	],
	[
		"tcp 10.0.0.10:1 > 192.168.0.1:80 S",
		"FORWARD:rule:1 'forward' FORWARD:rule:2 OUTPUT:rule:1 'out' OUTPUT:rule:3",
	],
	[
		"icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1",
		"INPUT:policy:4 OUTPUT:rule:1 'out' OUTPUT:policy:4",
	],
	[
		"udp 10.0.0.10:9 > 192.168.0.1:8 len 3 ttl 1",
		"OUTPUT:rule:1 'out' OUTPUT:policy:4",
	],
];

describe("what the gateway makes up", () => {
	const rules = `*filter
:A -
:B -
-A INPUT -p tcp -j A
-A INPUT -p udp --dport 7 -j LOG --log-prefix in
-A INPUT -p udp --dport 7 -j REJECT
-A FORWARD -j LOG --log-prefix forward
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A OUTPUT -j LOG --log-prefix out
-A OUTPUT -p tcp
-A OUTPUT -p icmp --icmp-type host-prohibited -j REJECT
-A A -j LOG --log-prefix a
-A A -j B
-A B -p tcp -j REJECT --reject-with tcp-reset
COMMIT
`;

	it.each(LOGGED)("is traced behind its cause: %s", (packet, logged) => {
		const events = eventsOf(rules, packet);
		const words = events.map(({ chain, kind, number, log }) =>
			[`${chain}:${kind}:${number}`, ...(log ? [`'${log.prefix}'`] : [])].join(
				" ",
			),
		);
		expect(words.join(" ")).toBe(logged);
	});
});
