/**
 * A model and a kernel that are asked the same. The play goes on with what the model answers, so the
 * model may be asked ahead while nothing of what is to come depends on the kernel: the kernel then gets
 * many packets at a time.
 */

import type { Answer, Ask } from "../../../sim/contract/ask.ts";
import type { ConntrackLine, Emission } from "../../../sim/contract/gateway.ts";
import { LOOPBACK } from "../../../sim/world/setup/services.ts";
import type { AsyncDriver, AsyncGatewayUnderTest } from "../../run/driver.ts";
import { type EmissionOrder, hostOf } from "./answers.ts";
import type { Divergence } from "./divergence.ts";
import type { FollowingModel } from "./following-model.ts";
import type { Translated } from "./port-draws.ts";

/** A kernel that can tell which rules a packet meets. */
export interface TracingGateway extends AsyncGatewayUnderTest {
	/** So much farther its clock is than the script's: time goes by in there by itself, too. */
	readonly aheadMs: number;
	/**
	 * Answers to asks of which each was made before the one in front of it was answered. What waits for
	 * a neighbour's address may come with a later answer than its own.
	 */
	answerAll(asks: readonly Ask[]): Promise<readonly Answer[]>;
	/** The same as `answer`, and which rules packets matched meanwhile. */
	answerTraced(ask: Ask): Promise<Traced>;
	/** Its connections alone, without the rest of an observation. */
	conntrack(): Promise<readonly ConntrackLine[]>;
}

export interface Traced {
	readonly answer: Answer;
	/** In order, in TRACE's spelling: `mangle:PREROUTING:rule:1`; `null` when not all are known. */
	readonly rules: readonly string[] | null;
	/** Of a race: each packet as the rules have left it, before it was confirmed; `null` for one that is not known. */
	readonly held?: readonly (Emission | null)[];
	/** Of each packet that was asked, what translation made of the connections that began: in order. */
	readonly translated: readonly (readonly Translated[])[];
}

export interface TracingDriver extends AsyncDriver {
	open(...given: Parameters<AsyncDriver["open"]>): Promise<TracingGateway>;
}

/** What both made of the same. */
export interface Pair {
	readonly ask: Ask;
	readonly ours: Answer;
	readonly theirs: Answer;
	/** Rules that the packet matched on either side, in order; empty where nobody looked. */
	readonly rules: Divergence["rules"];
	readonly order: EmissionOrder;
}

/** The model's answer, and the asks that the kernel has answered as well by now: in order, each once. */
export interface Answered {
	readonly ours: Answer;
	readonly pairs: readonly Pair[];
}

/**
 * So much later than the model's a kernel's timers may have fired: each is up to an eighth late (the
 * wheel of kernel/time/timer.c, 6.1), and the one of fragments that wait is of 30 s.
 */
const LATE_MS = 4_000;
const LATE_STEP_MS = 500;
/** … and whoever is asked for three times, a second each, is given up so much later. */
const GIVEN_UP_LATE_MS = 400;

/** A wait in which hardly anything happens by itself. */
const SHORT_MS = 500;
/** So many asks the model may be ahead. */
const MOST_AHEAD = 256;
/** Kinds of packets for which something is drawn: with more, each may be one. */
const MOST_KINDS = 16;
const NO_RULES: Divergence["rules"] = { model: [], kernel: [] };

export class SideBySide {
	private readonly model: FollowingModel;
	private readonly kernel: TracingGateway;
	/** What the kernel has not been asked yet. */
	private ahead: Pick<Pair, "ask" | "ours">[] = [];
	private isAheadAllowed: boolean;
	/** Packets for which something was drawn: the kernel goes first with such. */
	private readonly drawing = new Set<string>();
	/** Where packets have gone since a neighbour was forgotten last: the kernel knows the addresses of these hosts. */
	private readonly reached = new Set<string>();

	/** @param ahead whether the model may be asked ahead; otherwise each ask is answered by both before the next */
	constructor(
		model: FollowingModel,
		kernel: TracingGateway,
		{ ahead }: { readonly ahead: boolean },
	) {
		this.model = model;
		this.kernel = kernel;
		this.isAheadAllowed = ahead;
	}

