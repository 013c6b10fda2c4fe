/** Rules that should have sent connections to a backend, and that no packet of the play matched. */
import { own } from "../../sim/own.ts";
import type { Account } from "../../sim/world/account/account.ts";
import { countedRules } from "../judge/unmet-rules.ts";
import type {
	ExpectationKind,
	PlayableScenario,
} from "../language/scenario.ts";
import { selected } from "../result/finding.ts";
import type { RuleBook, RulePlace } from "../result/rule-place.ts";
import type { SavedLine } from "../result/saved-ruleset.ts";

const ASKS = / -m (?:condition|statistic) /;
const TO = / -j DNAT --to-destination ([\d.]+)/;
const ASKED_MARK = / -m (?:conn)?mark --mark (\w+)(?:\/(\w+))?/;
const SET_MARK = / --set-x?mark (\w+)/;

interface Played {
	readonly scenario: PlayableScenario;
	readonly account: Account;
}

/**
 * A rule with a condition or a statistic for a backend that got fewer connections than expected, when
 * no rule for that backend matched. Where another one did, this may be its stand-in, which waits in vain rightly.
 * @returns `null` where there is none, or where counters began anew during the play
 */
export function neverMatched(
	expectation: ExpectationKind,
	{ scenario, account }: Played,
	book: RuleBook,
): RulePlace | null {
	const lacking = lackingBackends(expectation, account);
	if (lacking.length === 0) return null;
	const rules = countedRules({ scenario, account });
	if (rules === null) return null;
	for (const { name, address } of scenario.setup.backends) {
		const idle = lacking.includes(name) ? idleFor(address, rules) : null;
		if (idle === null) continue;
		const { table, chain, number, text } = idle;
		return book.find(`${table}:${chain}:rule:${number}`, text);
	}
	return null;
}

/** The first of those that mark for the address, jump to its rules or translate to it. */
function idleFor(
	address: string,
	rules: readonly SavedLine[],
): SavedLine | null {
	const translators = rules.filter(
		({ text }) => TO.exec(text)?.[1] === address,
	);
	const markers = markersFor(translators, rules);
	const matched = ({ packets }: SavedLine) => packets > 0;
	if (translators.some(matched)) return null;
	const chosen = markers.some(matched) ? [] : withJumps(markers, rules);
	return (
		[...chosen, ...withJumps(translators, rules)].find(
			(one) => !matched(one) && ASKS.test(one.text),
		) ?? null
	);
}

/** Backends that got fewer connections than they should, in the order of the expectation. */
function lackingBackends(
	expectation: ExpectationKind,
	account: Account,
): readonly string[] {
	if (expectation.kind !== "order" && expectation.kind !== "split") return [];
	const backends = selected(account.connections, expectation.of).map(
		({ backend }) => backend,
	);
	if (expectation.kind === "order") {
		const wanted = expectation.backends.find(
			(backend, index) => backend !== backends[index],
		);
		return wanted === undefined || wanted === null ? [] : [wanted];
	}
	const { weights } = expectation;
	const names = Object.keys(weights);
	const weightOf = (name: string) => own(weights, name) ?? 0;
	const total = names.reduce((sum, name) => sum + weightOf(name), 0);
	return names.filter((name) => {
		const count = backends.filter((backend) => backend === name).length;
		return count < Math.floor((backends.length * weightOf(name)) / total);
	});
}

/** Rules that set a mark which one of these asks for. */
function markersFor(
	translators: readonly SavedLine[],
	rules: readonly SavedLine[],
): readonly SavedLine[] {
	const asked = new Map(
		translators.flatMap(({ text }) => {
			const mark = ASKED_MARK.exec(text);
			return mark === null ? [] : [[mark[0], mark] as const];
		}),
	);
	const marks = [...asked.values()];
	return rules.filter(({ text }) => {
		const set = SET_MARK.exec(text)?.[1];
		return set !== undefined && marks.some((mark) => isAsked(set, mark));
	});
}

function isAsked(set: string, [, value, mask]: RegExpExecArray): boolean {
	const bits = BigInt(mask ?? "0xffffffff");
	return (BigInt(set) & bits) === BigInt(value ?? "0");
}

/** … and those that jump to their chains, in the order of the ruleset. */
function withJumps(
	some: readonly SavedLine[],
	rules: readonly SavedLine[],
): readonly SavedLine[] {
	const jumps = new Map<string, SavedLine[]>();
	for (const rule of rules) {
		const chain = / -[jg] (\S+)/.exec(rule.text)?.[1];
		if (chain === undefined) continue;
		const way = `${rule.table} ${chain}`;
		const before = jumps.get(way);
		if (before === undefined) jumps.set(way, [rule]);
		else before.push(rule);
	}
	const found = new Set(some);
	// What is added meanwhile is gone through as well.
	for (const { table, chain } of found)
		for (const jump of jumps.get(`${table} ${chain}`) ?? []) found.add(jump);
	return rules.filter((rule) => found.has(rule));
}
