/**
 * The world around one gateway: clients, backends, a health checker, the links between them, and
 * virtual time. It does no I/O: it asks, and is told.
 */
import type { Choice } from "../chance/choice.ts";
import type { Answer, Ask } from "../contract/ask.ts";
import type { Unknown } from "../contract/gateway.ts";
import type { Account } from "./account/account.ts";
import { AccountKeeper } from "./account-keeper.ts";
import { type Budget, Spending } from "./budget.ts";
import type { Step, WorldSetup } from "./setup/setup.ts";
import { createStage, type Stage } from "./stage.ts";
import { Steps } from "./steps.ts";
import type { LinkWatch } from "./watch.ts";

export interface PlayOptions {
	readonly choice: Choice;
	/** The play ends then, or when nothing is left to happen, whichever is first. */
	readonly endMs: number;
	/** Keep every packet on either side of the gateway in the account. */
	readonly keepPackets: boolean;
	/** Left out: as much as it takes. */
	readonly budget?: Budget;
	/** What happens on the links besides what the gateway is asked. */
	readonly watch?: LinkWatch;
	/** Is asked instead of the one that runs the generator, which has no step for it then. */
	readonly gateway?: GatewayAtOnce;
}

/** A gateway that answers at once. */
interface GatewayAtOnce {
	answer(ask: Ask): Answer;
	/** Does nothing happen there by itself until then? Then it need not be asked to wait: the next ask says how late it is. */
	isIdleUntil?(toMs: number): boolean;
}

const UNLIMITED: Budget = {
	steps: Number.POSITIVE_INFINITY,
	virtualMs: Number.POSITIVE_INFINITY,
	memory: () => null,
};

/** How long a gateway may keep a packet to itself: it waits three seconds for ARP, and then complains. */
const LULL_MS = 5_000;

/** How far a play goes on. It is read before each thing that happens, and may change meanwhile. */
export interface Goal {
	/** Virtual time at which it stands still. */
	readonly limitMs: number;
	/** It stands still earlier where nothing but tidying up is left to happen, so long after the last thing that did. */
	readonly lullMs: number;
	/** Whether what is due at `limitMs` itself has happened then. A play that stands before it can be acted upon there, as by a step of that time. */
	readonly isInclusive: boolean;
}

/**
 * A play that stands still between two goals, so that steps can be added as it goes. Steps that are carried out
 * while it stands (`act`) give the same account as the same steps scheduled at the beginning, where each
 * stands at a time before which the play was advanced exclusively, and draws no source ports.
 */
export class OpenPlay {
	private readonly stage: Stage;
	private readonly steps: Steps;
	private readonly keeper: AccountKeeper;
	private readonly spending: Spending;
	private readonly gateway: GatewayAtOnce | undefined;
	private quietSinceMs = 0;

	/** @throws WorldError when the setup contradicts itself */
	constructor(setup: WorldSetup, options: Omit<PlayOptions, "endMs">) {
		this.stage = createStage(setup, options.choice, options.watch);
		this.steps = new Steps(this.stage);
		this.keeper = new AccountKeeper(this.stage, options.keepPackets);
		this.spending = new Spending(options.budget ?? UNLIMITED);
		this.gateway = options.gateway;
	}

	get nowMs(): number {
		return this.stage.clock.nowMs;
	}

	/** Connections and flows that were opened until now. */
	get opened(): number {
		return this.stage.connections.all.length;
	}

	/** Is anything left to happen, besides tidying up? */
	get isBusy(): boolean {
		return this.stage.clock.foreground > 0;
	}

	/** @throws WorldError for a step that names what does not exist */
	schedule(steps: readonly Step[]): void {
		this.steps.schedule(steps);
	}

	/** Carries a step out now, whatever its time. @throws WorldError for a step that names what does not exist */
	act(step: Step): void {
		this.steps.act(step);
	}

	/** How the gateway is at the end. */
	observe(): void {
		this.stage.ask({ kind: "observe", atMs: this.nowMs }, "");
	}

	/** What has happened until now. */
	account(unknown: Unknown | null): Account {
		return this.keeper.account(unknown);
	}

	private untilMs({ limitMs, lullMs }: Goal): number {
		return this.stage.clock.foreground > 0
			? limitMs
			: Math.min(limitMs, this.quietSinceMs + lullMs);
	}

	/** Answers what is asked until the goal is reached. @returns what the gateway does not know: the play has ended there */
	*advance(goal: Goal): Generator<Ask, Unknown | null, Answer> {
		const { stage, keeper, spending, gateway } = this;
		const { clock, network } = stage;
		for (;;) {
			const over = spending.step(clock.nowMs) ?? stage.unknown;
			if (over !== null) return over;
			let request = network.requests.take();
			for (; request !== undefined; request = network.requests.take()) {
				const spent = spending.step(clock.nowMs);
				if (spent !== null) return spent;
				const answer =
					gateway === undefined
						? yield request.ask
						: gateway.answer(request.ask);
				const unknown = keeper.take(request, answer);
				if (unknown !== null) return unknown;
				this.quietSinceMs = clock.nowMs;
			}

			const isBusy = clock.foreground > 0;
			const nowMs = clock.nowMs;
			const toMs = Math.max(nowMs, Math.min(clock.nextMs, this.untilMs(goal)));
			if (toMs > nowMs && gateway?.isIdleUntil?.(toMs) !== true) {
				const wait: Ask = { kind: "wait", atMs: nowMs, toMs };
				const answer =
					gateway === undefined ? yield wait : gateway.answer(wait);
				const unknown = keeper.take(null, answer);
				if (unknown !== null) return unknown;
				if (answer.emissions.length > 0) this.quietSinceMs = answer.nowMs;
				if (answer.nowMs < toMs) {
					clock.advanceTo(answer.nowMs);
					continue;
				}
			}
			// The goal may have come nearer while the gateway waited.
			const isDue = goal.isInclusive || toMs < this.untilMs(goal);
			if (isDue && clock.fireNext(toMs)) {
				if (isBusy) this.quietSinceMs = clock.nowMs;
			} else {
				clock.standAt(toMs);
				return null;
			}
		}
	}
}

/**
 * Plays the steps around a gateway that answers what is asked.
 *
 *     const play_ = play(setup, steps, { choice: seededChoice(1), endMs: 60_000, keepPackets: false });
 *     let next = play_.next();
 *     while (!next.done) next = play_.next(gateway.answer(next.value));
 *     next.value.connections;
 *
 * @throws WorldError when setup or steps do not fit together
 */
export function* play(
	setup: WorldSetup,
	steps: readonly Step[],
	options: PlayOptions,
): Generator<Ask, Account, Answer> {
	const open = new OpenPlay(setup, options);
	open.schedule(steps);
	const { endMs } = options;
	const goal = { limitMs: endMs, lullMs: LULL_MS, isInclusive: true };
	const over = yield* open.advance(goal);
	if (over !== null) return open.account(over);
	open.observe();
	// Nothing is due any more: what is asked is all that is left.
	return open.account(
		yield* open.advance({ limitMs: open.nowMs, lullMs: 0, isInclusive: false }),
	);
}
