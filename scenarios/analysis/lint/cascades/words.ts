/** Shares and cascades in words. */
import type { Ruleset } from "../../../../sim/contract/ruleset.ts";
import {
	printPercent,
	printRational,
	type Rational,
	ZERO,
} from "../../../../sim/rational.ts";
import type { Split } from "../../split/split.ts";
import type { RuleRef } from "../../walk/decision.ts";
import type { Balancer } from "./balancers.ts";
import type { Cascade, Counted } from "./cascade.ts";
import type { Mistake } from "./mistakes.ts";
import { countingWords, ruleOf, withQuestion } from "./rule-edits.ts";

/** Fractions of chance have denominators of many digits, which tell nothing. */
const LONGEST = 100_000n;

/** `8/27 (29.6 %)`, `all`, `none`, `30.1 %` */
export function shareText(share: Rational): string {
	const text = printRational(share);
	if (text === "1") return "all";
	if (text === "0") return "none";
	const percent = printPercent(share);
	return share.denominator > LONGEST ? percent : `${text} (${percent})`;
}

/** The exact share of a part; `null`: it has none. */
export function exactShare(split: Split, key: string): Rational | null {
	const share = split.parts.find((part) => part.key === key)?.share;
	if (share === undefined) return ZERO;
	return share.kind === "exact" ? share.value : null;
}

/** `10.20.0.11:80 1/3 (33.3 %), 10.20.0.12:80 2/9 (22.2 %)` */
export function sharesText(
	split: Split,
	isListed: (key: string) => boolean = () => true,
): string {
	return split.parts
		.filter(({ key }) => isListed(key))
		.map(({ key }) => {
			const share = exactShare(split, key);
			return `${key} ${share === null ? "a share that is not known" : shareText(share)}`;
		})
		.join(", ");
}

/** `A`, `A and B`, `A, B and C` */
export function listText(words: readonly string[]): string {
	const last = words.at(-1) ?? "";
	const before = words.slice(0, -1).join(", ");
	return before === "" ? last : `${before} and ${last}`;
}

/** `one of 3 of those that come to it` */
function askedText(asked: Counted): string {
	if (asked.kind === "draw")
		return `what it draws, ${printPercent(asked.probability)} of those that come to it`;
	const { every, inverted } = asked;
	const part = inverted ? `all but one of ${every}` : `one of ${every}`;
	return `${part} of those that come to it`;
}

/** The steps, each with what its backend gets. */
export function relatedSteps(
	{ steps, split }: Cascade,
	at: RuleRef,
): readonly { readonly at: RuleRef; readonly role: string }[] {
	return steps
		.filter(({ asked }) => asked.at.rule !== at.rule)
		.map(({ asked, target }) => {
			const share = exactShare(split, target.key);
			const gets =
				share === null ? "" : `: ${target.key} gets ${shareText(share)}`;
			return { at: asked.at, role: `takes ${askedText(asked)}${gets}` };
		});
}

/** Where connections go that no backend gets: what stands behind `no backend: `. */
export function whereTo(key: string): string {
	return key.replace(/^no backend: /, "");
}

/** `connections to tcp 203.0.113.10:80 from clients at eth1` */
export function connectionsText({ service, client }: Balancer): string {
	const from = service.classes.length > 1 ? ` from ${client.name}` : "";
	const to = service.balances === "destination" ? "to" : "of the service";
	return `connections ${to} ${service.key}${from}`;
}

/** Why the steps of a cascade do not give equal parts. */
export function whyUnequal(
	{ form, steps }: Cascade,
	{ kind, backends }: Mistake,
): string {
	const isDrawn = steps[0]?.asked.kind === "draw";
	if (form === "last-writer") {
		if (kind === "descending")
			return `A mark does not end the walk: each rule meets all connections and the last one that matches decides, while ${isDrawn ? "these probabilities" : "these counters"} are right where the first match ends the walk.`;
		return isDrawn
			? "Each rule draws for all connections, and the last one that matches overwrites the marks of the others."
			: "Each counter meets all connections, and the last rule that matches overwrites the marks of the others.";
	}
	const left = isDrawn
		? "Each rule draws only for the connections that the rules before it left over"
		: "Each rule has a counter of its own, which counts only the connections that the rules before it left over";
	switch (kind) {
		case "equal":
			return `${left}, so equal ${isDrawn ? "probabilities" : "counters"} take less and less.`;
		case "ascending":
			return `${left}: the ${isDrawn ? "probabilities" : "counters"} have to go from 1/${backends} to 1/2, and not from 1/2 to 1/${backends}.`;
		case "cumulative":
			return `${left}, and draws anew: the probabilities are not limits of one draw.`;
		case "descending":
			return `${left}.`;
	}
}

/** What to write in place of the steps. */
export function rightText(
	ruleset: Ruleset,
	{ steps }: Cascade,
	{ right, backends }: Mistake,
): string {
	const words = steps.map(({ asked }, index) => {
		const placed = ruleOf(ruleset, asked.at.rule);
		const rule =
			placed === null ? null : withQuestion(placed.rule, right[index] ?? null);
		return placed === null || rule === null || right[index] === null
			? null
			: `\`${countingWords({ ...placed, rule })}\``;
	});
	const written = words.filter((one) => one !== null);
	const rest = words.includes(null)
		? words[0] === null
			? ["nothing that counts or draws in the first rule"]
			: ["nothing that counts or draws in the last rule, which takes the rest"]
		: [];
	const list =
		words[0] === null ? [...rest, ...written] : [...written, ...rest];
	return `For ${backends} equal parts write ${listText(list)}, in this order.`;
}
