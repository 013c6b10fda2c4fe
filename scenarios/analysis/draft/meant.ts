/** What the rules are meant to do for a class of clients, which is what its stories expect. */
import { compareRationals, ZERO } from "../../../sim/rational.ts";
import {
	type ClientClass,
	NO_BACKEND,
	type Service,
} from "../services/service.ts";
import type { Split } from "../split/split.ts";
import { hashIn } from "../walk/ends-of.ts";
import type { DraftClient, Hosts } from "./hosts.ts";
import { equalWeights, exactWeights, type Weights } from "./weights.ts";

export interface StoryContext {
	readonly service: Service;
	readonly hosts: Hosts;
	/** What stands before each name: `web-`, or "". */
	readonly prefix: string;
	/** What titles call the service. */
	readonly target: string;
	/** The constant of its setup. */
	readonly setup: string;
	/** The linter finds fault with the shares: equal ones are expected. */
	readonly isFaulty: boolean;
	/** The rules remember clients, and send them where they went before. */
	readonly remembers: boolean;
}

export interface ClassContext extends StoryContext {
	readonly of: ClientClass;
	/** One, or many where the rules remember clients. */
	readonly clients: readonly DraftClient[];
	/** Of classes with backends. */
	readonly isOnly: boolean;
}

/** What the rules are meant to do. */
export interface Meant {
	/** `null`: shares depend on something that nothing bounds. */
	readonly weights: Weights | null;
	/** Every connection is to be served. */
	readonly servesAll: boolean;
	/** The rules do it. */
	readonly isDone: boolean;
}

export function meantOf(
	{ hosts, of, isFaulty }: ClassContext,
	split: Split,
): Meant {
	const keys = hosts.backends.map(({ key }) => key);
	const none = split.parts.filter(({ key }) => key.startsWith(NO_BACKEND));
	const exact = hashIn(of.decision) !== null ? null : exactWeights(split, keys);
	if (exact === null) {
		const mayLose = none.some(
			({ share }) =>
				share.kind !== "exact" || compareRationals(share.value, ZERO) > 0,
		);
		return { weights: null, servesAll: !mayLose, isDone: true };
	}
	const loses = none.some(
		({ share }) =>
			share.kind === "exact" && compareRationals(share.value, ZERO) > 0,
	);
	const equal = equalWeights(reached(of, hosts));
	if (loses || isFaulty)
		return { weights: equal, servesAll: true, isDone: false };
	return { weights: exact, servesAll: true, isDone: true };
}

/** Backends that some of the class's connections reach, in the order of their names. */
export function reached(
	{ vectors }: ClientClass,
	{ backends }: Hosts,
): readonly string[] {
	const got = new Set(
		vectors.flatMap(({ split }) =>
			split.parts
				.filter(
					({ share }) =>
						share.kind !== "exact" || compareRationals(share.value, ZERO) > 0,
				)
				.map(({ key }) => key),
		),
	);
	return backends.map(({ key }) => key).filter((key) => got.has(key));
}

/** Expectations that the stories of a class lack, in words. */
export function notExpected(
	{ of, isOnly }: ClassContext,
	split: Split,
	{ weights, servesAll }: Meant,
): readonly string[] {
	if (weights !== null) return [];
	const who = isOnly ? "" : `${of.name}: `;
	const why =
		hashIn(of.decision) !== null
			? "a hash says which backend a connection gets"
			: `what a backend gets ${restsOn(split)}`;
	return [
		servesAll
			? `${who}${why}, so no share is expected`
			: `${who}${why}, and so does whether it is served: neither a share nor that connections are served is expected`,
	];
}

/** `depends on the rate of packets` */
function restsOn({ parts }: Split): string {
	for (const { share } of parts)
		if (share.kind === "interval")
			return share.isUnknown
				? `depends on ${share.on}, which the model was not given`
				: `depends on ${share.on}, which nothing bounds`;
	return "is not known";
}

export function sharesRemark(
	{ of, hosts, isOnly }: ClassContext,
	split: Split,
	{ isDone, weights }: Meant,
): string {
	const who = isOnly ? "" : `${of.name}: `;
	if (weights === null)
		return hashIn(of.decision) !== null
			? `${who}a hash says which backend a connection gets: no share is expected.`
			: `${who}what a backend gets ${restsOn(split)}: no share is expected.`;
	const names = new Map(hosts.backends.map(({ key, name }) => [key, name]));
	const shares = split.parts.flatMap(({ key, share }) => {
		if (share.kind !== "exact" || compareRationals(share.value, ZERO) === 0)
			return [];
		const { numerator, denominator } = share.value;
		const isShort = denominator <= 100_000n;
		const text = isShort
			? denominator === 1n
				? "all"
				: `${numerator}/${denominator}`
			: `${((Number(numerator) / Number(denominator)) * 100).toFixed(2)} %`;
		return [`${names.get(key) ?? key} ${text}`];
	});
	const exact = `${who}the rules give ${shares.toSorted().join(", ")}.`;
	return isDone
		? exact
		: `${exact} The scenarios expect equal shares, and are violated until the rules are repaired.`;
}
