import {
	at,
	conntrack,
	counter,
	evenSplit,
	moved,
	observe,
	order,
	outcomes,
	scenario,
	send,
} from "../../language/build/build.ts";
import { turns, udpSetup } from "./udp-setup.ts";

const suite = "udp-metrics";
const STATSD = { name: "statsd", port: 8125, speaks: "silent" } as const;

/** Metrics are sent, and nothing ever comes back. */
export const metrics = [
	scenario({
		name: "metrics-one-socket",
		suite,
		title: "Metrics from one socket all go to one collector",
		story:
			"A program opens one socket and sends a metric every 10 s. No answer ever comes, so its entry stays UNREPLIED and has 30 s, which each datagram renews. One entry, one choice: the second collector gets nothing of it.",
		trap: "A program that keeps its socket is one connection, for as long as it sends often enough.",
		setup: udpSetup(STATSD, turns(8125)),
		steps: [
			send(8, { port: 40_000, everyMs: 10_000, reply: false }),
			at(70_500, observe("sent")),
		],
		expect: [
			order(["b1"]),
			moved(0),
			outcomes("sent", 1),
			counter("nat:PREROUTING:rule:2", 0),
			conntrack({ protocol: "udp" }, 1, {
				at: "sent",
				unreplied: true,
				assured: false,
			}),
		],
	}),
	scenario({
		name: "metrics-with-pauses",
		suite,
		title: "A datagram every 40 s is a new connection each time",
		story:
			"The same program sends every 40 s. An UNREPLIED entry lives for 30 s, so each datagram is a first one, meets the rules of nat and goes to the collector whose turn it is, although it comes from the same socket.",
		setup: udpSetup(STATSD, turns(8125)),
		steps: [send(4, { port: 40_000, everyMs: 40_000, reply: false })],
		expect: [
			moved(1),
			counter("nat:PREROUTING:rule:1", 2),
			counter("nat:PREROUTING:rule:2", 2),
		],
	}),
	scenario({
		name: "metrics-new-sockets",
		suite,
		title: "Metrics from a new socket each are balanced",
		story:
			"A shell script sends each metric with `nc -u -w0`, from a new socket that is closed at once. Each is a connection of its own, so both collectors get every other one; the entries stay for 30 s each.",
		setup: udpSetup(STATSD, turns(8125)),
		steps: [
			send(10, { sockets: "each", everyMs: 50, reply: false }),
			at(1_000, observe("sent")),
		],
		expect: [
			evenSplit(["b1", "b2"]),
			outcomes("sent", 10),
			conntrack({ protocol: "udp" }, 10, { at: "sent", unreplied: true }),
		],
	}),
];
