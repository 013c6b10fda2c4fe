/**
 * Runs the health checker on a machine: tells the state machine of the model
 * (`sim/endpoint/health-checker.ts`) the time and how probes went, and does what it decides. What it
 * needs of the machine is handed in, so that tests can hold it against the model.
 */
import type { Choice } from "../../sim/chance/choice.ts";
import {
	dropProbe,
	type HealthOutput,
	type HealthPolicy,
	type HealthState,
	type HealthStep,
	healthDueMs,
	type ProbeId,
	passTime,
	probeWentOut,
	startHealth,
	takeResult,
} from "../../sim/endpoint/health-checker.ts";
import { invariant, unreachable } from "../../sim/invariant.ts";
import type { CheckerClock } from "./clock.ts";
import { type ConditionKeeper, keepCondition } from "./condition-keeper.ts";
import type { Conditions } from "./conditions.ts";
import type { CheckedTarget, HealthCheckConfig } from "./config/config.ts";
import type { Evict } from "./evict.ts";
import type { Log } from "./log/log.ts";
import type { RunningProbe, StartProbe } from "./probes/running-probe.ts";
import type { LastProbe, TargetReport } from "./status/target-report.ts";

export interface CheckerPorts {
	readonly clock: CheckerClock;
	readonly choice: Choice;
	readonly startProbe: StartProbe;
	readonly conditions: Conditions;
	readonly evict: Evict;
	readonly log: Log;
	/** Every probe is told, and every write. */
	readonly isVerbose: boolean;
	/** The first probes are spread over so long. */
	readonly spreadMs: number;
	/** What is to be shown of a target has changed, or was confirmed. */
	readonly seen: () => void;
}

export interface Checker {
	report(): readonly TargetReport[];
	/**
	 * Ends probing, and waits for what is being written.
	 * @param left what all conditions are to hold then
	 */
	stop(left: HealthCheckConfig["onExit"]): Promise<void>;
}

/**
 * Starts checking, now.
 * @param before what is known of the targets from before this one; it goes before `initially`
 */
export function startChecker(
	config: HealthCheckConfig,
	ports: CheckerPorts,
	before: readonly TargetReport[] = [],
): Checker {
	const checker = new Runner(config, ports, before);
	checker.start();
	return checker;
}

/** A target, and what goes on with it. */
interface Watched {
	readonly target: CheckedTarget;
	readonly keeper: ConditionKeeper;
	/** What was known at the start, if anything was. */
	readonly known: boolean | null;
	probe: RunningProbe | null;
	startedMs: number;
	since: string;
	last: LastProbe | null;
	notProbed: string | null;
}

class Runner implements Checker {
	private readonly policy: HealthPolicy;
	private readonly ports: CheckerPorts;
	private readonly watched: readonly Watched[];
	private readonly evictions = new Set<Promise<void>>();
	private state: HealthState = { targets: [], rewriteAtMs: null };
	private isStopped = false;

	constructor(
		config: HealthCheckConfig,
		ports: CheckerPorts,
		before: readonly TargetReport[],
	) {
		const { initially } = config;
		this.policy = {
			...config,
			initially: initially === "dead" ? "dead" : "alive",
		};
		this.ports = ports;
		this.watched = config.targets.map((target) => {
			const known = before.find((one) => isSame(one.target, target));
			const { conditions, log, isVerbose } = ports;
			return {
				target,
				keeper: keepCondition(target.condition, conditions, log, isVerbose),
				known: known?.alive ?? foundAlive(target.condition, config, conditions),
				probe: null,
				startedMs: 0,
				since: known?.since ?? new Date().toISOString(),
				last: known?.last ?? null,
				notProbed: null,
			};
		});
	}

	start(): void {
		const { clock, choice, spreadMs } = this.ports;
		const from = { known: this.watched.map((one) => one.known), spreadMs };
		this.take(startHealth(this.policy, clock.nowMs(), choice, from));
	}

	report(): readonly TargetReport[] {
		return this.watched.map((one, index) => {
			const { target, keeper, since, last, notProbed } = one;
			const { value, isWritten } = keeper;
			const alive = this.state.targets[index]?.believedAlive ?? true;
			return { target, alive, since, value, isWritten, last, notProbed };
		});
	}

	async stop(left: HealthCheckConfig["onExit"]): Promise<void> {
		this.isStopped = true;
		this.ports.clock.stop();
		const { aliveValue, deadValue } = this.policy;
		for (const { probe, keeper } of this.watched) {
			probe?.abandon();
			if (left !== "keep")
				keeper.want(left === "alive" ? aliveValue : deadValue);
		}
		await Promise.all(this.watched.map(({ keeper }) => keeper.settled()));
		await Promise.all(this.evictions);
	}