	async ask(ask: Ask): Promise<Answered> {
		if (makesForget(ask)) this.reached.clear();
		if (this.isAheadAllowed) {
			if (ask.kind === "packet") return this.packet(ask);
			if (ask.kind === "wait" && ask.toMs - ask.atMs < SHORT_MS)
				return this.shortWait(ask);
			if (ask.kind === "neighbour")
				return this.later(ask, this.model.answerAlone(ask));
		}
		return this.inTurn(ask);
	}

	/** The kernel is asked what only the model has been asked so far. */
	async catchUp(): Promise<readonly Pair[]> {
		const { ahead } = this;
		if (ahead.length === 0) return [];
		this.ahead = [];
		const theirs = await this.kernel.answerAll(ahead.map(({ ask }) => ask));
		return ahead.map((one, index) => ({
			...one,
			theirs: theirs[index] as Answer,
			rules: NO_RULES,
			order: "all",
		}));
	}

	private async packet(ask: Ask & { kind: "packet" }): Promise<Answered> {
		const kind = kindOf(ask);
		if (this.drawing.has(kind)) return this.inTurn(ask);
		const ours = this.model.answerAlone(ask);
		if (this.model.hasDrawn) {
			// With such packets the kernel goes first from here on, and the model draws what it drew.
			this.drawing.add(kind);
			this.isAheadAllowed = this.drawing.size < MOST_KINDS;
			this.model.takeBack();
			return this.inTurn(ask);
		}
		// What comes in again by the loopback interface may be behind the next packet.
		const isOnItsWay =
			ours.unknown === null &&
			this.isReached(ours.emissions) &&
			!this.model.hasComeBack;
		if (isOnItsWay) return this.later(ask, ours);
		const before = await this.catchUp();
		const theirs = await this.kernel.answer(ask);
		const pair: Pair = { ask, ours, theirs, rules: NO_RULES, order: "each" };
		return { ours, pairs: [...before, pair] };
	}

	private async shortWait(ask: Ask & { kind: "wait" }): Promise<Answered> {
		const ours = this.model.answerAlone(ask);
		const hasGivenUp = this.model.hasGivenUp();
		const isQuiet = ours.emissions.length === 0 && !hasGivenUp;
		if (ours.unknown === null && isQuiet && !this.model.hasDrawn) {
			const answered = await this.later(ask, ours);
			if (!this.model.removeExpired()) return answered;
			const pairs = [...answered.pairs, ...(await this.catchUp())];
			await this.kernel.conntrack();
			return { ours, pairs };
		}
		const before = await this.catchUp();
		const pair = await this.waitBoth(ask, ours, hasGivenUp);
		return { ours: pair.ours, pairs: [...before, pair] };
	}

	/** First all that the kernel has not been asked yet, and then this, of both. */
	private async inTurn(ask: Ask): Promise<Answered> {
		const before = await this.catchUp();
		const pair = await this.askBoth(ask);
		return { ours: pair.ours, pairs: [...before, pair] };
	}

	private async later(ask: Ask, ours: Answer): Promise<Answered> {
		this.ahead.push({ ask, ours });
		const isFar = this.ahead.length >= MOST_AHEAD;
		return { ours, pairs: isFar ? await this.catchUp() : [] };
	}

	/** Have packets gone there before, so that no address has to be asked for? From now on they have. */
	private isReached(emissions: readonly Emission[]): boolean {
		const before = this.reached.size;
		for (const emission of emissions) this.reached.add(hostOf(emission));
		return this.reached.size === before;
	}

	/** The kernel is asked first, so that the model can draw what the kernel drew; but it says when. */
	private async askBoth(ask: Ask): Promise<Pair> {
		const { model, kernel } = this;
		if (ask.kind === "wait") {
			const ours = model.answerAlone(ask);
			return this.waitBoth(ask, ours, model.hasGivenUp());
		}
		if (ask.kind !== "packet" && ask.kind !== "race") {
			const theirs = await kernel.answer(ask);
			const ours = model.answerAlone(ask);
			// Errors about a neighbour that is forgotten go to several hosts.
			const order = this.isReached(ours.emissions) ? "all" : "each";
			return { ask, ours, theirs, rules: NO_RULES, order };
		}
		const {
			answer: theirs,
			rules,
			translated,
			held = null,
		} = await kernel.answerTraced(ask);
		const { emissions } = theirs;
		const conntrack = () => kernel.conntrack();
		const side = { emissions, rules, translated, held, conntrack };
		const ours = await model.answer(ask, side);
		// A machine tells what programs were handed apart from what left: of packets at once it shows no common order.
		const isMixed =
			ask.kind === "race" &&
			ours.emissions.some(({ interface: name }) => name === LOOPBACK);
		const isReached = this.isReached(ours.emissions);
		const order = isReached && !isMixed ? "all" : "each";
		return { ask, ours, theirs, rules: model.matched, order };
	}

