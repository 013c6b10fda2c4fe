/**
 * Runs the health checker in the world: gives it the time, makes its probes over real connections,
 * and turns what it decides into operations on the gateway.
 */
import type { Choice } from "../chance/choice.ts";
import type { Timer } from "../clock/clock.ts";
import type { Operation } from "../contract/gateway.ts";
import {
	type HealthCheckSettings,
	type HealthOutput,
	type HealthState,
	type HealthStep,
	healthDueMs,
	passTime,
	startHealth,
	takeResult,
} from "../endpoint/health-checker.ts";
import type { Host } from "../endpoint/host.ts";
import { LineReader, QUIT } from "../endpoint/smtp.ts";
import type { SocketEnd, SocketUser } from "../endpoint/socket.ts";
import type { TcpSocket } from "../endpoint/tcp-socket.ts";
import { parseAddress } from "../packet/address.ts";
import type { WorldEvent } from "./account/account.ts";
import { createPortSource } from "./arrivals.ts";

/** What the checker does to the world. */
interface ProberWorld {
	readonly host: Host;
	readonly choice: Choice;
	readonly operate: (operation: Operation, label: string) => void;
	readonly record: (event: WorldEvent) => void;
}

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
		const to = { address, port: target.port };
		const nextPort = createPortSource({ kind: "drawn" }, host, to, choice);
		return { ...target, to, nextPort };
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
		const { backend } = target;
		const atMs = clock.nowMs;
		switch (output.kind) {
			case "probe": {
				const port = target.nextPort();
				if (port === null) return;
				const { target: index, probe } = output;
				const done = (ok: boolean, reason: string) =>
					take(
						takeResult(settings, state, { target: index, probe, ok, reason }),
					);
				const runner = new Probe(settings.probe.kind, done);
				probes.set(index, runner);
				runner.socket = host.connect(target.to, port, runner);
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
				const { condition: name } = target;
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
						filter: { protocol: "tcp", replySource: target.address },
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

/** One probe's connection. */
class Probe implements SocketUser {
	socket: TcpSocket | null = null;
	private readonly kind: "smtp" | "tcp";
	private readonly done: (ok: boolean, reason: string) => void;
	private readonly lines = new LineReader();
	private isOver = false;

	constructor(
		kind: "smtp" | "tcp",
		done: (ok: boolean, reason: string) => void,
	) {
		this.kind = kind;
		this.done = done;
	}

	/** Nobody waits for it any more. */
	abandon(): void {
		this.isOver = true;
		this.socket?.close();
	}

	hasRoom(): boolean {
		return true;
	}

	onConnected(socket: TcpSocket): void {
		if (this.kind !== "tcp") return;
		socket.close();
		this.report(true, "connected");
	}

	onData(socket: TcpSocket, payload: string): void {
		for (const line of this.lines.read(payload)) {
			if (this.isOver) return;
			if (line.startsWith("220")) socket.send(QUIT);
			else socket.close();
			this.report(line.startsWith("220"), line);
		}
	}

	onPeerClosed(socket: TcpSocket): void {
		socket.close();
		this.report(false, "closed");
	}

	onEnd(_socket: TcpSocket, how: SocketEnd): void {
		this.report(false, how);
	}

	private report(ok: boolean, reason: string): void {
		if (this.isOver) return;
		this.isOver = true;
		this.done(ok, reason);
	}
}
