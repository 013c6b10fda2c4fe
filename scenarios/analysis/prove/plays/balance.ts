/**
 * Balance: no run of connections is further from its shares than the exact split says. In quiet operation that
 * is what the split has proved over its period; with an event, connections and the event are played in every
 * order on the model as it is, until the bound is broken or nothing new comes.
 */
import type { Operation } from "../../../../sim/contract/gateway.ts";
import { printRational } from "../../../../sim/rational.ts";
import type { Expectation } from "../../../language/scenario.ts";
import type { Analysis } from "../../services/analysis.ts";
import { type Backend, NO_BACKEND } from "../../services/service.ts";
import type { Part } from "../../split/split.ts";
import { type Arrival, OWN_INTERFACE } from "../../walk/walker.ts";
import type { EventName } from "../state/events.ts";
import type { Operations } from "../state/node.ts";
import type { Result, ToldStep } from "../state/proof.ts";
import { arrivalOf, fromPort, type Sent } from "../state/segments.ts";
import {
	conditionsTo,
	type OtherArrival,
	type Subject,
	type Values,
} from "../state/subject.ts";
import { ConcretePlay, type Stage } from "./concrete.ts";
import { backendSeen, clientPackets, replayed } from "./counterexample.ts";
import {
	type Bound,
	boundsOf,
	commonOf,
	emptied,
	grown,
	type Runs,
} from "./runs.ts";

/** Events that have a part in balance: what they do between two connections. */
export const OF_BALANCE: ReadonlySet<EventName> = new Set([
	"conditions",
	"other-clients",
	"other-traffic",
	"other-services",
	"false-alarm",
	"reload",
	"noflush",
	"edit",
	"flush",
	"take-over",
]);

export interface BalanceContext {
	readonly subject: Subject;
	readonly stage: Stage;
	/** Packets that belong to no service. */
	readonly others: readonly OtherArrival[];
	/** Other services. */
	readonly services: Analysis["services"];
	readonly operations: Operations;
	/** Later packets of connections move counters. */
	readonly goesOn: boolean;
	/** States that are looked at. */
	readonly budget: number;
	/** What bounds them, as a message names it: `--budget`. */
	readonly budgetOf: string;
	/** Hears now and then how many were looked at. */
	readonly onStates: (states: number) => void;
}

/** Plays that break a bound are replayed so often; where none of them shows it, none of the others will. */
const MOST_REPLAYED = 24;

const FIRST_PORT = 40_001;
/** Kinds of packets that belong to no service; more are not looked at. */
const MOST_OTHERS = 6;

export function proveBalance(
	events: readonly EventName[],
	context: BalanceContext,
): Result {
	const { subject } = context;
	const split = subject.client.vectors[0]?.split;
	if (split === undefined) return { kind: "unknown", why: "it has no split" };
	const got = split.parts.filter(
		({ share }) => share.kind !== "exact" || share.value.numerator > 0n,
	);
	if (got.length < 2)
		return { kind: "nothing", why: "all connections go to one end" };
	const open = got.find(({ share }) => share.kind !== "exact");
	if (open !== undefined) return { kind: "unknown", why: whyOpen(open) };
	if (split.byChance)
		return {
			kind: "nothing",
			why: "draws or hashes of addresses decide: no run of connections has a bound",
		};
	const bounds = boundsOf(split.parts);
	if (bounds === null || split.period === null)
		return { kind: "unknown", why: split.noDeviation ?? "it has no bound" };
	const worst = bounds.reduce((one, other) =>
		other.bound > one.bound ? other : one,
	);
	const bound = `shares ${got.map(({ key, share }) => `${key} ${share.kind === "exact" ? printRational(share.value) : ""}`).join(", ")}; at most ${printRational(worst.deviation)} of a connection off, in any run`;
	const acting = events.filter((one) => OF_BALANCE.has(one));
	if (acting.length === 0 && !context.goesOn)
		return { kind: "holds", states: Number(split.period), depth: 0, bound };
	if (subject.service.balances === "mark")
		return {
			kind: "unknown",
			why: "which mark a connection got is not seen from outside",
		};
	return new Rotation(context, bounds, Number(commonOf(split.parts))).search(
		acting,
		bound,
	);
}

