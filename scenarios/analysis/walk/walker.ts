/**
 * Takes every way: the model is played once along each, from a snapshot, with its questions answered as the
 * way says. A question at which the walk has stood before in the very same state ends the play there, so
 * the number of plays is that of the edges of the graph and not that of the ways.
 */
import type { Choice } from "../../../sim/chance/choice.ts";
import type {
	Emission,
	Fate,
	GatewaySetup,
} from "../../../sim/contract/gateway.ts";
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import { UnknownSignal } from "../../../sim/contract/unknown-signal.ts";
import { type Assumed, Assumptions } from "../../../sim/extension/assumed.ts";
import type { AskedQuestion } from "../../../sim/extension/host.ts";
import {
	both,
	type Numbers,
	type ValueAsked,
	without,
} from "../../../sim/extension/made-up.ts";
import {
	type GatewaySnapshot,
	ModelGateway,
	type WalkedGatewayPorts,
} from "../../../sim/gateway/model-gateway.ts";
import { invariant } from "../../../sim/invariant.ts";
import { FreeWalk } from "../../../sim/netfilter/free-walk.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import {
	type MultipathDraw,
	multipathDraw,
} from "../../../sim/routing/fib/multipath.ts";
import type { AskedFact } from "../../../sim/ruleset/rule-traits.ts";
import type { Asked, Decision, End } from "./decision.ts";
import { forWalks, type WalkerOptions, waysOf } from "./for-walks.ts";
import { type Fork, Merged, type Play, playOf } from "./play.ts";
import { type RuleIndex, ruleIndex } from "./rule-index.ts";

/** A packet that comes in, and by which interface; `lo`: a program of the gateway itself sends it. */
export interface Arrival {
	readonly interface: string;
	readonly packet: Packet;
	/** A host answers a client: its destination port is the client's. */
	readonly isAnswer?: true;
}

/** What was answered before: an earlier packet of the same connection, and the ways that it took. */
export interface Before extends Arrival {
	readonly ways: readonly number[];
	/** Virtual time that passes behind it, ms. */
	readonly thenMs?: number;
}

/** What is fixed in a walk, and how far it goes. */
export interface WalkOptions {
	/** Packets that came before, in order; their questions are answered as they were then. */
	readonly before?: readonly Before[];
	/** A packet that is delivered to the gateway itself: a program listens there. Left out: nobody is said to. */
	readonly listens?: Packet;
	/** The most forks of the graph (default 20,000). */
	readonly mostForks?: number;
	/** Where the walk begins (default with the rules just loaded). */
	readonly from?: GatewaySnapshot;
	/** Hears of each end, while the gateway is as the packet has left it. */
	readonly ended?: (end: End) => void;
}

/** The ways are more than a walk may take. */
export class TooManyWaysError extends Error {
	override readonly name = "TooManyWaysError";
}

const MOST_FORKS = 20_000;
/** Of all walks of a ruleset together: 1,000 services with 30 backends each have half as many. */
const MOST_FORKS_IN_ALL = 200_000;
/** By which a program of the gateway itself sends. */
export const OWN_INTERFACE = "lo";
/** Addresses or ports of a range are told apart up to this many. */
const MOST_SPREAD = 1024;
/** Facts that are kept on a way: each doubles the ways behind it. What is asked for beyond them is open each time. */
const MOST_FACTS = 5;
/** The same of a packet that stands for any. */
const MOST_OF_ANY = 12;
const OF_ANY = "of any packet: ";
/** The draw that picks a destination port; ports of a source decide nothing. */
const DESTINATION_PORT = "nat destination port";

type Spread = Extract<Asked, { readonly kind: "spread" }>;

/** Is it a fact of a packet that stands for any, which has one answer on its way? */
export function isOfAny({ key }: Asked): boolean {
	return key.startsWith(OF_ANY);
}

export class Walker {
	readonly rules: RuleIndex;
	/** What is assumed of matches that the model does not know. */
	readonly assumptions: Assumptions;
	/** With the ruleset, whose questions are answered by walks. */
	readonly gateway: ModelGateway;
	private readonly free: FreeWalk;
	/** What the gateway has on which later packets depend. */
	readonly kept: Pick<FreeWalk, "flows" | "rulesText" | "remembered">;
	readonly packetsWriteTo: FreeWalk["packetsWriteTo"];
	/** The rules were just loaded. */
	readonly begin: GatewaySnapshot;
	/** What is assumed either way, and holds for all packets of a play. */
	private readonly assumedFacts = new Map<string, boolean>();
	/** Values that the packets of a connection were made up with, and that are the same in all of them. */
	private readonly lasting = new Map<string, Numbers>();
	/** How many were made in all walks. */
	private forks = 0;
	private play: Play = playOf([], () => null);
	private readonly isOfClients: boolean;

