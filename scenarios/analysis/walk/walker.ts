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
import type { AskedQuestion } from "../../../sim/extension/host.ts";
import {
	type GatewaySnapshot,
	ModelGateway,
} from "../../../sim/gateway/model-gateway.ts";
import { invariant } from "../../../sim/invariant.ts";
import { FreeWalk } from "../../../sim/netfilter/free-walk.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Asked, Decision, End } from "./decision.ts";
import { type RuleIndex, ruleIndex } from "./rule-index.ts";

/** A packet that comes in, and by which interface. @public */
export interface Arrival {
	readonly interface: string;
	readonly packet: Packet;
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
	/** The most forks of the graph (default 20,000). */
	readonly mostForks?: number;
}

/** The ways are more than a walk may take. */
export class TooManyWaysError extends Error {
	override readonly name = "TooManyWaysError";
}

const MOST_FORKS = 20_000;
/** Addresses or ports of a range are told apart up to this many. */
const MOST_SPREAD = 1024;
/** The draw that picks a destination port; ports of a source decide nothing. */
const DESTINATION_PORT = "nat destination port";

/** Stops a play at a question. */
class AtQuestion {
	readonly asked: Asked;
	readonly moment: string;

	constructor(asked: Asked, moment: string) {
		this.asked = asked;
		this.moment = moment;
	}
}

type Fork = Extract<Decision, { readonly kind: "fork" }>;

/** A play: the ways that it takes, how many it has taken, and conditions that it has met. */
interface Play {
	readonly ways: readonly number[];
	taken: number;
	readonly conditions: Map<string, number>;
}

export class Walker {
	readonly rules: RuleIndex;
	private readonly gateway: ModelGateway;
	private readonly free: FreeWalk;
	private readonly begin: GatewaySnapshot;
	private play: Play = { ways: [], taken: 0, conditions: new Map() };

	/**
	 * @throws SetupError when the setup contradicts itself
	 */
	constructor(ruleset: Ruleset, setup: GatewaySetup) {
		this.rules = ruleIndex(ruleset);
		this.free = new FreeWalk((asked) => this.decide(asked));
		const choice: Choice = {
			pick: (count, label) =>
				label.startsWith(DESTINATION_PORT)
					? this.spread(count, label, "draw")
					: 0,
			happens: () => false,
			spread: (count, label) => this.spread(count, label, "hash"),
		};
		this.gateway = new ModelGateway(withoutRedirects(setup), {
			choice,
			walk: this.free,
		});
		const outcome = this.gateway.operate({
			kind: "restore",
			text: printRuleset(ruleset, { counters: false }),
			file: "",
			noflush: false,
			counters: false,
		});
		invariant(outcome.ok, "a ruleset that was checked does not load");
		this.begin = this.gateway.snapshot();
	}

	/**
	 * All that may become of a packet.
	 * @throws TooManyWaysError
	 */
	walk(arrival: Arrival, options: WalkOptions = {}): Decision {
		const { before = [], mostForks = MOST_FORKS } = options;
		const forks = new Map<string, Fork>();
		const take = (ways: readonly number[]): Decision => {
			const met = this.along(arrival, ways, before);
			if (!(met instanceof AtQuestion)) return { kind: "leaf", end: met };
			const known = forks.get(met.moment);
			if (known !== undefined) return known;
			if (forks.size >= mostForks)
				throw new TooManyWaysError(
					`a packet has more than ${mostForks} different ways through these rules`,
				);
			const branches: Decision[] = [];
			const fork: Fork = { kind: "fork", asked: met.asked, ways: branches };
			forks.set(met.moment, fork);
			for (let way = 0; way < waysOf(met.asked); way++)
				branches.push(take([...ways, way]));
			return fork;
		};
		return take([]);
	}

	/** What becomes of a packet along one way, which `walk` has found. */
	end(
		arrival: Arrival,
		ways: readonly number[],
		before: readonly Before[] = [],
	): End {
		const met = this.along(arrival, ways, before);
		invariant(!(met instanceof AtQuestion), "the way does not lead to an end");
		return met;
	}

