/**
 * Runs the health checker in the world: gives it the time, makes its probes over real connections,
 * and turns what it decides into operations on the gateway.
 */
import type { Choice } from "../chance/choice.ts";
import type { Timer } from "../clock/clock.ts";
import type { Operation } from "../contract/gateway.ts";
import {
	evictionOf,
	type HealthCheckSettings,
	type HealthOutput,
	type HealthProbe,
	type HealthState,
	type HealthStep,
	type HealthTarget,
	healthDueMs,
	passTime,
	startHealth,
	takeResult,
} from "../endpoint/health-checker.ts";
import type { Host } from "../endpoint/host.ts";
import {
	httpPlan,
	NEW_PROBE,
	type ProbeEvent,
	type ProbePlan,
	type ProbeVerdict,
	probeTurns,
	takeProbe,
} from "../endpoint/probe.ts";
import type {
	SocketEnd,
	SocketUser,
	TcpSocket,
} from "../endpoint/tcp/tcp-socket.ts";
import { invariant, unreachable } from "../invariant.ts";
import { parseAddress } from "../packet/address.ts";
import type { WorldEvent } from "./account/account.ts";
import { createPortSource, portsTowards } from "./arrivals.ts";
import type { PortPolicy } from "./setup/setup.ts";
import type { Towards } from "./station.ts";

/** What the checker does to the world. */
interface ProberWorld {
	readonly host: Host;
	/** The host from which it connects, once that is known; `null`: no route leads there. */
	readonly whenPlaced: (to: Towards, act: (host: Host | null) => void) => void;
	readonly choice: Choice;
	readonly operate: (operation: Operation, label: string) => void;
	readonly record: (event: WorldEvent) => void;
}

const DRAWN: PortPolicy = { kind: "drawn" };
/** `connect()` fails at once. */
const NO_ROUTE: ProbeVerdict = { ok: false, reason: "unreachable" };

/** Starts checking, now. */
export function startProber(
	settings: HealthCheckSettings,
	world: ProberWorld,
): void {
	const { host, choice } = world;
	const { clock } = host;
	const probes = new Map<number, Probe>();
	const targets = settings.targets.map((target) => {
		const address = parseAddress(target.address) ?? 0;
		const to = { protocol: "tcp", address, port: target.port } as const;
		const from = { host };
		const nextPort = createPortSource(DRAWN, portsTowards(from, to), choice);
		return { ...target, to, from, nextPort };
	});
	let state: HealthState = { targets: [], rewriteAtMs: null };
	let timer: Timer | null = null;

	function take(step: HealthStep): void {
		state = step.state;
		for (const output of step.outputs) act(output);
		clock.cancel(timer);
		timer = clock.at(Math.max(clock.nowMs, healthDueMs(state)), () =>
			take(passTime(settings, state, clock.nowMs, choice)),
		);
	}

	function act(output: HealthOutput): void {
		const target = targets[output.target];
		if (target === undefined) return;
		const { backend, condition: name } = target;
		const atMs = clock.nowMs;
		switch (output.kind) {
			case "probe": {
				const { target: index, probe } = output;
				const judge = (verdict: ProbeVerdict) =>
					take(
						takeResult(settings, state, { target: index, probe, ...verdict }),
					);
				world.whenPlaced(target.to, (placed) => {
					if (placed === null) return judge(NO_ROUTE);
					target.from.host = placed;
					const port = target.nextPort()?.port ?? null;
					if (port === null) return;
					const plan = planOf(settings.probe, target);
					const connect = (user: SocketUser) =>
						placed.connect(target.to, port, user);
					probes.set(index, new Probe(plan, connect, judge));
				});
				return;
			}
			case "abandon":
				probes.get(output.target)?.abandon();
				return;
			case "verdict": {
				const { ok, reason } = output;
				world.record({ kind: "probe", atMs, backend, ok, reason });
				return;
			}
			case "belief":
				world.record({ kind: "belief", atMs, backend, alive: output.alive });
				return;
			case "condition": {
				const { write } = output;
				world.record({ kind: "condition", atMs, name, write });
				world.operate(
					{ kind: "condition", name, write },
					`health check: ${name} ${write}`,
				);
				return;
			}
			case "evict":
				world.operate(
					{
						kind: "evict",
						filter: evictionOf(target.address),
						// A dead backend may have no connections.
						orNone: true,
					},
					`health check: evict ${backend}`,
				);
				return;
		}
	}

	take(startHealth(settings, clock.nowMs, choice));
}

/** As `{ "kind": "smtp" }` of `marktwin healthcheck` without a greeting; a backend closes after its QUIT when it can. */
const SMTP_PLAN: ProbePlan = {
	kind: "smtp",
	turns: probeTurns(null, false),
	goodbyeMs: null,
};

function planOf(probe: HealthProbe, target: HealthTarget): ProbePlan {
	switch (probe.kind) {
		case "tcp":
			return probe;
		case "smtp":
			return SMTP_PLAN;
		case "http":
			return httpPlan(probe, target);
		default:
			return unreachable(probe);
	}
}

/** Runs a probe over a `TcpSocket`. */
class Probe implements SocketUser {
	private readonly plan: ProbePlan;
	private readonly socket: TcpSocket;
	private readonly done: (verdict: ProbeVerdict) => void;
	private state = NEW_PROBE;

	/** @param connect opens its connection */
	constructor(
		plan: ProbePlan,
		connect: (user: SocketUser) => TcpSocket,
		done: (verdict: ProbeVerdict) => void,
	) {
		this.plan = plan;
		this.done = done;
		this.socket = connect(this);
	}

	/** Its verdict is not awaited any more. */
	abandon(): void {
		this.take({ kind: "abandon" });
	}

	hasRoom(): boolean {
		return true;
	}

	onConnected(): void {
		this.take({ kind: "connected" });
	}

	onData(_socket: TcpSocket, text: string): void {
		this.take({ kind: "data", text });
	}

	onPeerClosed(): void {
		this.take({ kind: "peer-closed" });
	}

	onEnd(_socket: TcpSocket, how: SocketEnd): void {
		this.take({ kind: "ended", how });
	}

	private take(event: ProbeEvent): void {
		const step = takeProbe(this.plan, this.state, event);
		this.state = step.state;
		for (const output of step.outputs)
			switch (output.kind) {
				case "send":
					this.socket.send(output.text);
					break;
				case "close":
				case "abandon":
					this.socket.close();
					break;
				case "result":
					this.done(output.result);
					break;
				case "timer":
					invariant(output.afterMs === null, "a probe here waits for its end");
					break;
				case "encrypt":
					invariant(false, "a probe here is not encrypted");
					break;
				default:
					unreachable(output);
			}
	}
}
