/**
 * A scenario that is played while it grows. What an exploration has done is its scenario, which plays the same
 * anywhere else: saved, shared by a link, or run by `marktwin run`.
 */
import {
	type PacketPath,
	PathRecorder,
} from "../../scenarios/details/packet-paths.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { MOST_MS } from "../../scenarios/language/schema/schema.ts";
import { assuming } from "../../scenarios/run/assume.ts";
import {
	asScenarioError,
	gatewayChoice,
	mustSetUp,
	setUpOperations,
	worldChoice,
} from "../../scenarios/run/set-up.ts";
import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { ConntrackLine, Unknown } from "../../sim/contract/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import { type Goal, OpenPlay } from "../../sim/world/world.ts";

/** Between two looks at whether to stop, or to show how far it is. */
const ASKS_AT_ONCE = 256;
/** Packets that are kept, with their ways through the rules. */
const MOST_PACKETS = 200;
/** After more connections than that, no entry is looked up: that goes through all of them. */
const MOST_LOOKED_UP = 20_000;
/** A client of Linux sends its SYN for two minutes. */
const LONGEST_RUN_MS = 600_000;
/** A health checker is never done. */
const RUN_BESIDE_CHECKS_MS = 10_000;
/** Connections of each step whose packets are followed. */
const FOLLOWED_OF_EACH = 3;
/** Connections and flows of an exploration, all steps together: their records stay until it is closed. */
const MOST_CONNECTIONS = 500_000;

const NOT_LOOKED_UP = { before: null, after: null };

/** A packet that was followed, and its conntrack entry as `/proc/net/nf_conntrack` shows it: "" is none, `null` was not looked up. */
export interface SeenPacket extends PacketPath {
	readonly entry: {
		readonly before: string | null;
		readonly after: string | null;
	};
}

/**
 * One play of a scenario, to which steps can be added. It stands before everything, behind a moment of which all
 * has happened, or, between two packets, within one. A scenario can be played to the end of a moment alone, so a
 * play that is begun again goes there.
 */
export class Exploration {
	/** With all steps, those to come among them. */
	scenario: PlayableScenario;
	/** What the model does not know; the play stands there for good. */
	unknown: Unknown | null = null;
	/** The latest packets that were followed, oldest first. */
	readonly packets: SeenPacket[] = [];
	readonly gateway: ModelGateway;
	private readonly play: OpenPlay;
	private readonly goal = { limitMs: 0, lullMs: 0, isInclusive: true };
	/** An advance that stands in its middle, with what it asks. */
	private going: {
		readonly advance: Generator<Ask, Unknown | null, Answer>;
		readonly ask: Ask;
	} | null = null;
	/** Connections whose packets are followed. */
	private readonly followed: Set<number>;
	private recorder: PathRecorder;
	private noted = 0;
	/** Packets of one thing that happened, which `nextPacket` has still to go to. */
	private ahead: SeenPacket[] = [];
	/** Has anything happened? */
	private hasBegun = false;
	/** Connections of all steps, those to come among them. */
	private connections = 0;

	/**
	 * @param options.followed connections whose packets are followed besides the first ones, as an earlier play of the same followed them
	 * @param options.keepsPackets all packets stand in the account
	 * @throws ScenarioError where its gateway cannot be set up, its rules do not load, or a step names what is not there
	 */
	constructor(
		scenario: PlayableScenario,
		{
			followed = new Set(),
			keepsPackets = false,
		}: {
			readonly followed?: ReadonlySet<number>;
			readonly keepsPackets?: boolean;
		} = {},
	) {
		this.scenario = scenario;
		this.followed = new Set(followed);
		for (let id = 0; id < FOLLOWED_OF_EACH; id++) this.followed.add(id);
		this.recorder = new PathRecorder(this.followed);
		const { setup, steps } = scenario;
		for (const step of steps) this.mustBeBearable(step);
		try {
			this.gateway = new ModelGateway(setup.gateway, {
				choice: gatewayChoice(setup.seed),
				trace: (event) => this.recorder.note(event),
				...assuming(setup),
			});
			this.gateway.isTraced = false;
			this.setUp();
			this.play = new OpenPlay(setup, {
				choice: worldChoice(setup.seed),
				keepPackets: keepsPackets,
				watch: (event) => this.recorder.watch(event),
			});
			this.play.schedule(steps);
		} catch (error) {
			throw asScenarioError(error, scenario, "");
		}
	}

	/** Virtual time of what happened last. */
	get nowMs(): number {
		return this.going === null
			? Math.max(this.play.nowMs, this.gateway.nowMs)
			: this.gateway.nowMs;
	}