	private take(step: HealthStep): void {
		if (this.isStopped) return;
		const { clock, choice, seen } = this.ports;
		this.state = step.state;
		for (const output of step.outputs) this.act(output);
		// Once a probe, and not before what it decided is on its way.
		for (const { kind, target } of step.outputs)
			if (kind === "verdict") this.of(target).keeper.check();
		seen();
		clock.wakeAt(healthDueMs(this.state), () =>
			this.take(passTime(this.policy, this.state, clock.nowMs(), choice)),
		);
	}

	private of(index: number): Watched {
		const found = this.watched[index];
		invariant(found !== undefined, `there is no target ${index}`);
		return found;
	}

	private act(output: HealthOutput): void {
		const one = this.of(output.target);
		const { backend } = one.target;
		switch (output.kind) {
			case "probe":
				this.begin(one, output);
				return;
			case "abandon":
				one.probe?.abandon();
				return;
			case "verdict":
				this.judged(one, output);
				return;
			case "belief":
				one.since = new Date().toISOString();
				this.ports.log({ event: "belief", backend, alive: output.alive });
				return;
			case "condition":
				one.keeper.want(output.write);
				return;
			case "evict": {
				const eviction = this.evict(one).finally(() =>
					this.evictions.delete(eviction),
				);
				this.evictions.add(eviction);
				return;
			}
			default:
				unreachable(output);
		}
	}

	private begin(one: Watched, { target, probe }: ProbeId): void {
		const { clock, startProbe } = this.ports;
		const id = { target, probe };
		// The one before may still be saying good-bye.
		one.probe?.abandon();
		one.startedMs = clock.nowMs();
		one.probe = startProbe(one.target, {
			out: () => {
				const nowMs = clock.nowMs();
				const { policy, state } = this;
				one.startedMs = nowMs;
				// We may wake up for the time-out that it had before: there is nothing to do then.
				this.state = probeWentOut(policy, state, id, nowMs);
			},
			done: (ok, reason) => {
				const { policy, state } = this;
				if (ok === null) this.notProbed(one, id, reason);
				else this.take(takeResult(policy, state, { ...id, ok, reason }));
			},
		});
	}

	/** It says nothing of the backend, and is told once until a probe comes about again. */
	private notProbed(one: Watched, id: ProbeId, reason: string): void {
		const { backend } = one.target;
		if (one.notProbed !== reason && !this.isStopped)
			this.ports.log({ event: "not-probed", backend, reason });
		one.notProbed = reason;
		this.take({ state: dropProbe(this.state, id), outputs: [] });
	}

	private judged(one: Watched, verdict: Verdict): void {
		const { clock, log, isVerbose } = this.ports;
		const { ok, reason } = verdict;
		const { backend } = one.target;
		const tookMs = Math.round(clock.nowMs() - one.startedMs);
		const isNews = one.last?.ok !== ok;
		one.last = { ok, reason, at: new Date().toISOString(), tookMs };
		one.notProbed = null;
		if (isNews || isVerbose)
			log({ event: "probe", backend, ok, reason, tookMs });
		const now = this.state.targets[verdict.target];
		// It would have died by this one; those that follow are no news.
		if (now?.believedAlive && now.contradictions === this.policy.fall)
			log({ event: "refused-all-dead", backend });
	}

	private async evict({ target, keeper }: Watched): Promise<void> {
		const { backend, address, condition } = target;
		const { log } = this.ports;
		// While the rules still take it for alive, whoever is evicted is sent there again.
		if (!(await keeper.settled())) {
			const reason = `${condition} could not be written`;
			log({ event: "not-evicted", backend, reason });
			return;
		}
		const eviction = await this.ports.evict(address);
		log(
			"entries" in eviction
				? { event: "evicted", backend, entries: eviction.entries }
				: { event: "not-evicted", backend, reason: eviction.reason },
		);
	}
}

type Verdict = HealthOutput & { readonly kind: "verdict" };

/** Probed and switched as before. */
function isSame(one: CheckedTarget, other: CheckedTarget): boolean {
	return (
		one.address === other.address &&
		one.port === other.port &&
		one.condition === other.condition
	);
}

/** What a condition says of its backend; `null` when it says nothing, or nobody asks it. */
function foundAlive(
	condition: string,
	{ initially, aliveValue, deadValue }: HealthCheckConfig,
	{ read }: Conditions,
): boolean | null {
	const found = initially === "found" ? (read?.(condition) ?? null) : null;
	if (found === deadValue) return false;
	return found === aliveValue ? true : null;
}
