import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PageData } from "../../reports/formats/page-data.ts";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();

/** The data that a page is drawn from. */
function reportIn(page: string): PageData["head"] {
	const [, packed = ""] = /id="report">([^<]+)</.exec(page) ?? [];
	return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
}

describe("marktwin prove", () => {
	it("says what holds, and which event breaks what", async () => {
		const { code, out, err } = await marktwin(["prove", RECIPE]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toContain("✓ affinity         holds: all states");
		expect(out).toContain("✗ take-over: a second gateway takes over");
		expect(out).toContain("✓ retransmission:");
	});

	it("ends with 1 for what is violated, and writes plays that show it", async () => {
		const into = join(folder, "broken");
		const { code } = await marktwin([
			"prove",
			RECIPE,
			"--events",
			"evict",
			"--counterexamples",
			into,
		]);
		expect(code).toBe(1);
		expect(readdirSync(into).sort()).toEqual([
			"affinity-of-tcp-10-0-0-1-25-evict.scenario.json",
			"isolation-of-tcp-10-0-0-1-25-evict.scenario.json",
		]);
		const played = await marktwin(["run", into]);
		expect(played.code).toBe(1);
		expect(played.out).toContain("2 scenarios: 2 violated");
		const again = await marktwin([
			"prove",
			join(into, "affinity-of-tcp-10-0-0-1-25-evict.scenario.json"),
			"--events",
			"evict",
		]);
		expect(again.code).toBe(1);
	});

	it.each(["a file", ""])(
		"refuses a folder that cannot be made: %j",
		async (name) => {
			const into = name === "" ? "" : join(folder, name);
			if (name !== "") writeFileSync(into, "mine");
			const { code, err } = await marktwin([
				"prove",
				RECIPE,
				"--counterexamples",
				into,
			]);
			expect(code).toBe(2);
			expect(err).toContain("cannot make the folder");
		},
	);

	it("ends with 3 for what is not known", async () => {
		expect((await marktwin(["prove", RECIPE, "--budget", "3"])).code).toBe(3);
		const empty = join(folder, "empty.rules");
		writeFileSync(empty, "*filter\nCOMMIT\n");
		const { code, out } = await marktwin(["prove", empty]);
		expect(code).toBe(3);
		expect(out).toContain("no service was found");
	});

	it("refuses events that it does not know", async () => {
		const { code, err } = await marktwin(["prove", RECIPE, "--events", "x"]);
		expect(code).toBe(2);
		expect(err).toContain("x is no event. There are retransmission,");
		const both = await marktwin(["prove", RECIPE, "--events", "all,reload"]);
		expect(both.code).toBe(2);
		expect(both.err).toContain("all is all of them");
	});

	it("writes a page with a table of properties and events", async () => {
		const page = join(folder, "proof.html");
		const rules = ["prove", RECIPE, "--events", "evict", "--report", page];
		expect((await marktwin(rules)).code).toBe(1);
		const { proofs, entries } = reportIn(readFileSync(page, "utf8"));
		expect(proofs).toHaveLength(1);
		expect(proofs[0]?.events).toEqual(["evict"]);
		const plays = proofs[0]?.counterexamples ?? [];
		expect(plays.map(({ title }) => title)).toEqual([
			"affinity, evict",
			"isolation, evict",
		]);
		const shown = entries.map(({ id }) => id);
		for (const { entry } of plays) expect(shown).toContain(entry);
	});

	it("prints JSON", async () => {
		const { out } = await marktwin([
			"prove",
			RECIPE,
			"--events",
			"reload",
			"--json",
		]);
		expect(JSON.parse(out)).toMatchObject({
			format: 1,
			proofs: [
				{
					services: [
						{
							service: "tcp 10.0.0.1:25",
							assumed: {
								events: ["reload"],
								properties: {
									affinity: { result: "holds" },
									balance: { result: "violated" },
								},
							},
							single: [],
						},
					],
				},
			],
		});
	});
});
