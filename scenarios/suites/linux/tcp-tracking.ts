import {
	at,
	conntrack,
	INSIDE,
	OUTSIDE,
	observe,
	packetsOut,
	scenario,
} from "../../language/build/build.ts";
import {
	byHand,
	client,
	fromBackend,
	handshake,
	syn,
} from "../kernel/by-hand.ts";

const suite = "linux";

/** How kernels differ in following a TCP connection. */
export const trackingDifferences = [
	scenario({
		name: "old-data-is-ignored",
		suite,
		title: "Data far behind the window passes, and changes nothing",
		story:
			"A segment of the backend's comes late: all of it is older than a window. Conntrack ignores it, and it goes to the client as from the service (`tcp_in_window`). To Linux 5.10 it is INVALID: it is not translated, and the client sees the backend's own address.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				fromBackend(1, 40_000, "PA seq 4294867296 ack 1001 len 5 win 502"),
			),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 PA *"], {
				fromMs: 100,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "late-ends-shorten",
		suite,
		title: "A FIN of each side outside of the window leaves an entry 300 s",
		story:
			"Conntrack has lost track of a connection: each side ends it with numbers that conntrack does not expect. The entry stays ESTABLISHED, but for nf_conntrack_tcp_timeout_unacknowledged (`nf_tcp_handle_invalid`). Linux 5.10 leaves it five days.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				client(40_000, "FA", 3_000_001, "ack 5001"),
				fromBackend(1, 40_000, "FA seq 3005001 ack 1001"),
				observe("ended"),
			),
		],
		expect: [
			conntrack({ state: "ESTABLISHED", mark: 1 }, 1, {
				at: "ended",
				timeoutS: 300,
			}),
		],
	}),
	scenario({
		name: "reset-behind-the-end",
		suite,
		title:
			"A reset of a closed connection reaches its backend, whatever its numbers",
		story:
			"The connection is closed by both sides when the client resets it with a number that is out of place. The ports may belong to another connection already, so conntrack asks nothing, and translates the reset (`nf_conntrack_tcp_packet`). To Linux 5.10 it is INVALID, and goes to the gateway itself.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(
				100,
				client(40_000, "FA", 1001, "ack 5001"),
				fromBackend(1, 40_000, "FA seq 5001 ack 1002"),
				client(40_000, "A", 1002, "ack 5002"),
			),
			at(200, client(40_000, "R", 900, "ack 0")),
		],
		expect: [
			packetsOut(INSIDE, ["tcp 10.0.0.10:40000 > 192.168.0.1:25 R *"], {
				fromMs: 200,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "far-ahead-in-the-handshake",
		suite,
		title: "A segment far ahead in the handshake is INVALID",
		story:
			"The backend has answered the SYN, and sends a segment with numbers far beyond before the client has acknowledged. It is INVALID and is not translated (`tcp_in_window`). In Linux 5.10 any segment begins the window of its side anew, and it goes to the client as from the service.",
		setup: byHand(),
		steps: [
			syn(40_000),
			fromBackend(1, 40_000, "SA seq 5000 ack 1001"),
			at(100, fromBackend(1, 40_000, "A seq 3005001 ack 1001")),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 192.168.0.1:25 > 10.0.0.10:40000 A *"], {
				fromMs: 100,
				exactly: true,
			}),
		],
	}),
];