	/** Up to when its scenario is played again to be where this stands; `null`: nothing has happened yet. */
	get reachedMs(): number | null {
		return this.hasBegun ? this.nowMs : null;
	}

	/** Has all of the present moment happened? */
	get isSettled(): boolean {
		return this.going === null;
	}

	/** Connections and flows until now. */
	get opened(): number {
		return this.play.opened;
	}

	/** Is anything left to happen, or to step to? */
	get isBusy(): boolean {
		if (this.ahead.length > 0) return true;
		return this.unknown === null && (this.going !== null || this.play.isBusy);
	}

	/** Connections whose packets are followed. */
	get following(): ReadonlySet<number> {
		return this.followed;
	}

	/** What has happened until now. */
	account(): Account {
		return this.play.account(this.unknown);
	}

	/** The same with the gateway observed as at the end of a scenario. It goes on no more. */
	observed(): Account {
		if (this.unknown === null) this.play.observe();
		this.finish({ isInclusive: false });
		return this.account();
	}

	/** Has the step happened? Of a moment that is not over: it happens in it. */
	isDone(step: Step): boolean {
		return this.hasBegun && step.atMs <= this.nowMs;
	}

	/**
	 * Carries a step out, before what else is due then; its time is set. Steps to come stay. What comes of it happens
	 * when the play goes on.
	 * @throws ScenarioError for one that names what is not there, opens too many connections, or comes too late for a
	 * scenario
	 */
	begin(step: Step): void {
		if (this.unknown !== null) return;
		const atMs = this.hasBegun ? Math.floor(this.nowMs) + 1 : 0;
		mustBeInTime(atMs);
		this.mustBeBearable(step);
		this.finish({ limitMs: atMs, isInclusive: false });
		if (this.unknown !== null) return;
		const done = { ...step, atMs };
		const { opened } = this.play;
		try {
			this.play.act(done);
		} catch (error) {
			throw asScenarioError(error, this.scenario, "");
		}
		if (step.kind === "connect" || step.kind === "send")
			for (let more = 0; more < FOLLOWED_OF_EACH; more++)
				this.followed.add(opened + more);
		this.record(new PathRecorder(this.followed));
		const { steps } = this.scenario;
		const found = steps.findIndex((one) => one.atMs >= atMs);
		const place = found < 0 ? steps.length : found;
		this.scenario = {
			...this.scenario,
			steps: steps.toSpliced(place, 0, done),
		};
		this.aimAt({ limitMs: atMs });
	}

	/** Carries a step out, with all that happens at the same moment. */
	*act(step: Step): Generator<void, void> {
		this.begin(step);
		yield* this.advance({ limitMs: this.play.nowMs });
	}

	/** Plays on until nothing but tidying up is left to happen, or the longest run is over. */
	*run(): Generator<void, void> {
		yield* this.advance({ limitMs: this.farthestMs, lullMs: 0 });
	}

	/** Lets time pass until then, and all of that moment happen. @throws ScenarioError where no scenario is so long */
	*passTo(atMs: number): Generator<void, void> {
		mustBeInTime(atMs);
		yield* this.advance({ limitMs: Math.max(atMs, this.nowMs) });
	}

	/**
	 * Plays on until the next packet of a client or a backend, or one by hand, has walked through the rules, or went
	 * past the gateway.
	 * @returns that packet; `null`: there was none
	 */
	nextPacket(): SeenPacket | null {
		const known = this.ahead.shift();
		if (known !== undefined) return known;
		this.aimAt({ limitMs: this.farthestMs, lullMs: 0 });
		this.record(new PathRecorder({ has: () => true }));
		while (this.answerOne(true)) if (this.noted > 0) break;
		const fresh = this.noted === 0 ? [] : this.packets.slice(-this.noted);
		this.record(new PathRecorder(this.followed));
		this.ahead = fresh.slice(1);
		return fresh[0] ?? null;
	}

	private get farthestMs(): number {
		const beside = this.scenario.setup.healthCheck !== null;
		const runMs = beside ? RUN_BESIDE_CHECKS_MS : LONGEST_RUN_MS;
		return Math.min(MOST_MS, this.nowMs + runMs);
	}

	private setUp(): void {
		const by = { scenario: this.scenario.name, file: "" };
		for (const step of setUpOperations(this.scenario.setup)) {
			const { operation } = step;
			const answer = this.gateway.answer({
				kind: "operation",
				atMs: 0,
				operation,
			});
			this.unknown ??= answer.unknown;
			if (answer.unknown === null) mustSetUp(step, answer.outcome, by);
		}
	}

