/**
 * A scenario that was played in live time, held against the model's account of it: connection by
 * connection, with the room that live time needs.
 *
 * - Around everything that changes connections are not compared: who came just before and who just
 *   after differs from run to run, and clients that met the change tell of it in different ways.
 * - Before the first change each connection has to end as in the model, and to meet the same backend
 *   where it came long enough after the one before.
 * - Who has ended before a change in the model and not yet in live time meets that change there: its end
 *   is not compared, its backend is.
 * - A change may shift the turns. So of every later stretch it is the numbers that have to agree, give
 *   or take a few; but where the model has all of them end alike, each has to end so.
 * - What the scenario expects has to hold where it holds in the model: books of mail servers that do
 *   not agree, and mail that is lost, come to light there.
 * - The health checker has to find out the same, in the same order, no later or earlier than its
 *   probes allow.
 * - While a backend loses packets by chance, and until a checker can have made up its mind after that,
 *   nothing is compared but what the scenario expects.
 */

import type {
	Account,
	ConnectionRecord,
} from "../../../sim/world/account/account.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import type { RunResult } from "../../result/result.ts";
import type { Comparison } from "../lockstep/compare-scenario.ts";
import { beliefsDiffer, divergenceOf, type Said } from "./compare-beliefs.ts";
import { lossyStretches } from "./lossy-stretches.ts";

/** Not compared around a change of who is there: clients under way meet it, and give up later. */
const UPHEAVAL = { beforeMs: 500, afterMs: 2_000 } as const;
/** Around a change of what the rules say, which is over when it is made. */
const SWITCH = { beforeMs: 250, afterMs: 250 } as const;
/** Two SYNs that are closer may overtake each other. */
const APART_MS = 20;
/** Of the numbers of a stretch: whichever is more. */
const FEW = 2;
const SHARE = 0.05;
/** What the checker writes at its start is what is there already. */
const AT_START_MS = 200;

/** @param live its `replay` is what compares the two once more */
export function compareLive(model: RunResult, live: RunResult): Comparison {
	const { scenario, seed } = model;
	const changes = [model, live].flatMap(({ account }) =>
		changesOf(scenario, account),
	);
	const pairs = pairsOf(model.account, live.account);
	const unknown = model.unknown ?? live.account.unknown;
	const found =
		unknown === null
			? [
					...missing(model.account, live.account),
					...stretchesBetween(changes).flatMap((stretch) =>
						compareStretch(scenario, stretch, pairs),
					),
					...beliefsDiffer(scenario, model.account, live.account),
					...promisesDiffer(model, live),
				]
			: [];
	return {
		scenario,
		seed,
		model: model.driver,
		kernel: live.driver,
		asks: model.account.connections.length,
		packets: 0,
		connections: live.account.connections.length,
		divergences: found.map(divergenceOf),
		unknown,
		result: live,
		replay: live.replay,
	};
}

interface Stretch {
	readonly fromMs: number;
	readonly toMs: number;
}

/** The surroundings of everything that changed. */
function changesOf(
	scenario: PlayableScenario,
	account: Account,
): readonly Stretch[] {
	const { steps, setup } = scenario;
	const { events, operations } = account;
	const around = (
		atMs: number,
		{ beforeMs, afterMs }: typeof UPHEAVAL | typeof SWITCH,
	) => ({
		fromMs: atMs - beforeMs,
		toMs: atMs + afterMs,
	});
	const upheavals = new Set(
		steps.flatMap((step) =>
			step.kind === "operation" &&
			["take-over", "link"].includes(step.operation.kind)
				? [step.label]
				: [],
		),
	);
	return [
		...lossyStretches(scenario, account).map(({ fromMs, toMs }) => ({
			fromMs: fromMs - UPHEAVAL.beforeMs,
			toMs: toMs + UPHEAVAL.afterMs + settlingMs(setup),
		})),
		...events.flatMap(({ kind, atMs }) => {
			if (kind === "probe" || atMs <= AT_START_MS) return [];
			return [around(atMs, kind === "condition" ? SWITCH : UPHEAVAL)];
		}),
		...operations.map(({ label, atMs }) =>
			around(atMs, upheavals.has(label) ? UPHEAVAL : SWITCH),
		),
	];
}

