import { describe, expect, it } from "vitest";
import { compared } from "./test-diff.ts";

/** Two backends, of which each has a condition, and all connections of the one that is dead go to the other. */
function pair(first: string, second: string, every = 2): string {
	const rule = (words: string, backend: number) =>
		`-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 ${words} -j DNAT --to-destination 10.20.0.${backend}\n`;
	const [one, other] = [`-m condition ${first}`, `-m condition ${second}`];
	const turn = `-m statistic --mode nth --every ${every} --packet 0`;
	return `*nat\n${rule(`${one} ${other} ${turn}`, 11)}${rule(other, 12)}${rule(one, 11)}COMMIT\n`;
}

const UP = pair("--condition b1_up", "--condition b2_up");
const DOWN = pair("! --condition b1_down", "! --condition b2_down");

function vectorsIn(old: string, young: string) {
	const { document } = compared(old, young);
	return (document.services[0]?.classes ?? []).flatMap(({ vectors }) =>
		vectors.map(({ name, parts, moved }) => ({
			name,
			moved: moved.kind === "exact" ? moved.share.fraction : moved.kind,
			parts: parts.map(({ key, before, after }) =>
				[key, before, after]
					.map((one) =>
						typeof one === "string"
							? one
							: one.kind === "exact"
								? one.share.fraction
								: one.kind,
					)
					.join(" "),
			),
		})),
	);
}

describe("all alive", () => {
	it("is so by both, where both mean the same by their conditions", () => {
		expect(
			vectorsIn(UP, pair("--condition b1_up", "--condition b2_up", 4))[0],
		).toEqual({
			name: "all alive",
			moved: "1/4",
			parts: ["10.20.0.11:80 1/2 1/4", "10.20.0.12:80 1/2 3/4"],
		});
	});

	it("is so by each file's own conditions, where these have other names", () => {
		const vectors = vectorsIn(UP, DOWN);
		for (const name of ["all alive", "10.20.0.11:80 dead", "all dead"])
			expect(vectors).toContainEqual(
				expect.objectContaining({ name, moved: "0" }),
			);
		expect(vectors).toContainEqual(
			expect.objectContaining({
				name: "b1_down=0, b1_up=0, b2_down=0, b2_up=0 (all alive by the new rules, all dead by the old ones)",
				moved: "1",
			}),
		);
	});

	it("says by whose rules, where the sense of a condition is the opposite", () => {
		const vectors = vectorsIn(
			UP,
			pair("! --condition b1_up", "--condition b2_up"),
		);
		expect(vectors[0]).toEqual({
			name: "b1_up=0, b2_up=1 (all alive by the new rules, 10.20.0.11:80 dead by the old ones)",
			moved: "1/2",
			parts: ["10.20.0.11:80 0 1/2", "10.20.0.12:80 1 1/2"],
		});
		for (const { name } of vectors) expect(name).toMatch(/^b1_up=/);
	});

	it("is not said where each value has a backend of its own", () => {
		const rules = (words: string) =>
			`*nat\n-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m condition ${words} -j DNAT --to-destination 10.20.0.11\n-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.12\nCOMMIT\n`;
		const vectors = vectorsIn(rules("--condition b"), rules("! --condition b"));
		expect(vectors.map(({ name }) => name)).toEqual(["b=0", "b=1"]);
	});
});

it("names the first values at which shares differ", () => {
	const { document } = compared(UP, DOWN);
	expect(document.changes[0]?.text).toMatch(/: 1 of new connections/);
});
