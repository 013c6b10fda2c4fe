/**
 * When connections arrive, and from which source ports.
 */
import type { Choice } from "../chance/choice.ts";
import type { Clock } from "../clock/clock.ts";
import type { Host } from "../endpoint/host.ts";
import type { TcpSocket } from "../endpoint/tcp/tcp-socket.ts";
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
/** How many ports there are to draw from. */
export const DRAWN_PORTS = LAST_PORT - FIRST_PORT + 1;

/** A port that a socket asks for. */
interface SourcePort {
	readonly port: number;
	/** The kernel refuses it: another socket has it, and nothing is sent. */
	readonly isTaken: boolean;
}

/** Gives out the source ports of one step's connections; `null` when none is free. */
export type PortSource = () => SourcePort | null;

/** The ports of a host, as far as sockets of one kind towards one destination are concerned. */
export interface PortsInUse {
	/** Sockets that have a port. */
	readonly count: number;
	isFree(port: number): boolean;
	/** Does the kernel refuse a socket that asks for this very port? */
	refuses(port: number): boolean;
}

/**
 * Ports for connections to one destination: as Linux has it, a port may be in use towards others. A socket that is
 * bound to one (`SO_REUSEADDR`, as clients in containers are) takes the place of a connection of the same ends that
 * is in TIME_WAIT, and of one that no program holds any more and whose backend has yet to close; any other one makes
 * connect() fail with EADDRNOTAVAIL (`__inet_check_established`, net/ipv4/inet_hashtables.c, and `tcp_twsk_unique`,
 * net/ipv4/tcp_ipv4.c, 6.1).
 */
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
		refuses(port) {
			const { host } = whose;
			const socket = host.find(port, to.address, to.port);
			const isKept = socket !== undefined && !isReplaceable(socket);
			return isKept || host.held?.isOthers("tcp", port) === true;
		},
	};
}

/** Has its kernel nothing but its ends left of it? An orphan in FIN_WAIT_2 is kept as one in TIME_WAIT is (`tcp_close`). */
function isReplaceable({ state, isOrphan }: TcpSocket): boolean {
	return state === "time-wait" || (state === "fin-wait-2" && isOrphan);
}

/** Ports for flows of UDP: bind() to one that another socket has fails with EADDRINUSE (`udp_lib_get_port`, net/ipv4/udp.c, 6.1). */
export function datagramPorts(whose: { readonly host: Host }): PortsInUse {
	return {
		get count() {
			return whose.host.datagrams.count;
		},
		isFree: (port) => whose.host.datagrams.isFree(port),
		refuses: (port) => !whose.host.datagrams.isFree(port),
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
			return () => {
				const { port } = policy;
				return { port, isTaken: inUse.refuses(port) };
			};
		case "from": {
			const count = 65_536 - policy.first;
			let given = 0;
			return () => {
				for (let tries = 0; tries < count; tries++) {
					const port = policy.first + (given++ % count);
					if (isFree(port)) return { port, isTaken: false };
				}
				return null;
			};
		}
		case "drawn":
			return () => {
				if (inUse.count >= DRAWN_PORTS) return null;
				const start = choice.pick(DRAWN_PORTS, "source port");
				for (let tries = 0; tries < DRAWN_PORTS; tries++) {
					const port = FIRST_PORT + ((start + tries) % DRAWN_PORTS);
					if (isFree(port)) return { port, isTaken: false };
				}
				return null;
			};
		default:
			return unreachable(policy);
	}
}