	private along(
		arrival: Arrival,
		ways: readonly number[],
		before: readonly Before[],
	): End | AtQuestion {
		this.gateway.restore(this.begin);
		for (const one of before) {
			const met = this.send(one, one.ways);
			invariant(!(met instanceof AtQuestion), "a packet before has other ways");
			if (one.thenMs !== undefined)
				this.gateway.advanceTo(this.gateway.nowMs + one.thenMs);
		}
		return this.send(arrival, ways);
	}

	private send(arrival: Arrival, ways: readonly number[]): End | AtQuestion {
		this.play = { ways, taken: 0, conditions: new Map() };
		this.free.begin();
		try {
			const { fate, emissions } = this.gateway.receive(
				arrival.interface,
				arrival.packet,
			);
			return this.endOf(fate, emissions, ways);
		} catch (stop) {
			if (stop instanceof AtQuestion) return stop;
			throw stop;
		}
	}

	private endOf(
		fate: Fate,
		emissions: readonly Emission[],
		ways: readonly number[],
	): End {
		const { packet, rules, ...marks } = this.free.record;
		const sent = fate.kind === "forwarded" ? emissions.at(-1) : undefined;
		const answer = fate.kind === "forwarded" ? undefined : emissions[0];
		return {
			fate: this.inFile(fate),
			packet: sent?.packet ?? packet,
			...marks,
			rules: rules.map((rule) => this.rules.find(rule)),
			answered: answer === undefined ? null : printPacket(answer.packet),
			ways,
		};
	}

	/** What is not known, with the rule's line in the file that was analysed. */
	private inFile(fate: Fate): Fate {
		if (fate.kind !== "unknown") return fate;
		const { line } = this.rules.find(fate.unknown.rule);
		return { kind: "unknown", unknown: { ...fate.unknown, line } };
	}

	private decide({ question, rule, place }: AskedQuestion): boolean {
		const at = this.rules.find(rule);
		if (question.kind === "condition") {
			const { name, inverted } = question;
			const key = `condition ${name}`;
			const known = this.play.conditions.get(name);
			const value =
				known ?? this.way({ kind: "condition", key, name, at }, rule);
			this.play.conditions.set(name, value);
			return (value === 1) !== inverted;
		}
		const key = `${rule} ${place}`;
		return this.way({ ...question, key, at }, rule) === 1;
	}

	private spread(count: number, label: string, by: "hash" | "draw"): number {
		if (count === 1) return 0;
		if (count > MOST_SPREAD)
			throw new UnknownSignal(
				`a range of ${count} is not taken apart: at most ${MOST_SPREAD} are`,
			);
		const rule = this.free.record.rules.at(-1) ?? "";
		const at = this.rules.find(rule);
		return this.way(
			{ kind: "spread", key: `${rule} ${label}`, at, by, count },
			rule,
		);
	}

	private way(asked: Asked, rule: string): number {
		const { ways, taken } = this.play;
		const way = ways[taken];
		if (way === undefined)
			throw new AtQuestion(asked, this.momentAt(asked, rule));
		this.play.taken++;
		return way;
	}

	/** Conditions that only one rule asks about make no difference once it has asked. */
	private momentAt({ key }: Asked, rule: string): string {
		const [table = ""] = rule.split(":", 1);
		const conditions = [...this.play.conditions]
			.filter(([name]) => this.rules.conditionIsShared(name))
			.map(([name, value]) => `${name}=${value}`)
			.sort();
		return [key, ...conditions, this.free.momentIn(table)].join("|");
	}
}

/**
 * An ICMP redirect is sent besides a packet that leaves by the interface by which it came: it changes nothing
 * about where that packet goes, and the model does not make it.
 */
function withoutRedirects(setup: GatewaySetup): GatewaySetup {
	// A dot in a name is a slash where names are parts of a path, as sysctl(8) has it.
	const names = setup.interfaces.map(({ name }) => name.replaceAll(".", "/"));
	const off = ["all", ...names].map((name) => [
		`ipv4.conf.${name}.send_redirects`,
		0,
	]);
	return {
		...setup,
		sysctls: { ...setup.sysctls, ...Object.fromEntries(off) },
	};
}

function waysOf(asked: Asked): number {
	return asked.kind === "spread" ? asked.count : 2;
}
