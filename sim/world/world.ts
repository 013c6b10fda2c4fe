/**
 * The world around one gateway: clients, backends, a health checker, the links between them, and
 * virtual time. It does no I/O: it asks, and is told.
 */
import type { Choice } from "../chance/choice.ts";
import type { Answer, Ask } from "../contract/ask.ts";
import type { Account } from "./account/account.ts";
import { AccountKeeper } from "./account-keeper.ts";
import { type Budget, Spending } from "./budget.ts";
import type { Step, WorldSetup } from "./setup/setup.ts";
import { createStage } from "./stage.ts";
import { scheduleSteps } from "./steps.ts";
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
	const stage = createStage(setup, options.choice, options.watch);
	const { clock, network } = stage;
	const { gateway, endMs } = options;
	const account = new AccountKeeper(stage, options.keepPackets);
	scheduleSteps(stage, steps);
	const spending = new Spending(options.budget ?? UNLIMITED);
	let quietSinceMs = 0;
	let isLast = false;
	for (;;) {
		const over = spending.step(clock.nowMs) ?? stage.unknown;
		if (over !== null) return account.finish(over);
		let request = network.requests.take();
		for (; request !== undefined; request = network.requests.take()) {
			const spent = spending.step(clock.nowMs);
			if (spent !== null) return account.finish(spent);
			const answer =
				gateway === undefined ? yield request.ask : gateway.answer(request.ask);
			const unknown = account.take(request, answer);
			if (unknown !== null) return account.finish(unknown);
			quietSinceMs = clock.nowMs;
		}
		if (isLast) return account.finish(null);

		const isBusy = clock.foreground > 0;
		const limitMs = isBusy ? endMs : Math.min(endMs, quietSinceMs + LULL_MS);
		const nowMs = clock.nowMs;
		const toMs = Math.max(nowMs, Math.min(clock.nextMs, limitMs));
		if (toMs > nowMs && gateway?.isIdleUntil?.(toMs) !== true) {
			const wait: Ask = { kind: "wait", atMs: nowMs, toMs };
			const answer = gateway === undefined ? yield wait : gateway.answer(wait);
			const unknown = account.take(null, answer);
			if (unknown !== null) return account.finish(unknown);
			if (answer.emissions.length > 0) quietSinceMs = answer.nowMs;
			if (answer.nowMs < toMs) {
				clock.advanceTo(answer.nowMs);
				continue;
			}
		}
		if (clock.fireNext(toMs)) {
			if (isBusy) quietSinceMs = clock.nowMs;
		} else {
			clock.advanceTo(toMs);
			isLast = true;
			stage.ask({ kind: "observe", atMs: toMs }, "");
		}
	}
}