	/**
	 * @param assume what is taken for matching (`yes`), for not matching, or for both, of what the model does not know
	 * @throws SetupError when the setup contradicts itself
	 */
	constructor(
		ruleset: Ruleset,
		setup: GatewaySetup,
		assume: Readonly<Record<string, Assumed>> = {},
		{ repeats = false, ofAny = false, ofClients = false }: WalkerOptions = {},
	) {
		this.rules = ruleIndex(ruleset, repeats);
		this.isOfClients = ofClients;
		this.free = new FreeWalk(
			(asked) => this.decide(asked),
			(value, rule) => this.decideValue(value, rule),
			ofAny,
		);
		this.kept = this.free;
		this.packetsWriteTo = (set) => this.free.packetsWriteTo(set);
		const choice: Choice = {
			pick: (count, label) => {
				const multipath = multipathDraw(label);
				if (multipath !== null) return this.hop(multipath);
				return label.startsWith(DESTINATION_PORT)
					? this.spread(count, label, { by: "draw" })
					: 0;
			},
			happens: () => false,
			spread: (count, label, hash, of = "client") => {
				const own = Math.floor(((hash >>> 0) * count) / 2 ** 32);
				return this.spread(count, label, { by: "hash", own, of });
			},
		};
		this.assumptions = new Assumptions(assume);
		const ports: WalkedGatewayPorts = {
			choice,
			walk: this.free,
			...(Object.keys(assume).length === 0 ? {} : { assume: this.assumptions }),
		};
		this.gateway = new ModelGateway(forWalks(setup), ports);
		this.gateway.load(ruleset);
		this.begin = this.gateway.snapshot();
	}

	/**
	 * All that may become of a packet.
	 * @throws TooManyWaysError
	 */
	walk(arrival: Arrival, options: WalkOptions = {}): Decision {
		const { mostForks = MOST_FORKS } = options;
		const forks = new Map<string, Fork>();
		const take = (ways: readonly number[]): Decision => {
			const met: Fork[] = [];
			const end = this.along(arrival, ways, options, (asked, moment) => {
				const known = forks.get(moment);
				if (known !== undefined) return known;
				// Who begins elsewhere has a budget of his own.
				if (options.from === undefined) this.forks++;
				if (forks.size >= mostForks || this.forks > MOST_FORKS_IN_ALL)
					throw new TooManyWaysError(
						`a packet has more than ${Math.min(mostForks, forks.size)} different ways through these rules`,
					);
				const fork: Fork = { kind: "fork", asked, ways: [] };
				forks.set(moment, fork);
				met.push(fork);
				return null;
			});
			// Each new fork leads by its first way to the next one, and the last one to the end of the play.
			const nodes = [...met, end];
			for (const [index, fork] of met.entries()) {
				const branches = fork.ways as Decision[];
				branches.push(nodes[index + 1] as Decision);
				const before = [...ways, ...met.slice(0, index).map(() => 0)];
				for (let way = 1; way < waysOf(fork.asked); way++)
					branches.push(take([...before, way]));
			}
			return nodes[0] as Decision;
		};
		return take([]);
	}

	/**
	 * Sends one packet to the gateway as it is, by ways that a walk has found, and by the first ways beyond those.
	 * The gateway is then as the packet has left it.
	 */
	follow(arrival: Arrival, ways: readonly number[]): End {
		this.lasting.clear();
		const reached = this.send(arrival, ways, () => null);
		invariant(reached.kind === "leaf", "a packet that is followed has no end");
		return reached.end;
	}

	/** How often packets have come to a match that asks for what they were made up with. */
	get valuesMet(): number {
		return this.free.valuesMet;
	}

	/** What the gateway keeps of connections as it is, a text each: zones, marks, labels, addresses. */
	connections(): readonly string[] {
		return this.free.connections();
	}