function whyOpen({ share }: Part): string {
	if (share.kind === "unknown") return share.why;
	return share.kind === "interval"
		? `shares depend on ${share.on}`
		: "shares are not known";
}

interface State {
	readonly saved: ReturnType<ConcretePlay["save"]>;
	readonly runs: Runs;
	/** As they are written, and as they should be. */
	readonly values: Values;
	readonly right: Values;
	readonly told: readonly ToldStep[];
	/** The connection that came last; `null`: it reached no backend. */
	readonly newest: { readonly first: Arrival; readonly sent: Sent } | null;
	/** By step: whether a connection that counts was played. */
	readonly counted: readonly boolean[];
	/** No event has happened yet. */
	readonly isQuiet: boolean;
}

/** An end whose share is missed by more than its bound. */
interface Broken {
	readonly at: number;
	readonly bound: Bound;
	/** `null`: no backend gets it. */
	readonly backend: Backend | null;
	readonly isOver: boolean;
}

interface Act {
	readonly words: string;
	readonly arrival?: Arrival;
	readonly operations?: readonly Operation[];
	readonly counts: boolean;
	readonly values?: Values;
	/** They say what is not so. */
	readonly isAlarm?: boolean;
}

/** Connections to programs of the gateway's own end with it. */
function isCutOff({ newest }: State, { operations = [] }: Act): boolean {
	return (
		newest?.sent.interface === OWN_INTERFACE &&
		operations.some(({ kind }) => kind === "take-over")
	);
}

/** It has no packet of its own: it follows from the connection. */
const GOES_ON: Act = {
	words:
		"the backend answers, and the client of the last connection sends data",
	counts: false,
};

/** Where the split does not hold of quiet operation (it is of clients that come for the first time), nothing is known of events. */
export const BROKEN_QUIETLY: Result = {
	kind: "unknown",
	why: "a run of connections without any event is further from its shares than the exact split says",
};

class Rotation {
	private readonly context: BalanceContext;
	private readonly bounds: readonly Bound[];
	private readonly common: number;
	private readonly play: ConcretePlay;

	constructor(
		context: BalanceContext,
		bounds: readonly Bound[],
		common: number,
	) {
		this.context = context;
		this.bounds = bounds;
		this.common = common;
		this.play = new ConcretePlay(context.stage, context.subject.alive);
	}

	search(events: readonly EventName[], bound: string): Result {
		const { subject, budget, budgetOf, onStates } = this.context;
		const none = this.bounds.map(() => 0);
		const start: State = {
			saved: this.play.save(),
			runs: { over: none, under: none, overFrom: none, underFrom: none },
			values: subject.alive,
			right: subject.alive,
			told: [],
			newest: null,
			counted: [],
			isQuiet: true,
		};
		const acts = this.acts(events);
		const seen = new Set<string>();
		const queue: State[] = [start];
		let inVain: string | null = null;
		let replayedInVain = 0;
		for (let at = 0; at < queue.length; at++) {
			const state = queue[at] as State;
			for (const act of acts) {
				const next = this.act(state, act);
				if (next === null) continue;
				for (const broken of act.counts ? this.broken(next) : []) {
					// No event is to blame for it.
					if (next.isQuiet && events.length > 0) return BROKEN_QUIETLY;
					inVain ??= broken.bound.key;
					if (broken.backend === null || replayedInVain >= MOST_REPLAYED) break;
					const found = this.counterexample(next, broken);
					if (found !== null)
						return { kind: "violated", counterexample: found };
					replayedInVain++;
				}
				const key = this.keyOf(next);
				if (seen.has(key)) continue;
				seen.add(key);
				if (queue.length >= budget)
					return {
						kind: "unknown",
						why: `more than ${budget.toLocaleString("en-US")} states of counters (${budgetOf})`,
					};
				queue.push(next);
				if (queue.length % 64 === 0) onStates(queue.length);
			}
		}
		if (inVain !== null)
			return {
				kind: "unknown",
				why: `some run of connections is further from the share of ${inVain} than the bound, and no scenario shows it`,
			};
		const depth = queue.at(-1)?.told.length ?? 0;
		return { kind: "holds", states: queue.length, depth, bound };
	}

