import {
	at,
	backend,
	connect,
	conntrack,
	evict,
	gatewayAnswered,
	hold,
	moved,
	observe,
	order,
	outcomes,
	packetsOut,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	setCondition,
	smtp,
	speak,
	sysctl,
} from "../../language/build/build.ts";

const suite = "stuck-client";

/** Affinity's other side: who met a dead host stays with it, unless its entry is thrown away. */
export const stuckClient = [
	scenario({
		name: "stuck-syn",
		suite,
		title: "A client whose first SYN met a dead host stays with it",
		story:
			"Backend 1 lets nothing through any more. The first SYN is marked 1, and half a second later the checker has written the condition. But the entry of that SYN lives for 120 s and gives its mark to every retransmission: this client tries the dead host for as long as it has patience, while everyone who comes later is served.",
		trap: "The condition saves new connections only. A client that has sent one SYN to the dead backend is sent there again and again.",
		setup: recipeSetup({ behaviour: { b1: { kind: "silent" } } }),
		steps: [
			connect(1, { label: "stuck" }),
			at(500, setCondition("mail1up", "1")),
			at(2000, connect(2, { label: "later", everyMs: 50 })),
			at(20_000, observe("still waiting")),
		],
		expect: [
			outcomes("connect-timeout", 1, { step: "stuck" }),
			conntrack({ state: "SYN_SENT", mark: 1 }, 1, { at: "still waiting" }),
			order(["b2", "b2"], { step: "later" }),
			outcomes("completed", 2, { step: "later" }),
		],
	}),
	scenario({
		name: "stuck-syn-evicted",
		suite,
		title: "The same with eviction: the retransmission is served elsewhere",
		story:
			"Together with the condition the checker throws the dead backend's entries away (`conntrack -D --mark 1`). The retransmission one second after the first SYN finds no entry, so it is a new connection with a new choice: backend 2.",
		setup: recipeSetup({ behaviour: { b1: { kind: "silent" } } }),
		steps: [
			connect(1, { label: "saved" }),
			at(500, setCondition("mail1up", "1"), evict({ mark: 1 })),
		],
		expect: [order(["b2"]), outcomes("completed", 1), outcomes("accepted", 1)],
	}),
	scenario({
		name: "stuck-checker-evicts",
		suite,
		title: "A health checker that evicts loses fewer",
		story:
			"The checker of the failover suite, with eviction switched on: the SYNs that were sent to the dead host in the seconds before it was noticed are retransmitted to the living one.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck({ evict: true }) }),
		steps: [connect(100, { everyMs: 50 }), at(2500, backend("b1", "silent"))],
		expect: [
			outcomes("completed", { atLeast: 99 }),
			outcomes("connect-timeout", 0, {
				because:
					"the clients that waited for the dead host connected to the other one",
			}),
		],
	}),
	scenario({
		name: "stuck-same-port",
		suite,
		title:
			"The host is gone: the client learns it after three seconds, and is stuck all the same",
		story:
			"ARP for backend 1 gets no answer. After three seconds the router says so to the client (ICMP host-unreachable), whose attempt ends. But the SYN_SENT entry stays: when the client tries once more from the same port, its SYN is marked 1 again, though the condition has long been written.",
		trap: "Even an error message does not end the entry: the same ports lead to the dead host for 120 s after the last SYN.",
		setup: recipeSetup({ behaviour: { b1: { kind: "vanish" } } }),
		steps: [
			connect(1, { label: "first", port: 40_000 }),
			at(1000, setCondition("mail1up", "1")),
			at(5000, observe("after the error")),
			at(6000, connect(1, { label: "again", port: 40_000 })),
			at(20_000, connect(1, { label: "another port", port: 40_001 })),
		],
		expect: [
			outcomes("unreachable", 1, { step: "first" }),
			gatewayAnswered("icmp host-unreachable", 1, { step: "first" }),
			conntrack({ state: "SYN_SENT", mark: 1 }, 1, { at: "after the error" }),
			outcomes("unreachable", 1, { step: "again" }),
			order(["b2"], { step: "another port" }),
		],
	}),
	scenario({
		name: "stuck-established",
		suite,
		title:
			"An established connection to a dead host waits for its own time-out",
		story:
			"Backend 1 vanishes under an open connection. The client goes on sending to it, and since nothing comes back it only learns of the end from its own patience.",
		trap: "Nothing tells the clients of established connections that their backend has died.",
		setup: recipeSetup(),
		steps: [
			connect(1, {
				label: "held",
				dialogue: hold({ readTimeoutMs: 20_000 }),
			}),
			at(1000, backend("b1", "silent"), setCondition("mail1up", "1")),
			at(2000, speak("held")),
		],
		expect: [
			outcomes("read-timeout", 1),
			moved(0),
			conntrack({ state: "ESTABLISHED", mark: 1 }, 0, {
				because: "the client has closed by itself in the end",
			}),
		],
	}),
	scenario({
		name: "stuck-established-evicted",
		suite,
		title: "The same with eviction: picked up mid-stream, reset at once",
		story:
			"With the entry gone, the client's next packet is no SYN and still NEW (`nf_conntrack_tcp_loose` is 1): it is marked 2 and sent to backend 2, which knows nothing of it and answers RST. So the client learns at once, and comes again.",
		setup: recipeSetup(),
		steps: [
			connect(1, {
				label: "held",
				port: 40_000,
				dialogue: hold({ readTimeoutMs: 20_000 }),
			}),
			at(
				1000,
				backend("b1", "silent"),
				setCondition("mail1up", "1"),
				evict({ mark: 1 }),
			),
			at(2000, speak("held")),
		],
		expect: [
			outcomes("reset", 1),
			moved(1, { because: "its packet was taken for a new connection" }),
			gatewayAnswered("*", 0),
			packetsOut("bond0.205", ["* > 192.168.0.2:25 *"], { fromMs: 2000 }),
			packetsOut("bond0.204", ["tcp 10.0.0.1:25 > 10.0.0.10:40000 R*"], {
				fromMs: 2000,
			}),
		],
	}),
	scenario({
		name: "stuck-established-evicted-strict",
		suite,
		title: "With tcp_loose=0 the router itself resets the connection",
		story:
			"`nf_conntrack_tcp_loose=0`: the packet mid-stream is INVALID, no entry is made for it and nothing is translated. It is for the router's own address, which has no listener: RST, just as soon.",
		setup: recipeSetup({ sysctls: { "netfilter.nf_conntrack_tcp_loose": 0 } }),
		steps: [
			connect(1, {
				label: "held",
				dialogue: hold({ readTimeoutMs: 20_000 }),
			}),
			at(
				1000,
				backend("b1", "silent"),
				setCondition("mail1up", "1"),
				evict({ mark: 1 }),
			),
			at(2000, speak("held")),
		],
		expect: [outcomes("reset", 1), moved(0), gatewayAnswered("rst", 1)],
	}),
	scenario({
		name: "stuck-shorter-timeout",
		suite,
		title: "A shorter SYN_SENT time-out lets patient clients go",
		story:
			"The entry of an unanswered SYN lives for `nf_conntrack_tcp_timeout_syn_sent`, 120 s. Each retransmission makes it live that long again: at 3 s it is gone before the SYN of the 7th second, which is chosen anew. A way without eviction, at the cost of every slow answer.",
		setup: recipeSetup({ behaviour: { b1: { kind: "silent" } } }),
		steps: [
			sysctl("netfilter.nf_conntrack_tcp_timeout_syn_sent", 3),
			connect(1, { dialogue: smtp({ connectTimeoutMs: null }) }),
			at(500, setCondition("mail1up", "1")),
		],
		expect: [order(["b2"]), outcomes("completed", 1)],
	}),
];