	/**
	 * @param atQuestion is asked at each question that `ways` do not answer: the fork at which the play ends, or
	 * `null` to go on by its first way
	 */
	private along(
		arrival: Arrival,
		ways: readonly number[],
		{ before = [], from = this.begin, listens, ended }: WalkOptions,
		atQuestion: Play["atQuestion"],
	): Decision {
		this.gateway.restore(from);
		this.assumedFacts.clear();
		this.lasting.clear();
		if (listens !== undefined) this.listen(listens);
		for (const one of before) {
			this.send(one, one.ways, () => {
				throw new Error("a packet before has other ways");
			});
			if (one.thenMs !== undefined)
				this.gateway.advanceTo(this.gateway.nowMs + one.thenMs);
		}
		const reached = this.send(arrival, ways, atQuestion);
		if (reached.kind === "leaf") ended?.(reached.end);
		return reached;
	}

	private send(
		arrival: Arrival,
		ways: readonly number[],
		atQuestion: Play["atQuestion"],
	): Decision {
		this.play = playOf(ways, atQuestion);
		const { packet, isAnswer = false } = arrival;
		this.free.begin(this.isOfClients ? { packet, isAnswer } : null);
		if (arrival.interface === OWN_INTERFACE) this.openPortOf(arrival.packet);
		try {
			const { fate, emissions } = this.gateway.receive(
				arrival.interface,
				arrival.packet,
			);
			return { kind: "leaf", end: this.endOf(fate, emissions) };
		} catch (stop) {
			if (stop instanceof Merged) return stop.fork;
			throw stop;
		}
	}

	/** A program of the gateway's own listens where a packet is delivered, until the gateway is restored. */
	listen(delivered: Packet): void {
		if (delivered.kind !== "tcp" && delivered.kind !== "udp") return;
		const { kind, destination, destinationPort } = delivered;
		this.open(kind, destination, destinationPort);
	}

	/** The program has a socket, so that the stack does not refuse what is answered. */
	private openPortOf(packet: Packet): void {
		if (packet.kind !== "tcp" && packet.kind !== "udp") return;
		this.open(packet.kind, packet.source, packet.sourcePort);
	}

	private open(protocol: "tcp" | "udp", address: number, port: number): void {
		this.gateway.answer({
			kind: "port",
			atMs: this.gateway.nowMs,
			protocol,
			address: formatAddress(address),
			port,
			becomes: "open",
		});
	}

	private endOf(fate: Fate, emissions: readonly Emission[]): End {
		const { packet, rules, ...marks } = this.free.record;
		const isForwarded = fate.kind === "forwarded";
		const sent = isForwarded ? emissions.at(-1) : undefined;
		const answer = isForwarded
			? undefined
			: // What is for a program of the gateway's comes out on `lo`.
				emissions.find(({ interface: by }) => by !== OWN_INTERFACE);
		return {
			fate: this.inFile(fate, rules.at(-1)),
			packet: sent?.packet ?? packet,
			...marks,
			rules: rules.map((rule) => this.rules.find(rule)),
			isTranslated: rules
				.slice(0, marks.beforeRouting)
				.some((rule) => this.rules.givesDestination(rule)),
			answered: answer === undefined ? null : printPacket(answer.packet),
			drawsHop: this.play.drawsHop,
			ways: this.play.ways,
		};
	}

	/**
	 * What is not known with its line in the file that was analysed; what drops by its name as a rule, where the kernel
	 * calls an unconditional verdict a policy, or the end of a chain. A policy is none, also where a rule of its number
	 * stood before the rules were flushed.
	 * @param last rule that the packet matched
	 */
	private inFile(fate: Fate, last: string | undefined): Fate {
		if (fate.kind === "dropped") {
			const rule = fate.by.replace(/:(?:policy|return):/, ":rule:");
			const by = (rule === last ? rule : fate.by) as typeof fate.by;
			return { kind: "dropped", by };
		}
		if (fate.kind !== "unknown") return fate;
		const { line } = this.rules.find(fate.unknown.rule);
		return { kind: "unknown", unknown: { ...fate.unknown, line } };
	}