/** Until a checker knows for certain that a backend is well again. */
function settlingMs({ healthCheck }: PlayableScenario["setup"]): number {
	if (healthCheck === null) return 0;
	const { intervalMs, timeoutMs, rise } = healthCheck;
	return (rise + 1) * intervalMs + timeoutMs;
}

/** What is left of the play when the surroundings of every change are taken away. */
function stretchesBetween(changes: readonly Stretch[]): readonly Stretch[] {
	const stretches: Stretch[] = [];
	let fromMs = 0;
	for (const change of changes.toSorted((a, b) => a.fromMs - b.fromMs)) {
		if (change.fromMs > fromMs) stretches.push({ fromMs, toMs: change.fromMs });
		fromMs = Math.max(fromMs, change.toMs);
	}
	stretches.push({ fromMs, toMs: Number.POSITIVE_INFINITY });
	return stretches;
}

/** The same connection in both. */
interface Pair {
	readonly one: ConnectionRecord;
	readonly other: ConnectionRecord;
	/** From the nearest other one, in the model: in its order they are told. */
	readonly apartMs: number;
}

function pairsOf(model: Account, live: Account): readonly Pair[] {
	const theirs = new Map(live.connections.map((one) => [one.id, one]));
	return model.connections.flatMap((one, index, all) => {
		const other = theirs.get(one.id);
		if (other === undefined) return [];
		const beforeMs = all[index - 1]?.startedMs ?? Number.NEGATIVE_INFINITY;
		const afterMs = all[index + 1]?.startedMs ?? Number.POSITIVE_INFINITY;
		const { startedMs } = one;
		const apartMs = Math.min(startedMs - beforeMs, afterMs - startedMs);
		return [{ one, other, apartMs }];
	});
}

function compareStretch(
	{ setup }: PlayableScenario,
	{ fromMs, toMs }: Stretch,
	all: readonly Pair[],
): readonly Said[] {
	const pairs = all.filter(
		({ one }) => one.startedMs >= fromMs && one.startedMs < toMs,
	);
	const isFirst = fromMs === 0;
	const isEnded = (pair: Pair) => !isOvertaken(pair, toMs);
	const ended = pairs.filter(isEnded);
	const isAlike = new Set(ended.map(({ one }) => clientEnd(one))).size <= 1;
	const known = pairs.filter(isKnown);
	const backends = setup.backends.map(({ name }) => name);
	const met = {
		fromMs,
		names: backends,
		pairs: known,
		nameOf: backendOf,
		room: isFirst ? 0 : roomFor(known.length),
	};
	if (isFirst)
		return [
			...pairs
				.filter(
					(pair) => meetsAnother(pair) || (isEnded(pair) && endsDiffer(pair)),
				)
				.map(connectionDiffers),
			...countsDiffer("are split", met),
		];
	return [
		...(isAlike
			? ended.filter(endsDiffer).map(connectionDiffers)
			: countsDiffer("end", {
					fromMs,
					pairs: ended,
					nameOf: clientEnd,
					room: roomFor(ended.length),
					names: [
						...new Set(
							ended.flatMap(({ one, other }) => [
								clientEnd(one),
								clientEnd(other),
							]),
						),
					],
				})),
		...countsDiffer("are split", met),
	];
}

function roomFor(count: number): number {
	return Math.max(FEW, Math.ceil(count * SHARE));
}

function endsDiffer({ one, other }: Pair): boolean {
	return clientEnd(one) !== clientEnd(other);
}

/** Still under way in live time when the surroundings of the next change begin, and over in the model. */
function isOvertaken({ one, other }: Pair, changeMs: number): boolean {
	const isUnderWay = ({ endedMs }: ConnectionRecord) =>
		(endedMs ?? Number.POSITIVE_INFINITY) > changeMs;
	return isUnderWay(other) && !isUnderWay(one);
}

function meetsAnother(pair: Pair): boolean {
	const { one, other, apartMs } = pair;
	const isTurnSure = apartMs >= APART_MS && isKnown(pair);
	return isTurnSure && one.backend !== other.backend;
}

