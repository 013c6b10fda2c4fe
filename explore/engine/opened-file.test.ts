import { expect, it } from "vitest";
import { isScenarioText, textOfFile } from "./opened-file.ts";

const file = (name: string, octets: Uint8Array, size = octets.length) => ({
	name,
	size,
	arrayBuffer: async () => octets.slice().buffer,
});

it("reads a file octet for octet, as the command does", async () => {
	const octets = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff, 0x0d, 0x0a);
	expect(await textOfFile(file("x.rules", octets))).toBe("\ufeffa\udcff\r\n");
});

it("refuses what is too large, with its size", async () => {
	const large = file("big.rules", new Uint8Array(), 20_000_001);
	await expect(textOfFile(large)).rejects.toThrow(
		/big\.rules has 20,000,001 octets, and this page reads 20,000,000/,
	);
});

it("knows a scenario by its name and its first sign", () => {
	expect(isScenarioText("x.json", '\ufeff {"name"')).toBe(true);
	expect(isScenarioText("x.json", "*nat")).toBe(false);
	expect(isScenarioText("x.rules", "[0:0] -A")).toBe(false);
});
