import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const cwd = temporaryFolder();
const file = (name: string) => join(cwd, name);

const rules = (...last: readonly string[]) =>
	`*nat\n${last
		.map(
			(words, index) =>
				`-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 ${words} -j DNAT --to-destination 10.20.0.1${index + 1}\n`,
		)
		.join("")}COMMIT\n`;
const nth = (every: number, packet = 0) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;

writeFileSync(file("right.rules"), rules(nth(3), nth(2), ""));
writeFileSync(file("wrong.rules"), rules(nth(3), nth(3, 1), nth(3, 2)));

describe("marktwin init", () => {
	it("writes scenarios that hold with the right rules, and are violated with wrong ones", async () => {
		const { code, out } = await marktwin(["init", "right.rules"], { cwd });
		expect(code).toBe(0);
		expect(out).toContain(
			"2 scenarios of 1 service in right.scenario.ts: 2 hold on the model\n",
		);
		expect(out).toContain("\nPlay them: marktwin run right.scenario.ts\n");
		const played = await marktwin(["run", "right.scenario.ts"], { cwd });
		expect(played.out).toContain("2 scenarios: 2 hold");
		const wrong = await marktwin(
			["run", "right.scenario.ts", "--rules", "right.rules=wrong.rules"],
			{ cwd },
		);
		expect(wrong.code).toBe(1);
		expect(wrong.out).toContain("b1 4, b2 3, b3 1, elsewhere or nowhere 4");
	});

	it("says of faulty rules which scenarios they violate", async () => {
		const { code, out } = await marktwin(["init", "wrong.rules"], { cwd });
		expect(code).toBe(0);
		expect(out).toContain(": 0 hold on the model\n  ✗ split: ");
		expect(out).toContain(
			"The linter finds fault with the rules (MT101): marktwin lint wrong.rules\n",
		);
		const played = await marktwin(["run", "wrong.scenario.ts"], { cwd });
		expect(played.code).toBe(1);
	});

	it("writes over nothing of the user's", async () => {
		writeFileSync(file("right.scenario.ts"), "mine\n");
		const { code, err } = await marktwin(["init", "right.rules"], { cwd });
		expect(code).toBe(2);
		expect(err).toContain("right.scenario.ts is there already, and differs");
		expect(readFileSync(file("right.scenario.ts"), "utf8")).toBe("mine\n");
		const forced = ["init", "right.rules", "--force"];
		expect((await marktwin(forced, { cwd })).code).toBe(0);
	});

	it("writes JSON that plays", async () => {
		const args = ["init", "right.rules", "--output", "right.scenario.json"];
		expect((await marktwin(args, { cwd })).code).toBe(0);
		const played = await marktwin(["run", "right.scenario.json"], { cwd });
		expect(played.out).toContain("2 scenarios: 2 hold");
	});

	it("prints it, with what it says besides on standard error", async () => {
		const args = ["init", "right.rules", "--output", "-"];
		const { out, err } = await marktwin(args, { cwd });
		expect(out).toMatch(/^\/\/ Written by marktwin init right\.rules\.\n/);
		expect(err).toContain("2 hold on the model");
	});

	it("writes nothing where there is nothing to play", async () => {
		writeFileSync(file("filter.rules"), "*filter\n-A INPUT -j DROP\nCOMMIT\n");
		const { code, err } = await marktwin(["init", "filter.rules"], { cwd });
		expect(code).toBe(3);
		expect(err).toContain("no service that scenarios can play");
	});
});
