/**
 * What CONTRIBUTING.md says of adding a match is all that it takes: `made-up/` holds the two files, and
 * the two mocks stand for the line in the registry and for the entry of the fuzz.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { COMMON_EXTENSIONS } from "../lab/vm/image/recipe.ts";
import type * as headerMatches from "../scenarios/fuzz/extensions/header-matches.ts";
import { rulesets } from "../scenarios/fuzz/rules/ruleset.ts";
import { textUniverse } from "../scenarios/fuzz/text/coverage.ts";
import { textAt } from "../scenarios/fuzz/text/fuzz-text.ts";
import { parseCases } from "../sim/extension/test-cases.ts";
import { tryCase } from "../sim/extension/test-try-case.ts";
import { createTestGateway, OUT } from "../sim/gateway/test-gateway.ts";
import type * as registry from "../sim/matches/index.ts";
import { checkRuleset } from "../sim/ruleset/parse.ts";
import { withLists } from "./modelled.ts";

vi.mock("../sim/matches/index.ts", async (original) => {
	const { matches } = await original<typeof registry>();
	const { evenport } = await import("./made-up/evenport.ts");
	const unmodelled = { ...evenport, name: "oddport", compile: null };
	const all = [...matches.values(), evenport, unmodelled];
	return { matches: new Map(all.map((match) => [match.name, match])) };
});

vi.mock("../scenarios/fuzz/extensions/header-matches.ts", async (original) => {
	const { HEADER_MATCHES } = await original<typeof headerMatches>();
	const { default: fc } = await import("fast-check");
	const packets = fc.constantFrom("-m evenport --even", "-m evenport ! --even");
	const evenport = { packets, protocols: ["tcp"] };
	return { HEADER_MATCHES: { ...HEADER_MATCHES, evenport } };
});

describe("a match that was added", () => {
	const file = new URL("made-up/evenport.cases", import.meta.url);
	test.each(parseCases(readFileSync(file, "utf8"), "evenport.cases"))(
		"is read, checked and printed: $input",
		(one) => tryCase(one),
	);

	test("is suggested where its name is misspelled", () => {
		const text = "*filter\n-A INPUT -p tcp -m evenprt --even\nCOMMIT\n";
		const [fault] = checkRuleset(text).faults;
		expect(fault?.remedy).toContain("Did you mean `evenport`?");
	});

	test.each([
		["tcp 10.0.0.10:40000 > 192.168.0.1:24 S", "dropped"],
		["tcp 10.0.0.10:40000 > 192.168.0.1:25 S", "forwarded"],
		// A further fragment has no header, which the match declares that it needs.
		["proto 6 10.0.0.10 > 192.168.0.1 frag 504 len 504", "forwarded"],
	])("decides about %s", (packet, kind) => {
		const rule = "-A FORWARD -p tcp -m evenport --even -j DROP";
		const gateway = createTestGateway(`*filter\n${rule}\nCOMMIT\n`);
		expect(gateway.fate(OUT, packet).kind).toBe(kind);
	});

	test("is used by generated rulesets and texts", () => {
		const drawn = fc.sample(rulesets, { seed: 1, numRuns: 300 }).join("");
		expect(drawn).toContain("-p tcp -m evenport --even");
		expect(textUniverse("options")).toContain("match evenport --even");
		const texts = Array.from({ length: 400 }, (_, n) => textAt(1, `${n}`).text);
		expect(texts.join("")).toMatch(/-m evenport.* --even/);
	});

	test("is mapped in advance by the machine's iptables", () => {
		expect(COMMON_EXTENSIONS).toContain("xt_evenport");
		expect(COMMON_EXTENSIONS).not.toContain("xt_oddport");
	});

	test("is listed in docs/model.md where it is not modelled", () => {
		const page = new URL("../docs/model.md", import.meta.url);
		const text = withLists(readFileSync(page, "utf8"));
		expect(text).toMatch(/^\| matches \|.*, oddport(;| \|)/m);
		expect(text).not.toContain("evenport");
	});
});
