/** What extensions declare of themselves is so. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { OF_IPV6 } from "../ruleset/line/unknown-name.ts";
import { targets } from "../targets/index.ts";
import { targetAction } from "../targets/test-target.ts";
import { testMatch, testSkb } from "./test-host.ts";

const all = [...matches.values(), ...targets.values()];

/** The options of the first case that loads, as behind `-m NAME` or `-j NAME`. */
function firstUse(folder: "matches" | "targets", name: string): string {
	const url = new URL(
		`../${folder}/${name.toLowerCase()}.cases`,
		import.meta.url,
	);
	const use = new RegExp(`^[^;#]*-[mj] ${name}(?: ([^;]*))? ; .*; OK$`, "m");
	return use.exec(readFileSync(url, "utf8"))?.[1] ?? "";
}

test("a name that another extension has replaced, or that IPv6 alone has, is no extension's", () => {
	const gone = all.flatMap(({ replaces = {} }) => Object.keys(replaces));
	const known = new Set(all.map(({ name }) => name));
	expect([...gone, ...OF_IPV6].filter((name) => known.has(name))).toEqual([]);
	expect(gone).toContain("nth");
});

describe("a match that always matches", () => {
	const always = [...matches.values()].filter(
		({ alwaysMatches }) => alwaysMatches,
	);
	test.each(always)("$name", (match) => {
		const test = testMatch(match, firstUse("matches", match.name));
		expect(test(testSkb())).toBe(true);
	});
});

describe("a target that only reports", () => {
	const reporting = [...targets.values()].filter(
		({ onlyReports }) => onlyReports,
	);
	test.each(reporting)("$name", (target) => {
		const skb = testSkb();
		const text = firstUse("targets", target.name);
		expect(targetAction(target, text)(skb)).toBe(XT_CONTINUE);
		// TRACE: rules behind it are written to the log.
		expect(skb).toEqual(testSkb({ traced: skb.traced }));
	});
});

describe("a target that translates", () => {
	test.each([...targets.values()].filter(({ translates }) => translates))(
		"$name stands in nat alone",
		({ tables }) => expect(tables).toEqual(["nat"]),
	);
});
