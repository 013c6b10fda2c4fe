import { expect, it } from "vitest";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { cookieShown } from "./cookie-draws.ts";

const CLIENT = "syn cookie 167772170:1023 above 1000";

it.each([
	[
		"the answer itself",
		"tcp 203.0.113.7:25 > 10.0.0.10:1023 SA seq 1005 ack 998 win 0",
	],
	[
		"an error about it",
		"icmp 172.16.0.1 > 203.0.113.7 protocol-unreachable (tcp 203.0.113.7:25 > 10.0.0.10:1023 SA seq 1005 ack 998 win 0)",
	],
])("a cookie is shown by %s", (_, packet) => {
	const emission = {
		atMs: 0,
		interface: "eth2",
		packet: parsePacket(packet),
		nextHop: 0,
	};
	expect(cookieShown(CLIENT, [emission])).toBe(5);
	const another = "syn cookie 167772170:1024 above 1000";
	expect(cookieShown(another, [emission])).toBeNull();
});

it.each([
	["a program behind SYNPROXY", "SA seq 1005 ack 998"],
	["an answer to another SYN", "SA seq 1005 ack 8 win 0"],
])("a cookie is not shown by %s", (_, segment) => {
	const packet = parsePacket(`tcp 203.0.113.7:25 > 10.0.0.10:1023 ${segment}`);
	const emission = { atMs: 0, interface: "eth2", packet, nextHop: 0 };
	expect(cookieShown(CLIENT, [emission])).toBeNull();
});

it("a cookie is shown by an answer on the loopback interface, whoever the client is there", () => {
	const packet = parsePacket(
		"tcp 10.0.0.2:80 > 10.0.0.1:42101 SA seq 1005 ack 998 win 0",
	);
	const on = (name: string) => [
		{ atMs: 0, interface: name, packet, nextHop: 0 },
	];
	expect(cookieShown(CLIENT, on("lo"))).toBe(5);
	expect(cookieShown(CLIENT, on("eth2"))).toBeNull();
});

it("each of two SYNs that race has an answer of its own", () => {
	const emissions = [1005, 1009].map((seq) => {
		const packet = parsePacket(
			`tcp 203.0.113.7:25 > 10.0.0.10:1023 SA seq ${seq} ack 998 win 0`,
		);
		return { atMs: 0, interface: "eth2", packet, nextHop: 0 };
	});
	expect([0, 1].map((place) => cookieShown(CLIENT, emissions, place))).toEqual([
		5, 9,
	]);
});
