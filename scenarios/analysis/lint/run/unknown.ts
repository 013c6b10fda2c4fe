/** What the analysis of a ruleset does not know: where it has a part, the linter may miss something. */

import type { VectorSplit } from "../../services/service.ts";
import type { Asked, Decision, End, RuleRef } from "../../walk/decision.ts";
import { askedIn, endsOf, nodesOf } from "../../walk/ends-of.ts";
import { notMet } from "../../walk/not-met.ts";
import { type Connection, connectionsOf } from "../connections.ts";
import type { Facts } from "../facts.ts";
import type { LintFinding } from "../finding.ts";
import { movesOf } from "../moves.ts";

/**
 * A sentence each, without an end; [] when all is known.
 * @param findings that tell why no packet meets a rule
 */
export function unknownOf(
	facts: Facts,
	findings: readonly LintFinding[] = [],
): readonly string[] {
	const { ruleset, services, gaps } = facts;
	if (ruleset.tables.length === 0)
		return ["it has no rules: nothing was analysed"];
	const found = services.flatMap(({ key, classes }) =>
		classes.flatMap(({ decision, vectors }) => [
			...[...unknownEnds(decision)].map(
				(why) => `${key}: a way of its packets is unknown: ${why}`,
			),
			...unknownAnswers(decision, vectors).map(
				(what) =>
					`${key}: its shares are unknown: they depend on ${what}, and the model does not know that`,
			),
			...vectors.flatMap(({ name, split }) =>
				split.parts.flatMap(({ share, key: part }) =>
					share.kind === "unknown"
						? [
								`${key}: the share of ${part} is unknown (${name}): ${share.why}`,
							]
						: [],
				),
			),
		]),
	);
	const { all, toPrograms, gaps: notFollowed } = connectionsOf(facts);
	const later = [
		...notFollowed,
		...[...all, ...toPrograms].flatMap(unknownLater),
	];
	const returning = all.flatMap(({ service, returning: decision }) =>
		decision === null
			? []
			: [...unknownEnds(decision)].map(
					(why) =>
						`${service.key}: what becomes of clients that come again is unknown: ${why}`,
				),
	);
	const unmet = notJudged(facts, findings);
	return [...new Set([...gaps, ...later, ...found, ...returning, ...unmet])];
}

/** Rules that say where connections go and that no packet met: whatever is wrong with them is not found. */
function notJudged(
	{ services, unmet }: Facts,
	findings: readonly LintFinding[],
): readonly string[] {
	const told = new Set(
		findings.flatMap(({ at, related }) =>
			[at, ...related.map((one) => one.at)].map(({ rule }) => rule),
		),
	);
	const left = unmet.filter(({ rule }) => !told.has(rule));
	const words = notMet(left);
	return services.length === 0 && words.length > 0
		? ["no service was found, though rules say where connections go", ...words]
		: words;
}

function unknownEnds(decision: Decision): ReadonlySet<string> {
	return new Set(
		endsOf(decision).flatMap(({ fate }) =>
			fate.kind === "unknown"
				? [`${fate.unknown.reason}${placeOf(fate.unknown)}`]
				: [],
		),
	);
}

/** What the machine knows and the model was not given, where shares rest on it. */
function unknownAnswers(
	decision: Decision,
	vectors: readonly VectorSplit[],
): readonly string[] {
	const doRest = vectors.some(({ split }) =>
		split.parts.some(
			({ share }) => share.kind === "interval" && share.isUnknown,
		),
	);
	if (!doRest) return [];
	const asked = askedIn(decision).flatMap((one) =>
		one.kind === "open" && one.isUnknown ? [`${one.on}${placeOf(one.at)}`] : [],
	);
	return [...new Set(asked)];
}

/** Whether packets of a connection that follow its first one come through, where that rests on what is not known. */
function unknownLater(connection: Connection): readonly string[] {
	const { service, backend, later } = connection;
	const moves = movesOf(connection).flatMap(({ which, restsOn }) =>
		restsOn.map(
			({ on, at }) =>
				`${service.key}: whether ${MOVING[which]} to ${backend} is treated as it was is unknown: it depends on ${on}${placeOf(at)}, and the model does not know that`,
		),
	);
	const named = [
		["answers of", later.answer],
		["answers of", later.data],
		["packets behind the first one to", later.next],
	] as const;
	const others = named.flatMap(([whose, decision]) => {
		if (decision === null) return [];
		const come = `${service.key}: whether ${whose} ${backend} come through is unknown`;
		return [
			...[...unknownEnds(decision)].map((why) => `${come}: ${why}`),
			...decidingIn(decision).map(
				({ on, at }) =>
					`${come}: it depends on ${on}${placeOf(at)}, and the model does not know that`,
			),
		];
	});
	return [...others, ...moves];
}

const MOVING = {
	next: "a packet behind the first one",
	again: "the first packet, sent once more,",
} as const;

type Open = Extract<Asked, { readonly kind: "open" }>;

/** What is not known, where packets end otherwise by one way than by the other. */
function decidingIn(decision: Decision): readonly Open[] {
	return nodesOf(decision).flatMap((one) => {
		if (one.kind === "leaf") return [];
		const { asked, ways } = one;
		if (asked.kind !== "open" || asked.isUnknown !== true) return [];
		const [first, ...others] = ways.map((way) =>
			[...new Set(endsOf(way).map(whereTo))].sort().join("\n"),
		);
		return others.every((other) => other === first) ? [] : [asked];
	});
}

function whereTo({ fate, packet }: End): string {
	if (fate.kind !== "forwarded") return fate.kind;
	return [fate.interface, packet?.source, packet?.destination].join(" ");
}

function placeOf({ rule, line }: RuleRef): string {
	if (rule === "") return "";
	return line > 0 ? ` (${rule}, line ${line})` : ` (${rule})`;
}
