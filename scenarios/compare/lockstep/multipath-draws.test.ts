import { expect, it } from "vitest";
import { parseAddress } from "../../../sim/packet/address.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { hopShown } from "./multipath-draws.ts";

const BY_INTERFACE = {
	destination: "203.0.113.7",
	hops: "eth2*1 bond0.204*2",
};
const SYN = "tcp 172.16.0.5:40001 > 203.0.113.7:53 S seq 1000";
const ANSWER = "tcp 203.0.113.7:53 > 172.16.0.5:40001 SA seq 7 ack 1001";

function emission(by: string, text: string, via = "0.0.0.0") {
	const packet = parsePacket(text);
	return { atMs: 0, interface: by, packet, nextHop: parseAddress(via) ?? 0 };
}

it("a next hop is shown by the packet that was sent there", () => {
	expect(hopShown(BY_INTERFACE, [emission("eth2", SYN)])).toBe(0);
	expect(hopShown(BY_INTERFACE, [emission("bond0.204", SYN)])).toBe(1);
	expect(hopShown(BY_INTERFACE, [emission("bond0.205", SYN)])).toBeNull();
});

it("next hops of one interface are told apart by whom the packet was sent to", () => {
	const draw = {
		destination: "203.0.113.7",
		hops: "lan0/192.168.0.2*1 lan0/192.168.0.3*1",
	};
	expect(hopShown(draw, [emission("lan0", SYN, "192.168.0.3")])).toBe(1);
	expect(hopShown(draw, [emission("lan0", SYN, "192.168.0.9")])).toBeNull();
});

it("the way of an answer is not that of the packet that it answers", () => {
	expect(hopShown(BY_INTERFACE, [emission("eth2", ANSWER)])).toBeNull();
	const both = [emission("eth2", ANSWER), emission("bond0.204", SYN)];
	expect(hopShown(BY_INTERFACE, both)).toBe(1);
});
