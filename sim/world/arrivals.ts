/**
 * When connections arrive, and from which source ports.
 */
import type { Choice } from "../chance/choice.ts";
import type { Clock } from "../clock/clock.ts";
import type { Host } from "../endpoint/host.ts";
import { unreachable } from "../invariant.ts";
import type { Arrivals, PortPolicy } from "./setup/setup.ts";

const DRAWS = 2 ** 32;

/** Time from one arrival to the next. Poisson: exponentially distributed, to the microsecond. */
function gapMs(arrivals: Arrivals, choice: Choice): number {
	switch (arrivals.kind) {
		case "at-once":
			return 0;
		case "every":
			return arrivals.intervalMs;
		case "poisson": {
			const uniform = (choice.pick(DRAWS, "arrival") + 1) / DRAWS;
			return (-Math.log(uniform) / arrivals.perSecond) * 1000;
		}
		default:
			return unreachable(arrivals);
	}
}

/** Sums of decimal fractions go astray in their last bits; times are whole microseconds. */
function toMicroseconds(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}

/** Arrivals in step that happen before the first packet of them is under way. */
const MOST_AT_ONCE = 1_000;

/** Lets things arrive one after the other, from now on; each arrival sets the timer of the next. */
export function startArrivals(
	{ clock, choice }: { readonly clock: Clock; readonly choice: Choice },
	{ count, arrivals }: { readonly count: number; readonly arrivals: Arrivals },
	arrive: () => void,
): void {
	let left = count;
	let atMs = clock.nowMs;
	const next = () => {
		if (arrivals.kind === "at-once") {
			for (let some = MOST_AT_ONCE; left > 0 && some > 0; left--, some--)
				arrive();
			// The gateway is asked in between, and the budget is looked at.
			if (left > 0) clock.at(clock.nowMs, next);
			return;
		}
		arrive();
		left--;
		if (left === 0) return;
		atMs = toMicroseconds(atMs + gapMs(arrivals, choice));
		clock.at(Math.max(atMs, clock.nowMs), next);
	};
	if (left > 0) next();
}

// `ip_local_port_range`, net.ipv4 (6.1). Which port of it `__inet_hash_connect` takes looks random from outside.
const FIRST_PORT = 32_768;
const LAST_PORT = 60_999;
const PORTS = LAST_PORT - FIRST_PORT + 1;

/** Gives out the source ports of one step's connections; `null` when none is free. */
export type PortSource = () => number | null;

/** The ports of a host, as far as sockets of one kind towards one destination are concerned. */
export interface PortsInUse {
	/** Sockets that have a port. */
	readonly count: number;
	isFree(port: number): boolean;
}

/** Ports for connections to one destination: as Linux has it, a port may be in use towards others. */
export function portsTowards(
	whose: { readonly host: Host },
	to: { readonly address: number; readonly port: number },
): PortsInUse {
	return {
		get count() {
			return whose.host.socketCount;
		},
		isFree: (port) =>
			whose.host.find(port, to.address, to.port) === undefined &&
			whose.host.held?.isOthers("tcp", port) !== true,
	};
}

/** Ports for flows of UDP. */
export function datagramPorts(whose: { readonly host: Host }): PortsInUse {
	return {
		get count() {
			return whose.host.datagrams.count;
		},
		isFree: (port) => whose.host.datagrams.isFree(port),
	};
}

export function createPortSource(
	policy: PortPolicy,
	inUse: PortsInUse,
	choice: Choice,
): PortSource {
	const isFree = (port: number) => inUse.isFree(port);
	switch (policy.kind) {
		case "fixed":
			return () => policy.port;
		case "from": {
			const count = 65_536 - policy.first;
			let given = 0;
			return () => {
				for (let tries = 0; tries < count; tries++) {
					const port = policy.first + (given++ % count);
					if (isFree(port)) return port;
				}
				return null;
			};
		}
		case "drawn":
			return () => {
				if (inUse.count >= PORTS) return null;
				const start = choice.pick(PORTS, "source port");
				for (let tries = 0; tries < PORTS; tries++) {
					const port = FIRST_PORT + ((start + tries) % PORTS);
					if (isFree(port)) return port;
				}
				return null;
			};
		default:
			return unreachable(policy);
	}
}