	/**
	 * The model says how long. A kernel's timers may run later, and neither clock goes back: whoever is
	 * behind then catches up, and sends by then what it sends. What is drawn meanwhile the kernel tells
	 * afterwards.
	 */
	private async waitBoth(
		ask: Ask & { kind: "wait" },
		first: Answer,
		hasGivenUp: boolean,
	): Promise<Pair> {
		const { model, kernel } = this;
		let rules: readonly string[] | null = [];
		const translated: Translated[] = [];
		const waitOn = async (more: Ask & { kind: "wait" }): Promise<Answer> => {
			if (!model.hasDrawn) return kernel.answer(more);
			const traced = await kernel.answerTraced(more);
			rules = rules && traced.rules && [...rules, ...traced.rules];
			translated.push(...traced.translated.flat());
			return traced.answer;
		};
		let ours = first;
		const untilMs = ours.nowMs + (hasGivenUp ? GIVEN_UP_LATE_MS : 0);
		let theirs = await waitOn({ ...ask, toMs: ours.nowMs });
		const latest = ours.nowMs + LATE_MS;
		const onFrom = ({ nowMs }: Answer, toMs: number) => ({
			...ask,
			atMs: nowMs,
			toMs,
		});
		while (ours.unknown === null) {
			const isLate = theirs.emissions.length < ours.emissions.length;
			const isEarly =
				ours.emissions.length > 0 &&
				ours.emissions.length < theirs.emissions.length;
			const most = Math.min(latest, ask.toMs);
			if (theirs.nowMs < untilMs) {
				const more = onFrom(theirs, untilMs);
				theirs = together(theirs, await waitOn(more));
			} else if (isLate && theirs.nowMs < latest) {
				const more = onFrom(theirs, theirs.nowMs + LATE_STEP_MS);
				theirs = together(theirs, await waitOn(more));
			} else if (ours.nowMs < theirs.nowMs) {
				const more = onFrom(ours, theirs.nowMs);
				ours = together(ours, model.answerOn(more));
			} else if (isEarly && ours.nowMs < most)
				ours = together(ours, model.answerOn(onFrom(ours, most)));
			else break;
		}
		const learns = model.learns(theirs.emissions);
		if (learns || model.hasDrawn) {
			const { emissions } = theirs;
			const conntrack = () => kernel.conntrack();
			const side = { emissions, rules, translated: [translated], conntrack };
			ours = await model.answerAgain(side);
		}
		// An entry that has expired lends its mapping to others until the kernel comes to remove it, which
		// reading the table makes it do (find_appropriate_src, gc_worker, ct_seq_show).
		if (model.removeExpired()) await kernel.conntrack();
		return { ask, ours, theirs, rules: NO_RULES, order: "any" };
	}
}

/** Packets that are dealt with alike, as far as one can tell from outside. */
function kindOf({ interface: name, packet }: Ask & { kind: "packet" }): string {
	const flags = packet.kind === "tcp" ? packet.flags : "";
	return `${name} ${packet.kind} ${flags}`;
}

const FORGETFUL: ReadonlySet<string> = new Set([
	"link",
	"ip",
	"forget-neighbour",
	"take-over",
]);

/** Does the kernel forget its neighbours' addresses over it, at once or by and by? */
function makesForget(ask: Ask): boolean {
	if (ask.kind === "carrier") return !ask.isThere;
	return ask.kind === "neighbour"
		? !ask.answers
		: ask.kind === "operation" && FORGETFUL.has(ask.operation.kind);
}

function together(first: Answer, then: Answer): Answer {
	return { ...then, emissions: [...first.emissions, ...then.emissions] };
}