	private decide(whole: AskedQuestion): boolean {
		const { question, rule, place, assumed, fact: ofAny } = whole;
		const at = this.rules.find(rule);
		if (ofAny !== undefined && question.kind === "open")
			return this.ofAny({ ...question, key: `${OF_ANY}${ofAny}`, at });
		if (question.kind === "condition") {
			const { name, inverted } = question;
			const key = `condition ${name}`;
			const known = this.play.conditions.get(name);
			const value =
				known ?? this.way({ kind: "condition", key, name, at }, rule);
			this.play.conditions.set(name, value);
			return (value === 1) !== inverted;
		}
		const asked: Asked = { ...question, key: `${rule} ${place}`, at };
		const fact = assumed ?? this.factAsked(rule, place);
		if (fact === null) return this.way(asked, rule) === 1;
		const facts = assumed === undefined ? this.play.facts : this.assumedFacts;
		const known = facts.get(fact.key);
		if (known !== undefined) return known !== fact.inverted;
		const matches = this.way(asked, rule) === 1;
		if (assumed !== undefined || facts.size < MOST_FACTS)
			facts.set(fact.key, matches !== fact.inverted);
		return matches;
	}

	/** What packets that are walked as one may have or not. */
	private ofAny(asked: Asked): boolean {
		const { facts } = this.play;
		const known = facts.get(asked.key);
		if (known !== undefined) return known;
		const is = this.way(asked, asked.at.rule) === 1;
		if (facts.size < MOST_OF_ANY) facts.set(asked.key, is);
		return is;
	}

	/** Is a value of the packet one of those that are asked for? What was answered before is so from then on. */
	private decideValue(
		{ on, key, may, holds, lasts }: ValueAsked,
		rule: string,
	): boolean {
		const values = lasts === true ? this.lasting : this.play.values;
		const left = values.get(key) ?? may;
		const [yes, no] = [both(left, holds), without(left, holds)];
		if (yes.length === 0 || no.length === 0) return no.length === 0;
		const asked: Asked = {
			kind: "open",
			on,
			isUnknown: true,
			key: `${rule} ${key}`,
			at: this.rules.find(rule),
		};
		const matches = this.way(asked, rule) === 1;
		values.set(key, matches ? yes : no);
		return matches;
	}

	/** What has one answer, whichever rule asks. */
	private factAsked(
		rule: string,
		place: number,
	): Pick<AskedFact, "key" | "inverted"> | null {
		const fact = this.rules.sharedFact(rule, place);
		if (fact?.about !== "packet") return fact;
		return { ...fact, key: `${fact.key} of ${this.free.packetText()}` };
	}

	private spread(
		count: number,
		label: string,
		picking: Pick<Spread, "by" | "own" | "of">,
	): number {
		if (count === 1) return 0;
		if (count > MOST_SPREAD)
			throw new UnknownSignal(
				`a range of ${count} is not taken apart: at most ${MOST_SPREAD} are`,
			);
		const rule = this.free.record.rules.at(-1) ?? "";
		const at = this.rules.find(rule);
		const way = this.way(
			{
				kind: "spread",
				key: `${rule} ${label}`,
				at,
				count,
				...picking,
			},
			rule,
		);
		this.play.picked.push(`${rule} ${label} ${way}`);
		return way;
	}

	/** Which of several next hops a packet takes: the first stands for all where packets stand for themselves. */
	private hop({ hops }: MultipathDraw): number {
		if (this.isOfClients)
			throw new UnknownSignal(
				`which of several next hops a packet takes (${hops}) follows from a hash with a secret key`,
			);
		this.play.drawsHop = true;
		this.play.picked.push(`next hop of ${hops}`);
		return 0;
	}

	private way(asked: Asked, rule: string): number {
		const { play } = this;
		const way = play.ways[play.taken++];
		if (way !== undefined) return way;
		const fork = play.atQuestion(asked, this.momentAt(asked, rule));
		if (fork !== null) throw new Merged(fork);
		play.ways.push(0);
		return 0;
	}

	/**
	 * Where a condition is asked about is a part of it: its key does not tell. Conditions that only one rule asks
	 * about make no difference once it has asked.
	 */
	private momentAt({ key }: Asked, rule: string): string {
		const [table = ""] = rule.split(":", 1);
		const conditions = [...this.play.conditions]
			.filter(([name]) => this.rules.conditionIsShared(name))
			.map(([name, value]) => `${name}=${value}`)
			.sort();
		const facts = [...this.play.facts, ...this.assumedFacts]
			.map((fact) => fact.join("="))
			.sort();
		const values = [...this.play.values, ...this.lasting].map(
			([name, left]) => `${name}: ${left.join(" ")}`,
		);
		return [
			key,
			rule,
			...conditions,
			...facts,
			...values.sort(),
			...this.play.picked,
			this.free.momentIn(table),
		].join("|");
	}
}