	private acts(events: readonly EventName[]): readonly Act[] {
		const { subject, operations, others } = this.context;
		const { first } = subject;
		const on = (name: EventName, acts: readonly Act[]) =>
			events.includes(name) ? acts : [];
		const act = (words: string, does: readonly Operation[]): Act => {
			return { words, operations: does, counts: false };
		};
		return [
			{ words: "a connection", arrival: first, counts: true },
			...(this.context.goesOn ? [GOES_ON] : []),
			...on("other-clients", [
				{
					words: "a connection of another client",
					arrival: fromNextAddress(first),
					counts: false,
				},
			]),
			...on(
				"other-traffic",
				others.slice(0, MOST_OTHERS).map(({ name, arrival }) => {
					return { words: `a packet: ${name}`, arrival, counts: false };
				}),
			),
			...on("other-services", this.others()),
			...on("conditions", this.flips()),
			...on(
				"false-alarm",
				this.flips().map((one) => {
					const words = `a checker that is wrong: ${one.words}`;
					return { ...one, words, isAlarm: true };
				}),
			),
			...on("reload", [act("the same rules are loaded", operations.reload)]),
			...on("noflush", [
				// Once: behind that there are ever more rules.
				act("the rules are loaded, and loaded again with --noflush", [
					...operations.reload,
					...operations.noflush,
				]),
			]),
			...on("edit", [
				act("an iptables command changes a table", operations.edit),
			]),
			...on("flush", [
				act("the rules are flushed, and loaded", [
					...operations.flush,
					...operations.reload,
				]),
			]),
			...on("take-over", [
				act("a second gateway takes over", [{ kind: "take-over" }]),
			]),
		];
	}

	/** A connection of each other service. */
	private others(): readonly Act[] {
		const { services } = this.context;
		return services.slice(0, MOST_OTHERS).map(({ key, sample }) => {
			const words = `a connection of ${key}`;
			return { words, arrival: sample, counts: false };
		});
	}

	private flips(): readonly Act[] {
		const { subject } = this.context;
		const names = Object.keys(subject.alive);
		return names.flatMap((name) =>
			([0, 1] as const).map((value) => ({
				words: `condition ${name} becomes ${value}`,
				operations: conditionsTo({ [name]: value }),
				counts: false,
				values: { [name]: value },
			})),
		);
	}

	/** @returns `null`: it could not be done, or changes nothing */
	private act(state: State, act: Act): State | null {
		if (act === GOES_ON) return this.goOn(state);
		if (act.arrival !== undefined) return this.connect(state, act, act.arrival);
		const { play } = this;
		const changed = Object.entries(act.values ?? {});
		const isIdle = changed.every(
			([name, value]) => state.values[name] === value,
		);
		if (changed.length > 0 && isIdle) return null;
		play.restore(state.saved);
		for (const one of act.operations ?? []) if (!play.operate(one)) return null;
		return {
			...state,
			isQuiet: false,
			saved: play.save(),
			runs:
				changed.length > 0 && act.isAlarm !== true
					? emptied(state.runs)
					: state.runs,
			values: { ...state.values, ...act.values },
			right:
				act.isAlarm === true ? state.right : { ...state.right, ...act.values },
			told: [...state.told, { words: act.words, rules: [] }],
			newest: isCutOff(state, act) ? null : state.newest,
		};
	}

	private connect(
		state: State,
		{ words, counts }: Act,
		arrival: Arrival,
	): State {
		const { play, bounds, common } = this;
		const { subject } = this.context;
		play.restore(state.saved);
		const step = play.steps.length;
		const first = fromPort(arrival, FIRST_PORT + step);
		const sight = play.packet(first);
		const key = backendSeen(sight, subject);
		const isCounted = counts && sameValues(state.right, subject.alive);
		const counted = [...state.counted];
		counted[step] = isCounted;
		const at = this.indexOf(key);
		const sent = sight.emissions.at(-1);
		const verb = subject.service.balances === "source" ? "leaves" : "goes to";
		return {
			...state,
			isQuiet: state.isQuiet && counts,
			saved: play.save(),
			runs: isCounted
				? grown(state.runs, { at, bounds, common, step })
				: state.runs,
			told: [
				...state.told,
				{
					words: key === null ? words : `${words}, which ${verb} ${key}`,
					rules: [],
				},
			],
			counted,
			newest:
				key === null || sent === undefined
					? null
					: { first, sent: { key, ...sent } },
		};
	}

