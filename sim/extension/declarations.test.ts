/** What extensions declare of themselves is so. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { HOOK_POSTROUTING, XT_CONTINUE } from "../packet/skb/skb.ts";
import { OF_IPV6 } from "../ruleset/line/unknown-name.ts";
import { targets } from "../targets/index.ts";
import { targetAction } from "../targets/test-target.ts";
import { testEntry, testMatch, testPorts, testSkb } from "./test-host.ts";

const all = [...matches.values(), ...targets.values()];

/** The options of the first case that loads, as behind `-m NAME` or `-j NAME`. */
function firstUse(folder: "matches" | "targets", name: string): string {
	const file = `${name.toLowerCase()}.cases`;
	const root = fileURLToPath(new URL(`../${folder}`, import.meta.url));
	const path = readdirSync(root, { recursive: true, encoding: "utf8" }).find(
		(one) => basename(one) === file,
	);
	const use = new RegExp(`^[^;#]*-[mj] ${name}(?: ([^;]*))? ; .*; OK$`, "m");
	return use.exec(readFileSync(join(root, path ?? file), "utf8"))?.[1] ?? "";
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

describe("a target that is modelled ends the walk, or it does not", () => {
	const modelled = [...targets.values()].filter(({ compile }) => compile);
	test.each(modelled)("$name", (target) => {
		const ports = testPorts({
			entries: [testEntry()],
			interfaceAddresses: ["10.0.0.1", "192.168.0.254"],
		});
		const text = firstUse("targets", target.name);
		const verdict = targetAction(
			target,
			text,
			ports,
		)(testSkb({ entry: 0, outInterface: 2, hook: HOOK_POSTROUTING }));
		expect(verdict !== XT_CONTINUE).toBe(target.ends ?? false);
	});
});

describe("a target that translates", () => {
	test.each([...targets.values()].filter(({ translates }) => translates))(
		"$name stands in nat alone",
		({ tables }) => expect(tables).toEqual(["nat"]),
	);
});
