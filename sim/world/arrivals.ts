/**
 * When connections arrive, and from which source ports.
 */
import type { Choice } from "../chance/choice.ts";
import type { Host } from "../endpoint/host.ts";
import { unreachable } from "../invariant.ts";
import type { Arrivals, PortPolicy } from "./setup/setup.ts";

const DRAWS = 2 ** 32;

/** Time from one arrival to the next. Poisson: exponentially distributed, to the microsecond. */
export function gapMs(arrivals: Arrivals, choice: Choice): number {
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
export function toMicroseconds(ms: number): number {
	return Math.round(ms * 1000) / 1000;
}

// `ip_local_port_range`, net.ipv4 (6.1). Which port of it `__inet_hash_connect` takes looks random from outside.
const FIRST_PORT = 32_768;
const LAST_PORT = 60_999;
const PORTS = LAST_PORT - FIRST_PORT + 1;

/** Gives out the source ports of one step's connections; `null` when none is free. */
export type PortSource = () => number | null;

/**
 * @param to ports are free or not with respect to this destination, as Linux has it
 */
export function createPortSource(
	policy: PortPolicy,
	host: Host,
	to: { readonly address: number; readonly port: number },
	choice: Choice,
): PortSource {
	const isFree = (port: number) =>
		host.find(port, to.address, to.port) === undefined;
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
				if (host.socketCount >= PORTS) return null;
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
