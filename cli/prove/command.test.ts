import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";
import { pageDataOf } from "../../test/report-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();

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

	it("proves what a file says has to hold, and nothing else", async () => {
		const file = join(folder, "demands.txt");
		const proved = async (text: string) => {
			writeFileSync(file, text);
			return await marktwin(["prove", RECIPE, "--properties", file]);
		};
		const holds = await proved(
			"# balance\n\nbalance\nservice 10.0.0.1:25: affinity under reload # as cron does\n",
		);
		expect(holds.code).toBe(0);
		expect(holds.out.match(/✓ .*?(?= )/g)).toEqual(["✓ balance", "✓ affinity"]);
		expect(holds.out).toContain("with any number of: reload");
		expect((await proved("affinity under evict\n")).code).toBe(1);
		const idle = await proved("proportions\n");
		expect(idle.code).toBe(3);
		expect(idle.out).toContain("unknown: nothing could violate it");
		const never = await proved("affinity under other-services\n");
		expect(never.code).toBe(3);
		expect(never.out).toContain("unknown: does not happen here");
	});

	it.each([
		["", "demands.txt says of nothing that it has to hold"],
		["\naffinty\n", "demands.txt:2: affinty: affinty is no property"],
		["service web: affinity\n", "demands.txt:1: service web: no service has"],
	])("refuses demands that it does not understand: %j", async (text, words) => {
		const file = join(folder, "demands.txt");
		writeFileSync(file, text);
		const { code, err } = await marktwin([
			"prove",
			RECIPE,
			"--properties",
			file,
		]);
		expect(code).toBe(2);
		expect(err).toContain(words);
	});

	it("refuses a service that there is not", async () => {
		const { code, err } = await marktwin(["prove", RECIPE, "--service", "x"]);
		expect(code).toBe(2);
		expect(err).toContain("--service x: no service has this text");
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

	it("says of no event that it breaks nothing, where that is not known in quiet operation either", async () => {
		const file = join(folder, "recent.rules");
		writeFileSync(
			file,
			`*nat
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --name b1 --rcheck -j DNAT --to-destination 10.20.0.21
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.20.0.21
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -j DNAT --to-destination 10.20.0.22
COMMIT
`,
		);
		const { code, out } = await marktwin(["prove", file]);
		expect(code).toBe(3);
		const table = out.slice(out.indexOf("which event breaks what"));
		expect(table).not.toContain("✓");
		expect(table).toMatch(/\? reload: .*\n +\? .*unknown, as in quiet/);
	});

	it("says of no event that it is ✓, where quiet operation violates something by itself", async () => {
		const file = join(folder, "notrack.rules");
		writeFileSync(
			file,
			`*raw
-A PREROUTING -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.1.1
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.1.2
COMMIT
`,
		);
		const { code, out } = await marktwin(["prove", file]);
		expect(code).toBe(1);
		const table = out.slice(out.indexOf("which event breaks what"));
		expect(table).not.toContain("✓");
		expect(table).toMatch(
			/✗ retransmission: .*\n +✗ liveness, affinity, balance: violated, as in quiet operation/,
		);
	});

	it("refuses events that it does not know", async () => {
		const { code, err } = await marktwin(["prove", RECIPE, "--events", "x"]);
		expect(code).toBe(2);
		expect(err).toContain("x is no event; there are retransmission,");
		const both = await marktwin(["prove", RECIPE, "--events", "all,reload"]);
		expect(both.code).toBe(2);
		expect(both.err).toContain("all is all of them");
	});

	/** The page of a proof. */
	const pageOf = async (...words: readonly string[]) => {
		const file = join(folder, "proof.html");
		const { code } = await marktwin(["prove", ...words, "--report", file]);
		const { head, packs } = pageDataOf(readFileSync(file, "utf8"));
		const entries = packs.flatMap((pack) => pack.entries);
		return { code, ...head, entries };
	};

	it("writes a page with a table of properties and events", async () => {
		const { code, proofs, entries, command } = await pageOf(
			RECIPE,
			"--events",
			"evict",
			"--dead-for",
			"30",
		);
		expect(code).toBe(1);
		expect(proofs).toMatchObject([{ status: "violated" }]);
		const [service] = proofs[0]?.services ?? [];
		expect(service?.events).toEqual(["evict"]);
		const plays = service?.counterexamples ?? [];
		expect(plays.map(({ title }) => title)).toEqual([
			"affinity, evict",
			"isolation, evict",
		]);
		expect(plays.map(({ entry }) => entry)).toEqual(
			entries.map(({ id }) => id),
		);
		expect(command).toMatch(/ --events evict --dead-for 30 --report \S+$/);
		// It was not written: the command that writes it comes first.
		const written = `counterexamples/${plays[0]?.entry}.scenario.json`;
		const replay = `${command} --counterexamples counterexamples; marktwin run ${written}`;
		expect(plays[0]?.replay).toBe(replay);
		expect(entries[0]?.replay).toBe(replay);
	});

	it("has on its page how the file that was written is played", async () => {
		const into = join(folder, "written");
		const { entries } = await pageOf(
			RECIPE,
			"--events",
			"evict",
			"--counterexamples",
			into,
		);
		const [, file = ""] =
			/^marktwin run (\S+)$/.exec(entries[0]?.replay ?? "") ?? [];
		expect(existsSync(file)).toBe(true);
	});

	it("has a row for an event that was asked for and does not happen", async () => {
		const { proofs } = await pageOf(RECIPE, "--events", "race");
		expect(proofs[0]?.services[0]).toMatchObject({
			events: ["race"],
			cannot: ["race"],
		});
		expect(proofs[0]?.services[0]?.properties[0]?.cells).toHaveLength(1);
	});

	it("says on its page what is not known, as the exit code does", async () => {
		const empty = join(folder, "none.rules");
		writeFileSync(empty, "*filter\nCOMMIT\n");
		expect(await pageOf(empty)).toMatchObject({
			code: 3,
			proofs: [{ status: "unknown", services: [] }],
		});
		expect(await pageOf(RECIPE, "--events", "race")).toMatchObject({
			code: 0,
			proofs: [{ status: "holds" }],
		});
	});

	it("gives counterexamples of several rulesets a file and a play each", async () => {
		const one = join(folder, "one");
		await marktwin([
			"prove",
			RECIPE,
			"--events",
			"evict",
			"--counterexamples",
			one,
		]);
		const [first = ""] = readdirSync(one);
		const scenario = JSON.parse(readFileSync(join(one, first), "utf8"));
		const { setup } = scenario;
		const text = `${setup.ruleset.text}\n# Another one.\n`;
		const other = {
			...scenario,
			name: "other",
			setup: { ...setup, ruleset: { ...setup.ruleset, text } },
		};
		const file = join(folder, "two.scenario.json");
		writeFileSync(file, JSON.stringify([scenario, other]));
		const into = join(folder, "two");
		const { proofs, entries } = await pageOf(
			file,
			"--events",
			"evict",
			"--counterexamples",
			into,
		);
		expect(proofs).toHaveLength(2);
		const shown = proofs.flatMap(({ services }) =>
			services.flatMap(({ counterexamples }) => counterexamples),
		);
		expect(new Set(shown.map(({ entry }) => entry)).size).toBe(4);
		expect(readdirSync(into)).toHaveLength(4);
		expect(entries.map(({ id }) => id)).toEqual(
			shown.map(({ entry }) => entry),
		);
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
