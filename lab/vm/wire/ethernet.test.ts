import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../sim/packet/address.ts";
import {
	decodeFrame,
	encodeFrame,
	GATEWAY_MAC,
	IPV4,
	macOf,
	multicastMac,
} from "./ethernet.ts";

const C1 = parseAddress("10.0.0.10") ?? 0;

describe("Ethernet frames", () => {
	it("carry the VLAN between the addresses and the type", () => {
		const payload = Uint8Array.of(0x45);
		const frame = {
			vlan: 204,
			to: GATEWAY_MAC,
			from: macOf(C1),
			type: IPV4,
			payload,
		};
		const octets = encodeFrame(frame);
		expect(octets.subarray(0, 19).toString("hex")).toBe(
			"525400000001" + "02aa0a00000a" + "810000cc" + "0800" + "45",
		);
		expect(octets.length).toBe(60);
		expect(decodeFrame(octets)).toMatchObject({ vlan: 204, type: IPV4 });
	});

	it("have none on the trunk itself", () => {
		const octets = encodeFrame({
			vlan: 0,
			to: GATEWAY_MAC,
			from: macOf(C1),
			type: IPV4,
			payload: new Uint8Array(100),
		});
		expect(octets.length).toBe(114);
		expect(decodeFrame(octets)?.vlan).toBe(0);
	});

	it("are none when they are cut off", () => {
		expect(decodeFrame(Buffer.alloc(13))).toBeNull();
		const tagged = Buffer.alloc(15);
		tagged.writeUInt16BE(0x8100, 12);
		expect(decodeFrame(tagged)).toBeNull();
	});

	it("go to groups by 23 bits of their address", () => {
		const group = parseAddress("224.129.1.2") ?? 0;
		expect(Buffer.from(multicastMac(group)).toString("hex")).toBe(
			"01005e010102",
		);
	});
});