	private record(recorder: PathRecorder): void {
		this.recorder = recorder;
		this.noted = 0;
	}

	private *advance(goal: Partial<Goal>): Generator<void, void> {
		this.ahead = [];
		this.aimAt(goal);
		for (let asks = 1; this.answerOne(false); asks++)
			if (asks % ASKS_AT_ONCE === 0) yield;
	}

	private finish(goal: Partial<Goal>): void {
		while (!this.advance(goal).next().done);
	}

	private aimAt({
		limitMs = this.play.nowMs,
		lullMs = Number.POSITIVE_INFINITY,
		isInclusive = true,
	}: Partial<Goal>): void {
		Object.assign(this.goal, { limitMs, lullMs, isInclusive });
		this.hasBegun ||= isInclusive;
		if (this.going !== null || this.unknown !== null) return;
		const advance = this.play.advance(this.goal);
		this.take(advance, advance.next());
	}

	private take(
		advance: Generator<Ask, Unknown | null, Answer>,
		next: IteratorResult<Ask, Unknown | null>,
	): void {
		if (!next.done) {
			this.going = { advance, ask: next.value };
			return;
		}
		this.going = null;
		this.unknown = next.value;
	}

	/** @returns whether there was anything to answer */
	private answerOne(looksUp: boolean): boolean {
		if (this.going === null) return false;
		const { advance, ask } = this.going;
		const { gateway, recorder } = this;
		const isFollowed = recorder.begin(ask);
		const before = isFollowed && looksUp ? this.entryOf(ask, null) : null;
		gateway.isTraced = isFollowed;
		const answer = gateway.answer(this.shortened(ask));
		if (isFollowed) recorder.end(answer, gateway);
		const after = isFollowed && looksUp ? this.entryOf(ask, answer) : null;
		this.take(advance, advance.next(answer));
		const { paths } = recorder;
		for (; this.noted < paths.length; this.noted++) {
			const path = paths[this.noted];
			if (path === undefined) continue;
			const isPast = path.direction === "past";
			this.packets.push({
				...path,
				entry: isPast ? NOT_LOOKED_UP : { before, after },
			});
			if (this.packets.length > MOST_PACKETS) this.packets.shift();
		}
		return true;
	}

	/** It may have been asked for when the goal was farther away. */
	private shortened(ask: Ask): Ask {
		const { limitMs } = this.goal;
		if (ask.kind !== "wait" || ask.toMs <= limitMs) return ask;
		return { ...ask, toMs: Math.max(ask.atMs, limitMs) };
	}

	/** The conntrack entry of a packet as `/proc/net/nf_conntrack` shows it; "": none; `null`: not looked up. */
	private entryOf(ask: Ask, answer: Answer | null): string | null {
		if (ask.kind !== "packet") return null;
		if (this.play.opened > MOST_LOOKED_UP) return null;
		const packets = [ask, ...(answer?.emissions ?? [])].map(
			({ packet }) => packet,
		);
		const isOne = (line: ConntrackLine) =>
			packets.some((packet) => isEntryOf(line, packet));
		return this.gateway.conntrackLines.find(isOne)?.text ?? "";
	}

	private mustBeBearable(step: Step): void {
		if (step.kind !== "connect" && step.kind !== "send") return;
		this.connections += step.count;
		if (this.connections <= MOST_CONNECTIONS) return;
		this.connections -= step.count;
		throw new ScenarioError("invalid", "", [
			{
				path: "",
				message: `more than ${MOST_CONNECTIONS.toLocaleString("en")} connections are too many for a page`,
				remedy:
					"Save the scenario and play more of them with `marktwin run`, or start again.",
			},
		]);
	}
}

function mustBeInTime(atMs: number): void {
	if (atMs <= MOST_MS) return;
	throw new ScenarioError("invalid", "", [
		{
			path: "",
			message: `${(atMs / 86_400_000).toFixed(1)} days are longer than a scenario plays: 31 days`,
			remedy: "Take steps out, or start again.",
		},
	]);
}

function isEntryOf(
	{ protocol, original, reply }: ConntrackLine,
	packet: Packet,
): boolean {
	if (packet.kind !== protocol) return false;
	if (packet.kind !== "tcp" && packet.kind !== "udp") return false;
	const source = formatAddress(packet.source);
	const destination = formatAddress(packet.destination);
	return [original, reply].some(
		(tuple) =>
			tuple.source === source &&
			tuple.destination === destination &&
			tuple.sourcePort === packet.sourcePort &&
			tuple.destinationPort === packet.destinationPort,
	);
}
