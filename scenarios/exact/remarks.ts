/** What is known of the rules beside a violated expectation: exact shares, and what the linter finds about its connections. */

import type { Account } from "../../sim/world/account/account.ts";
import type { LintCategory, LintFinding } from "../analysis/lint/finding.ts";
import { rulesIn } from "../analysis/walk/ends-of.ts";
import type {
	ExpectationKind,
	PlayableScenario,
} from "../language/scenario.ts";
import { selected } from "../result/finding.ts";
import type { Why } from "../result/result.ts";
import { analyseSetup } from "./analyse-setup.ts";
import { connectionWays } from "./connection-ways.ts";
import { exactShares, sharesWords } from "./exact-shares.ts";

/** Findings that may explain an expectation of each kind; of the other kinds none does. */
const EXPLAINED_BY: Partial<
	Readonly<Record<ExpectationKind["kind"], readonly LintCategory[]>>
> = {
	split: ["balance", "failover", "affinity", "marks", "reachability", "nat"],
	order: ["balance", "failover", "affinity", "marks", "reachability", "nat"],
	outcomes: ["balance", "failover", "affinity", "reachability", "nat"],
	"gateway-answered": ["balance", "failover", "reachability", "nat"],
	avoided: ["failover"],
	"failover-gap": ["failover"],
	abandoned: ["failover"],
	affinity: ["affinity", "marks"],
	moved: ["affinity", "marks"],
	sticky: ["balance", "failover", "affinity", "marks", "reachability", "nat"],
	"split-by-source": ["nat"],
	"connected-within": ["failover", "reachability", "nat"],
};

/** Findings of one expectation; a ruleset with more has a linter. */
const MOST_FINDINGS = 3;

/** Looks at the rules once, and only when it is asked. */
export function remarksOn({
	scenario,
	account,
}: {
	readonly scenario: PlayableScenario;
	readonly account: Account;
}): (expectation: ExpectationKind) => readonly Why[] {
	let found: readonly LintFinding[] | null = null;
	return (expectation) => {
		const categories = EXPLAINED_BY[expectation.kind];
		if (categories === undefined) return [];
		found ??= findingsAbout(scenario, account);
		return [
			...sharesRemark(expectation, { scenario, account }),
			...found
				.filter(({ lint }) => categories.includes(lint.category))
				.slice(0, MOST_FINDINGS)
				.map((one) => asWhy(one, scenario)),
		];
	};
}

function sharesRemark(
	expectation: ExpectationKind,
	{
		scenario,
		account,
	}: { readonly scenario: PlayableScenario; readonly account: Account },
): readonly Why[] {
	if (expectation.kind !== "split") return [];
	const connections = selected(account.connections, expectation.of);
	const shares = exactShares(scenario, account, connections);
	if (shares === null) return [];
	const text = `the exact shares of the rules: ${sharesWords(shares)}`;
	return [{ connection: null, count: 0, text, rule: null }];
}

/** Those about rules that packets of the scenario's connections come to, the worst first. */
function findingsAbout(
	{ setup }: PlayableScenario,
	account: Account,
): readonly LintFinding[] {
	const ways = connectionWays(setup, account.connections);
	if (ways === null) return [];
	const met = new Set(
		ways.flatMap(({ first }) => rulesIn(first)).map(({ rule }) => rule),
	);
	const findings = analyseSetup(setup)?.findings ?? [];
	return findings.filter(
		({ severity, at, related }) =>
			severity !== "note" &&
			[at, ...related.map((one) => one.at)].some(({ rule }) => met.has(rule)),
	);
}

function asWhy(
	{ lint, at, message }: LintFinding,
	{ setup }: PlayableScenario,
): Why {
	const place = at.line === 0 ? at.rule : `line ${at.line}`;
	return {
		connection: null,
		count: 0,
		text: `${lint.code} (${place}): ${message}`,
		rule: {
			place: at.rule,
			file: at.line === 0 ? "" : setup.ruleset.name,
			line: at.line,
			text: at.text,
		},
	};
}