	/** @returns `null`: no connection stands */
	private goOn(state: State): State | null {
		const { newest, told } = state;
		if (newest === null) return null;
		const { play } = this;
		play.restore(state.saved);
		for (const segment of ["reply", "data"] as const)
			play.packet(arrivalOf(segment, newest.first, newest.sent));
		const { words } = GOES_ON;
		return {
			...state,
			saved: play.save(),
			told: [...told, { words, rules: [] }],
		};
	}

	/** Connections to no backend belong to the first end that is none. */
	private indexOf(key: string | null): number {
		return this.bounds.findIndex((one) =>
			key === null ? one.key.startsWith(NO_BACKEND) : one.key === key,
		);
	}

	/** Those that a scenario may show come alone, where there are some: that no backend gets a part is not seen. */
	private broken({ runs }: State): readonly Broken[] {
		const { backends } = this.context.subject.service;
		const found = this.bounds.flatMap((bound, at): readonly Broken[] => {
			const backend = backends.find(({ key }) => key === bound.key) ?? null;
			if ((runs.over[at] as number) > bound.bound)
				return [{ at, bound, backend, isOver: true }];
			if (-(runs.under[at] as number) > bound.bound)
				return [{ at, bound, backend, isOver: false }];
			return [];
		});
		const seen = found.filter(({ backend }) => backend !== null);
		return seen.length > 0 ? seen : found;
	}

	private keyOf({ runs, values, right, newest }: State): string {
		return [
			newest === null,
			this.play.remembered(),
			JSON.stringify(values),
			JSON.stringify(right),
			runs.over.join(),
			runs.under.join(),
		].join("|");
	}

	private counterexample(
		{ saved, runs, told, counted }: State,
		{ at, bound, backend, isOver }: Broken,
	) {
		const { subject } = this.context;
		const { key, share, deviation } = bound;
		this.play.restore(saved);
		const from = (isOver ? runs.overFrom[at] : runs.underFrom[at]) as number;
		const all = counted.slice(from).filter((one) => one).length;
		const exact = (all * share) / this.common;
		const off = Number(deviation.numerator) / Number(deviation.denominator);
		if (backend === null || backend.address === null) return null;
		// Where others connect as well, ports tell them apart.
		const isAlone = !counted.slice(from).includes(false);
		const ports = counted.flatMap((isCounted, step) =>
			isCounted && step >= from ? [FIRST_PORT + step] : [],
		);
		const expectation: Expectation = {
			kind: "packets-counted",
			because: `its share of ${all} connections is ${rounded(exact)}, and the split is never more than ${printRational(deviation)} off`,
			interface: null,
			fromMs: this.play.steps[from]?.atMs ?? 0,
			toMs: this.play.nowMs,
			packets: clientPackets(backend, subject, isAlone ? null : ports),
			atLeast: isOver ? 0 : Math.ceil(exact - off - EPSILON),
			atMost: isOver
				? Math.floor(exact + off + EPSILON)
				: Number.MAX_SAFE_INTEGER,
		};
		return replayed({
			property: "balance",
			play: this.play,
			subject,
			told,
			happens: `of ${all} connections in a row ${key} gets ${isOver ? "more" : "fewer"} than its share of ${rounded(exact)} and ${printRational(deviation)}`,
			expectation,
		});
	}
}

const EPSILON = 1e-9;

function rounded(value: number): string {
	return `${Math.round(value * 100) / 100}`;
}

function sameValues(one: Values, other: Values): boolean {
	return Object.entries(other).every(([name, value]) => one[name] === value);
}

/** Another client: the address behind, or before. */
function fromNextAddress({ interface: name, packet }: Arrival): Arrival {
	const isLast = (packet.source & 0xff) >= 0xfe;
	const source = (packet.source + (isLast ? -1 : 1)) | 0;
	return { interface: name, packet: { ...packet, source } };
}
