import { describe, expect, it } from "vitest";
import type { ClassDiff, DiffDocument } from "./diff-document.ts";
import { compared } from "./test-diff.ts";

/** Marks that a routing rule may read, on any packet that comes by `lan0`. */
function drawn(...probabilities: readonly string[]): string {
	const draws = probabilities.map(
		(probability, index) =>
			`-A PREROUTING -i lan0 -m mark --mark 0 -m statistic --mode random --probability ${probability} -j MARK --set-mark ${index + 1}\n`,
	);
	const rest = `-A PREROUTING -i lan0 -m mark --mark 0 -j MARK --set-mark 9\n`;
	return `*mangle\n-A PREROUTING -i lan0 -j CONNMARK --restore-mark\n${draws.join("")}${rest}-A PREROUTING -i lan0 -j CONNMARK --save-mark\nCOMMIT\n`;
}

function classesOf({ services, packets }: DiffDocument): readonly ClassDiff[] {
	return [...services.flatMap(({ classes }) => classes), ...packets].filter(
		({ verdict }) => verdict === "changed",
	);
}

describe("what becomes of packets on both sides", () => {
	const turns = (packet: number) =>
		`*mangle\n-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet ${packet} -j MARK --set-mark 1\nCOMMIT\n`;

	it.each([
		["other shares", drawn("0.5"), drawn("0.7")],
		["other turns", turns(0), turns(1)],
	])("never reads alike where it differs: %s", (_, old, young) => {
		const { document } = compared(old, young);
		expect(document.verdict).toBe("different");
		const changed = classesOf(document);
		expect(changed.length).toBeGreaterThan(1);
		for (const { before, after, vectors } of changed) {
			expect(after).not.toEqual(before);
			for (const { parts } of vectors)
				expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length);
		}
		for (const { text } of document.changes) {
			const [one, other] = text.split(" → ");
			if (other !== undefined) expect(one?.endsWith(other)).toBe(false);
		}
	});

	it("has the mark of what is delivered to the gateway itself", () => {
		const { document } = compared(drawn("0.5"), drawn("0.7"));
		const own = document.packets.filter(({ before }) =>
			before.some((words) => words.startsWith("delivered")),
		);
		expect(own[0]?.before).toEqual([
			"delivered to the gateway itself with mark 0x1 (50 %)",
			"delivered to the gateway itself with mark 0x9 (50 %)",
		]);
		expect(own[0]?.after).toEqual([
			"delivered to the gateway itself with mark 0x1 (70.0 %)",
			"delivered to the gateway itself with mark 0x9 (30.0 %)",
		]);
	});

	it("begins with the most packets", () => {
		const { document } = compared(drawn("0.5"), drawn("0.7"));
		const [first] = document.services[0]?.classes ?? [];
		expect(first?.packets).toBe("clients at lan0");
		expect(first?.example).not.toContain("> 100.64.0.255");
	});

	it("says what was assumed, and which options tell it", () => {
		const { document } = compared(drawn("0.5"), drawn("0.7"));
		expect(document.assumptions.length).toBeGreaterThan(0);
		expect(document.toldBy).toContain("--addresses");
	});
});
