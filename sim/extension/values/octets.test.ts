import { describe, expect, test } from "vitest";
import { checkRuleset } from "../../ruleset/parse.ts";
import { printRuleset } from "../../ruleset/print.ts";
import {
	compareOctets,
	cutOctets,
	decodeOctets,
	encodeOctets,
	octets,
} from "./octets.ts";

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hexOf = (text: string) => Buffer.from(encodeOctets(text)).toString("hex");

describe("octets of a text", () => {
	test.each([
		["61", "a"],
		["c3bc", "ü"],
		["fc", "\udcfc"],
		["c3", "\udcc3"],
		["e282ac", "€"],
		["e282", "\udce2\udc82"],
		["f09f9880", "😀"],
		["f09f98", "\udcf0\udc9f\udc98"],
		// An overlong form, a surrogate in UTF-8, what is beyond Unicode, a byte order mark.
		["c0af", "\udcc0\udcaf"],
		["eda080", "\udced\udca0\udc80"],
		["f4908080", "\udcf4\udc90\udc80\udc80"],
		["efbbbf61", "\ufeffa"],
	])("%s come out as they went in", (hex, text) => {
		expect(decodeOctets(bytesOf(hex))).toBe(text);
		expect(hexOf(text)).toBe(hex);
		expect(octets(text)).toBe(hex.length / 2);
	});

	test("come out as they went in, whatever they are", () => {
		let seed = 7;
		for (let round = 0; round < 500; round++) {
			const bytes = Uint8Array.from({ length: round % 40 }, () => {
				seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
				return seed >>> 24;
			});
			const text = decodeOctets(bytes);
			expect(encodeOctets(text)).toEqual(bytes);
			expect(octets(text)).toBe(bytes.length);
		}
	});

	test("are cut where there is no more room, also inside of a character", () => {
		expect(hexOf(cutOctets("ü".repeat(15), 29))).toBe(`${"c3bc".repeat(14)}c3`);
		expect(cutOctets("ü".repeat(15), 30)).toBe("ü".repeat(15));
		expect(hexOf(cutOctets("a😀b", 3))).toBe("61f09f");
	});

	test("are ordered as strcmp(3) orders them", () => {
		const names = ["\udcff", "😀", "\uffff", "é", "b", "ab", "a"];
		expect(names.toSorted(compareOctets)).toEqual([
			"a",
			"ab",
			"b",
			"é",
			"\uffff",
			"😀",
			"\udcff",
		]);
	});
});

describe("a rule keeps what it has room for, in octets", () => {
	const saved = (rule: string) => {
		const { ruleset } = checkRuleset(`*filter\n-A INPUT ${rule}\nCOMMIT\n`);
		const printed = ruleset ? printRuleset(ruleset) : "";
		return hexOf(/^-A INPUT (.*)$/m.exec(printed)?.[1] ?? "");
	};
	const hex = (text: string) => Buffer.from(text).toString("hex");

	test("of a LOG prefix", () => {
		expect(saved(`-j LOG --log-prefix "${"ü".repeat(15)}"`)).toBe(
			`${hex('-j LOG --log-prefix "')}${"c3bc".repeat(14)}c3${hex('"')}`,
		);
	});

	test("of a comment", () => {
		expect(saved(`-m comment --comment "${"ü".repeat(128)}"`)).toBe(
			`${hex('-m comment --comment "')}${"c3bc".repeat(127)}c3${hex('"')}`,
		);
	});

	test("of an NFLOG prefix", () => {
		expect(saved(`-j NFLOG --nflog-prefix "${"ü".repeat(32)}"`)).toBe(
			`${hex('-j NFLOG --nflog-prefix "')}${"c3bc".repeat(31)}c3${hex('"')}`,
		);
	});
});
