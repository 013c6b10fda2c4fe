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
import { OpenPlay } from "../../sim/world/world.ts";

/** Between two looks at whether to stop, or to show how far it is. */
const ASKS_AT_ONCE = 256;
/** Packets that are kept, with their ways through the rules. */
const MOST_PACKETS = 200;
/** With more entries than that, none is looked up for each packet. */
const MOST_ENTRIES = 2_000;
/** A client of Linux sends its SYN for two minutes. */
const LONGEST_RUN_MS = 600_000;
/** A health checker is never done. */
const RUN_BESIDE_CHECKS_MS = 10_000;
/** Connections of each step whose packets are followed. */
const FOLLOWED_OF_EACH = 3;
/** Connections and flows of an exploration, all steps together: their records stay until it is closed. */
const MOST_CONNECTIONS = 500_000;

/** A packet that was followed, and its conntrack entry as `/proc/net/nf_conntrack` shows it: "" is none, `null` was not looked up. */
export interface SeenPacket extends PacketPath {
	readonly entry: {
		readonly before: string | null;
		readonly after: string | null;
	};
}

/** Shorter than what lies between any two things that happen. */
const INSTANT_MS = 1e-6;

/** One play of a scenario, to which steps can be added. */
export class Exploration {
	/** With all steps, those to come among them. */
	scenario: PlayableScenario;
	/** What the model does not know; the play stands there for good. */
	unknown: Unknown | null = null;
	/** The latest packets that were followed, oldest first. */
	readonly packets: SeenPacket[] = [];
	readonly gateway: ModelGateway;
	private readonly play: OpenPlay;
	private readonly goal = { limitMs: 0, lullMs: 0, isInclusive: false };
	/** An advance that stands in its middle, with what it asks. */
	private going: {
		readonly advance: Generator<Ask, Unknown | null, Answer>;
		readonly ask: Ask;
	} | null = null;
	/** Steps that were added, at their own time. */
	private readonly acted = new Set<Step>();
	/** Connections whose packets are followed. */
	private readonly followed: Set<number>;
	private recorder: PathRecorder;
	private noted = 0;
	/** Connections of all steps, those to come among them. */
	private connections = 0;

	/**
	 * @param followed connections of which packets are kept besides the first ones, as an earlier play of the same followed them
	 * @throws ScenarioError where its gateway cannot be set up, its rules do not load, or a step names what is not there
	 */
	constructor(
		scenario: PlayableScenario,
		followed: ReadonlySet<number> = new Set(),
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
				keepPackets: false,
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

	/** Until when its scenario has to be played to be as this is: what is due later has not happened. */
	get endMs(): number {
		const isBetween = this.going === null && this.stoodAtMs === this.nowMs;
		return Math.max(1, this.nowMs + (isBetween ? -INSTANT_MS : INSTANT_MS));
	}

	/** Is anything left to happen, steps to come among it? */
	get isBusy(): boolean {
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

	/** Has the step happened? */
	isDone(step: Step): boolean {
		return this.acted.has(step) || step.atMs < this.nowMs;
	}

	/**
	 * Carries a step out, before what else is due then; its time is set. Steps to come stay. What comes of it happens
	 * when the play goes on.
	 * @throws ScenarioError for one that names what is not there, or opens too many connections
	 */
	begin(step: Step): void {
		this.standBetween();
		if (this.unknown !== null) return;
		const atMs = this.play.nowMs;
		const done = { ...step, atMs };
		this.mustBeBearable(done);
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
		const found = steps.findIndex(
			(one) => one.atMs >= atMs && !this.acted.has(one),
		);
		const place = found < 0 ? steps.length : found;
		this.acted.add(done);
		this.scenario = {
			...this.scenario,
			steps: steps.toSpliced(place, 0, done),
		};
		this.aimAt(atMs, Number.POSITIVE_INFINITY);
	}

	/** Carries a step out, with all that happens at the same moment because of it. */
	*act(step: Step): Generator<void, void> {
		this.begin(step);
		yield* this.advance(this.play.nowMs, Number.POSITIVE_INFINITY);
	}

	/** Plays on until nothing but tidying up is left to happen, or the longest run is over. */
	*run(): Generator<void, void> {
		yield* this.advance(this.farthestMs, 0);
	}

	/** Lets time pass until then. */
	*passTo(atMs: number): Generator<void, void> {
		const toMs = Math.max(atMs, this.play.nowMs);
		yield* this.advance(toMs, Number.POSITIVE_INFINITY);
	}

	/** Plays on until the next packet of a client or a backend, or one by hand, has walked through the rules. */
	nextPacket(): void {
		this.aimAt(this.farthestMs, 0);
		this.record(new PathRecorder({ has: () => true }));
		while (this.answerOne(true)) if (this.noted > 0) break;
		this.record(new PathRecorder(this.followed));
	}

	private get farthestMs(): number {
		const beside = this.scenario.setup.healthCheck !== null;
		return this.play.nowMs + (beside ? RUN_BESIDE_CHECKS_MS : LONGEST_RUN_MS);
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

	/** To a moment at which a step can be: all that is due before it has happened, and nothing that is due then. */
	private standBetween(): void {
		const { nowMs } = this;
		const isThere =
			this.going === null && this.stoodAtMs === nowMs && nowMs % 1 === 0;
		const toMs = isThere ? nowMs : Math.floor(nowMs) + 1;
		this.aimAt(Math.max(toMs, this.play.nowMs), Number.POSITIVE_INFINITY);
		while (this.answerOne(false));
	}

	/** Where the play stood still last; what was due then had not happened. */
	private stoodAtMs = 0;

	private *advance(limitMs: number, lullMs: number): Generator<void, void> {
		this.aimAt(limitMs, lullMs);
		for (let asks = 1; this.answerOne(false); asks++)
			if (asks % ASKS_AT_ONCE === 0) yield;
	}

	private aimAt(limitMs: number, lullMs: number): void {
		this.goal.limitMs = limitMs;
		this.goal.lullMs = lullMs;
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
		// One that ended for want of anything to do may have done what was due by then.
		this.stoodAtMs =
			this.goal.limitMs === this.play.nowMs ? this.play.nowMs : Number.NaN;
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
			this.packets.push({ ...path, entry: { before, after } });
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
		const lines = this.gateway.conntrackLines;
		if (lines.length > MOST_ENTRIES) return null;
		const packets = [ask, ...(answer?.emissions ?? [])].map(
			({ packet }) => packet,
		);
		const isOne = (line: ConntrackLine) =>
			packets.some((packet) => isEntryOf(line, packet));
		return lines.find(isOne)?.text ?? "";
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
