import { expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { TraceEvent } from "../contract/gateway.ts";
import { ModelGateway } from "../gateway/model-gateway.ts";
import { OUT, ROUTER } from "../gateway/test-router.ts";
import { parsePacket } from "../packet/notation/notation.ts";

function eventsOf(rules: string, packet: string): readonly TraceEvent[] {
	const events: TraceEvent[] = [];
	const gateway = new ModelGateway(ROUTER, {
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

it("keeps a rejecting rule's step until its answer has gone", () => {
	const events = eventsOf(
		"*filter\n-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n-A OUTPUT -p tcp\nCOMMIT\n",
		SYN,
	);
	expect(
		events.map(({ chain, kind, number }) => `${chain}:${kind}:${number}`),
	).toEqual(["OUTPUT:rule:1", "OUTPUT:policy:2", "INPUT:rule:1"]);
});
