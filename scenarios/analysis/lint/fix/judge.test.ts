import { expect, it } from "vitest";
import type { LintFinding, Severity } from "../finding.ts";
import { lintRuleset } from "../run/lint-ruleset.ts";
import { rulesAlone } from "../test-facts.ts";
import { whyNot } from "./judge.ts";

const nat = (...lines: readonly string[]) =>
	["*nat", ...lines, "COMMIT", ""].join("\n");
const DNAT = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
const TURN = "-m statistic --mode nth --every 2 --packet 0";
const ONE = `${DNAT} ${TURN} -j DNAT --to-destination 10.20.0.11`;
const TWO = `${DNAT} -j DNAT --to-destination 10.20.0.12`;
const text = nat(ONE, TWO);

const [old] = lintRuleset(
	rulesAlone("*filter\n-A INPUT -m state --state NEW\nCOMMIT\n"),
	"",
);
const finding = (
	code: string,
	rule: string,
	{ severity = "warning", suppressed = null }: Partial<LintFinding> = {},
): LintFinding => ({
	...(old as LintFinding),
	lint: { ...(old as LintFinding).lint, code: code as "MT1" },
	at: { rule, text: "", line: 1 },
	severity: severity as Severity,
	suppressed,
});

const FIRST = "nat:PREROUTING:rule:1";
const SECOND = "nat:PREROUTING:rule:2";
const judged = (ruleset: string, ...findings: readonly LintFinding[]) => ({
	findings,
	services: rulesAlone(ruleset).services,
});
const bad = finding("MT101", FIRST);
const why = (
	after: ReturnType<typeof judged>,
	before = judged(text, bad),
	formerName = (rule: string): string | null => rule,
) => whyNot(before, after, { repaired: [bad], formerName });

it("lets a repair stand whose finding is gone, also where a note came of it", () => {
	expect(why(judged(text))).toBeNull();
	const note = finding("MT801", FIRST, { severity: "note" });
	expect(why(judged(text, note))).toBeNull();
});

it("takes a repair back whose finding is still there, or came elsewhere", () => {
	expect(why(judged(text, bad))).toContain("MT101 would still be found");
	expect(why(judged(text, finding("MT101", SECOND)))).toContain(
		"MT101 would still be found",
	);
});

it("takes a repair back of which a warning comes, and knows one that was there by its rule", () => {
	const other = finding("MT102", SECOND);
	expect(why(judged(text, other))).toContain("MT102");
	expect(why(judged(text, other), judged(text, bad, other))).toBeNull();
	const moved = finding("MT102", "nat:PREROUTING:rule:3");
	expect(
		why(judged(text, moved), judged(text, bad, other), () => SECOND),
	).toBeNull();
	const fresh = judged(text, bad, finding("MT102", "nat:PREROUTING:policy:3"));
	const policy = finding("MT102", "nat:PREROUTING:policy:4");
	expect(why(judged(text, policy), fresh)).toBeNull();
});

it("takes a repair back that hides a finding behind a comment", () => {
	const hidden = finding("MT101", FIRST, { suppressed: "by intention" });
	expect(why(judged(text, hidden))).toContain("a comment would suppress MT101");
});

it.each([
	["loses connections", nat(ONE), "more connections would get no backend"],
	["loses a backend", nat(TWO), "10.20.0.11:80 would get no connection"],
	["loses a service", nat(), "tcp 203.0.113.1:80 would be balanced no longer"],
])("takes a repair back that %s", (_, after, reason) => {
	expect(why(judged(after))).toContain(reason);
});
