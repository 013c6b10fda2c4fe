import fc from "fast-check";
import { expect, test } from "vitest";
import {
	formatAddress,
	formatNetwork,
	parseAddress,
	prefixLength,
	prefixMask,
} from "./address.ts";

test("an address is a signed 32-bit number", () => {
	expect(parseAddress("10.0.0.1")).toBe(0x0a000001);
	expect(parseAddress("192.168.0.1")).toBe(-1062731775);
	expect(parseAddress("255.255.255.255")).toBe(-1);
	expect(formatAddress(-1062731775)).toBe("192.168.0.1");
});

test("every address survives the dotted form", () => {
	fc.assert(
		fc.property(fc.integer(), (address) => {
			expect(parseAddress(formatAddress(address))).toBe(address);
		}),
	);
});

test.each([
	"",
	"10",
	"10.1",
	"10.0.0",
	"10.0.0.300",
	"10.0.0.256",
	"10.0.0.1.2",
	"10.0.0.01",
	"10..0.1",
	".10.0.1",
	"10.0.0.",
	"10.0.0.-1",
	"10.0.0.1 ",
	"0x0a.0.0.1",
])("%j is no plain address", (text) => {
	expect(parseAddress(text)).toBeNull();
});

test("prefix lengths and masks name each other", () => {
	for (let length = 0; length <= 32; length++)
		expect(prefixLength(prefixMask(length))).toBe(length);
	expect(formatAddress(prefixMask(24))).toBe("255.255.255.0");
	expect(prefixLength(0xff00ff00 | 0)).toBeNull();
	expect(prefixLength(1)).toBeNull();
});

test("a network prints its prefix length, or its mask when there is none", () => {
	expect(formatNetwork(0x0a000000, prefixMask(8))).toBe("10.0.0.0/8");
	expect(formatNetwork(0, 0)).toBe("0.0.0.0/0");
	expect(formatNetwork(0x0a000001, 0xff00ff00 | 0)).toBe(
		"10.0.0.1/255.0.255.0",
	);
});
