import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../sim/packet/address.ts";
import {
	answeredFence,
	arpReply,
	decodeArp,
	encodeArp,
	FENCE_ADDRESS,
	fence,
} from "./arp.ts";
import {
	ARP,
	BROADCAST_MAC,
	decodeFrame,
	encodeFrame,
	type Frame,
	GATEWAY_MAC,
	macOf,
} from "./ethernet.ts";

const address = (text: string) => parseAddress(text) ?? 0;
const B1 = address("192.168.0.1");

function decoded(bytes: Buffer): Frame {
	const frame = decodeFrame(bytes);
	if (frame === null) throw new Error("no frame");
	return frame;
}

describe("ARP", () => {
	it("is answered to whoever asked, from the hardware address of the host", () => {
		const request = decodeArp(
			encodeArp({
				kind: "request",
				senderMac: GATEWAY_MAC,
				sender: address("192.168.0.254"),
				targetMac: new Uint8Array(6),
				target: B1,
			}),
		);
		if (request === null) throw new Error("no request");
		const frame = decoded(arpReply(request, 205, macOf(B1)));
		expect([...frame.to]).toEqual([...GATEWAY_MAC]);
		expect(frame.vlan).toBe(205);
		expect(frame.type).toBe(ARP);
		// RFC 826: operation 2, 02:aa:c0:a8:00:01 is at 192.168.0.1.
		const octets = Buffer.from(frame.payload).toString("hex").slice(0, 56);
		expect(octets).toBe(
			"0001080006040002" + "02aac0a80001c0a80001" + "525400000001c0a800fe",
		);
	});

	it("of another kind is left alone", () => {
		const payload = encodeArp({
			kind: "request",
			senderMac: GATEWAY_MAC,
			sender: 0,
			targetMac: new Uint8Array(6),
			target: B1,
		});
		payload[3] = 0xdd;
		expect(decodeArp(payload)).toBeNull();
		expect(decodeArp(payload.subarray(0, 20))).toBeNull();
	});
});

describe("a fence", () => {
	it("asks for the gateway's own address on behalf of nobody", () => {
		const frame = decoded(fence(7));
		const probe = decodeArp(frame.payload);
		expect(frame.vlan).toBe(0);
		expect([...frame.to]).toEqual([...BROADCAST_MAC]);
		expect(probe).toMatchObject({
			kind: "request",
			sender: 0,
			target: FENCE_ADDRESS,
		});
	});

	it("is known again by the hardware address that it is answered to", () => {
		const { from } = decoded(fence(0xdeadbeef));
		const answer = decoded(
			encodeFrame({
				vlan: 0,
				to: from,
				from: GATEWAY_MAC,
				type: ARP,
				payload: new Uint8Array(28),
			}),
		);
		expect(answeredFence(answer)).toBe(0xdeadbeef);
		expect(answeredFence({ ...answer, to: macOf(B1) })).toBeNull();
	});
});