/** Who has met no answer, or does not know whose it was, does not tell of a backend. */
function isKnown({ one, other }: Pair): boolean {
	return isServed(one) && isServed(other);
}

/** A banner, an answer, or a handshake with a program that has written it down. */
function isServed({
	backend,
	connectedMs,
	greetedMs,
}: ConnectionRecord): boolean {
	return backend !== null && (greetedMs ?? connectedMs) !== null;
}

function backendOf({ backend }: ConnectionRecord): string {
	return backend ?? "";
}

function connectionDiffers({ one, other }: Pair): Said {
	const say = ({ backend, outcome }: ConnectionRecord) =>
		`${backend ?? "no backend"}, ${outcome}`;
	return {
		kind: "connections",
		atMs: one.startedMs,
		asked: `#${one.id + 1} ${one.client}`,
		ours: say(one),
		theirs: say(other),
	};
}

function countsDiffer(
	what: "are split" | "end",
	{
		fromMs,
		pairs,
		names,
		nameOf,
		room,
	}: {
		readonly fromMs: number;
		readonly pairs: readonly Pair[];
		readonly names: readonly string[];
		readonly nameOf: (connection: ConnectionRecord) => string;
		readonly room: number;
	},
): readonly Said[] {
	const countOf = (side: "one" | "other") =>
		names.map(
			(name) => pairs.filter((pair) => nameOf(pair[side]) === name).length,
		);
	const [ours, theirs] = [countOf("one"), countOf("other")];
	const isNear = ours.every(
		(count, index) => Math.abs(count - (theirs[index] ?? 0)) <= room,
	);
	if (isNear) return [];
	const say = (counts: readonly number[]) =>
		names.map((name, index) => `${name} ${counts[index]}`).join(", ");
	const asked = `how ${pairs.length} connections ${what} from here on, give or take ${room}`;
	const said = { ours: say(ours), theirs: say(theirs) };
	return [{ kind: "connections", atMs: fromMs, asked, ...said }];
}

/** What the scenario expects, where it is violated in live time only: no model can violate some of it. */
function promisesDiffer(model: RunResult, live: RunResult): readonly Said[] {
	return live.judgements.flatMap(({ outcome, expected, seen }, index) => {
		const ours = model.judgements[index];
		const isAlone = ours !== undefined && ours.outcome !== "violated";
		if (outcome !== "violated" || !isAlone || model.unknown) return [];
		const said = {
			ours: `${ours.outcome}; ${ours.seen}`,
			theirs: `violated; ${seen}`,
		};
		return [{ kind: "connections", atMs: 0, asked: expected, ...said }];
	});
}

function missing(model: Account, live: Account): readonly Said[] {
	const there = new Set(live.connections.map(({ id }) => id));
	const lost = model.connections.filter(({ id }) => !there.has(id));
	return lost.slice(0, 1).map(({ id, client, startedMs }) => ({
		kind: "connections",
		atMs: startedMs,
		asked: `#${id + 1} ${client}`,
		ours: `${lost.length} connections`,
		theirs: "nothing is known of them",
	}));
}

/**
 * What the client made of it: whether it was refused by a RST at once or later is a matter of a moment, and
 * so is whether one that is closed without a word is reset by what the client says meanwhile. A socket for datagrams learns of a closed port alone, so an unreachable host is one that does not answer.
 */
export function clientEnd({
	outcome,
	protocol,
	greetedMs,
}: Pick<ConnectionRecord, "outcome"> &
	Partial<Pick<ConnectionRecord, "protocol" | "greetedMs">>): string {
	switch (outcome) {
		case "refused":
		case "reset":
			return "refused or reset";
		case "cut-short":
			return greetedMs === null ? "refused or reset" : outcome;
		case "connect-timeout":
		case "read-timeout":
			return "timed out";
		case "unreachable":
			return protocol === "udp" ? "unanswered" : outcome;
		case "undelivered":
			return "sent";
		case "half-open":
			// Of a real client's connection nobody knows whether its backend still has it.
			return "open";
		default:
			return outcome;
	}
}
