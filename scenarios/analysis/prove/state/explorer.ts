/**
 * Situations that a gateway can be in, and what packets, time and operations make of each. A walk answers for
 * counters, draws and conditions, so a situation is what is left: rules, connections, sets. Each is interned by
 * its hash, and what was played once from it is known.
 */
import type { Operation } from "../../../../sim/contract/gateway.ts";
import type { GatewaySnapshot } from "../../../../sim/gateway/model-gateway.ts";
import { hashOf } from "../../../../sim/gateway/state/state-hash.ts";
import { printPacket } from "../../../../sim/packet/notation/notation.ts";
import type { Decision, End } from "../../walk/decision.ts";
import {
	type Arrival,
	TooManyWaysError,
	type Walker,
} from "../../walk/walker.ts";

export interface Situation {
	readonly id: number;
	/** Where it is the same, operations on rules lead to the same rules. */
	readonly rules: string;
	readonly snapshot: GatewaySnapshot;
}

/** What may become of a packet, and the situation that each end leaves behind. */
export interface Passed {
	readonly decision: Decision;
	readonly after: ReadonlyMap<End, Situation>;
}

/** More was to be played than the budget allows. */
export class BudgetError extends Error {
	override readonly name = "BudgetError";
}

export class Explorer {
	/** The rules were just loaded. */
	readonly start: Situation;
	/** How many packets were walked. */
	walked = 0;
	private readonly walker: Walker;
	private readonly budget: number;
	private readonly situations = new Map<string, Situation>();
	private readonly passed = new Map<string, Passed>();
	private readonly moved = new Map<string, Situation>();
	/** By their text. */
	private readonly rules = new Map<string, number>();
	/** By the rules before and the name of an operation on rules: what it has led to. */
	private readonly loaded = new Map<string, GatewaySnapshot>();
	private readonly onWalk: (walked: number) => void;

	/** @param onWalk hears now and then how many packets were walked */
	constructor(
		walker: Walker,
		{
			budget,
			onWalk = () => {},
		}: {
			readonly budget: number;
			readonly onWalk?: (walked: number) => void;
		},
	) {
		this.walker = walker;
		this.budget = budget;
		this.onWalk = onWalk;
		walker.gateway.restore(walker.begin);
		this.start = this.here();
	}

	get size(): number {
		return this.situations.size;
	}

	/** @throws BudgetError */
	packet(at: Situation, arrival: Arrival): Passed {
		const key = `${at.id} ${arrival.interface} ${printPacket(arrival.packet)}`;
		const known = this.passed.get(key);
		if (known !== undefined) return known;
		if (++this.walked > this.budget)
			throw new BudgetError(
				`more than ${this.budget.toLocaleString("en-US")} packets had to be walked (--budget)`,
			);
		if (this.walked % 256 === 0) this.onWalk(this.walked);
		const after = new Map<End, Situation>();
		const decision = this.walkFrom(at, arrival, after);
		const found = { decision, after };
		this.passed.set(key, found);
		return found;
	}

	private walkFrom(
		{ snapshot }: Situation,
		arrival: Arrival,
		after: Map<End, Situation>,
	): Decision {
		try {
			return this.walker.walk(arrival, {
				from: snapshot,
				ended: (end) => after.set(end, this.here()),
			});
		} catch (error) {
			if (error instanceof TooManyWaysError)
				throw new BudgetError(error.message);
			throw error;
		}
	}

	/** What administrators do, one after the other. @param name tells it from others */
	operate(
		at: Situation,
		name: string,
		operations: readonly Operation[],
	): Situation {
		const { gateway } = this.walker;
		const [own, ofRules] = [`${at.id} ${name}`, `rules ${at.rules} ${name}`];
		const play = () => {
			for (const one of operations) gateway.operate(one);
		};
		const isAll = (kinds: readonly Operation["kind"][]) =>
			operations.every(({ kind }) => kinds.includes(kind));
		// A second gateway knows no connection.
		if (isAll(["take-over"])) return this.move(at, ofRules, play);
		if (!isAll(["restore", "iptables"])) return this.move(at, own, play);
		return this.move(at, own, () => {
			const known = this.loaded.get(ofRules);
			if (known !== undefined && gateway.takeRules(known)) return;
			play();
			this.loaded.set(ofRules, gateway.snapshot());
		});
	}

	/** Time passes. */
	wait(at: Situation, ms: number): Situation {
		return this.move(at, `${at.id} wait ${ms}`, () => {
			const { gateway } = this.walker;
			gateway.advanceTo(gateway.nowMs + ms);
			gateway.removeExpired();
		});
	}

	/** Until no connection is left, ms; `null`: there is none. */
	timeLeft({ snapshot }: Situation): number | null {
		const { gateway } = this.walker;
		gateway.restore(snapshot);
		const left = gateway.conntrackLines.map(({ timeoutS }) => timeoutS);
		return left.length === 0 ? null : (Math.max(...left) + 2) * 1000;
	}

	/** @param key of what is played, from where */
	private move(at: Situation, key: string, play: () => void): Situation {
		const known = this.moved.get(key);
		if (known !== undefined) return known;
		this.walker.gateway.restore(at.snapshot);
		play();
		const to = this.here();
		this.moved.set(key, to);
		return to;
	}

	private here(): Situation {
		const { walker, situations } = this;
		const rules = this.rulesNow();
		const key = `${rules} ${hashOf(walker.kept.flows())}`;
		const known = situations.get(key);
		if (known !== undefined) return known;
		const situation = {
			id: situations.size,
			rules: `${rules} ${walker.kept.remembered()}`,
			snapshot: walker.gateway.snapshot(),
		};
		situations.set(key, situation);
		return situation;
	}

	private rulesNow(): number {
		const { rules } = this;
		const text = this.walker.kept.rulesText();
		const known = rules.get(text) ?? rules.size;
		rules.set(text, known);
		return known;
	}
}
