import { expect, test } from "vitest";
import { createTestGateway, OUT } from "../gateway/test-gateway.ts";
import { parsePacket, printPacket } from "../packet/notation/notation.ts";

const held = (rule: string) =>
	createTestGateway(`*filter\n-A INPUT -p tcp -j TARPIT ${rule}\nCOMMIT\n`);

const asPrinted = (line: string) => printPacket(parsePacket(line));

test.each([
	["--tarpit", "S seq 1000", "SA seq 0 ack 1001 win 5"],
	["--tarpit", "PA seq 1001 ack 1 len 10", "A seq 1 ack 1001 win 0"],
	["--tarpit", "SA seq 1000 ack 77", "R seq 77 win 0"],
	["--tarpit", "FA seq 1000 ack 77", null],
	["--tarpit", "R seq 1000", null],
	["--tarpit", "S seq 1000 badsum", null],
	["--reset", "S seq 1000", "R seq 0 ack 1000 win 0"],
	["--reset", "R seq 1000 ack 7", "R seq 7 ack 1000 win 0"],
])("TARPIT %s answers %s with %s", (rule, segment, answer) => {
	const gateway = held(rule);
	const line = `tcp 10.0.0.10:40000 > 10.0.0.1:22 ${segment}`;
	expect(gateway.send(OUT, line)).toEqual(
		answer === null
			? []
			: [
					`${OUT} ${asPrinted(`tcp 10.0.0.1:22 > 10.0.0.10:40000 ${answer} DF`)}`,
				],
	);
});

test("TARPIT --honeypot is unknown: it draws what it answers", () => {
	const line = "tcp 10.0.0.10:40000 > 10.0.0.1:22 S";
	expect(held("--honeypot").fate(OUT, line).kind).toBe("unknown");
});

test("TARPIT that answers its own answers is unknown", () => {
	const line = "tcp 10.0.0.1:40000 > 10.0.0.1:22 A seq 1 ack 1";
	expect(held("--tarpit").fate("lo", line).kind).toBe("unknown");
});

test("what TARPIT answers with is a copy, which knows the frame of the segment", () => {
	const gateway = createTestGateway(
		"*mangle\n:BACK - [0:0]\n-A INPUT -p tcp -j TARPIT --tarpit\n-A OUTPUT -m set --match-set macs src -j MARK --set-mark 1\n-A POSTROUTING -j BACK\n-A BACK -i bond0.204 -m mark --mark 1\nCOMMIT\n",
		{ sets: "create macs hash:mac\nadd macs 02:aa:0a:00:00:0a\n" },
	);
	gateway.send(OUT, "tcp 10.0.0.10:40000 > 10.0.0.1:22 S");
	expect(gateway.matched).toContain("mangle:OUTPUT:rule:1");
	expect(gateway.matched).toContain("mangle:BACK:rule:1");
});
