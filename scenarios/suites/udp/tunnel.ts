import {
	abandonedWithin,
	at,
	backend,
	conntrack,
	evict,
	INSIDE,
	moved,
	observe,
	order,
	outcomes,
	packetsOut,
	restore,
	scenario,
	send,
} from "../../language/build/build.ts";
import { nat, onlyTo, turns, udpSetup } from "./udp-setup.ts";

const suite = "udp-tunnel";
const PORT = 51_820;
const TUNNEL = { name: "tunnel", port: PORT };
const TO_B2 = { name: "to-b2.rules", text: nat(onlyTo(2, PORT)) };

/** One request every 5 s, from the tunnel's own port, each awaited for 2 s. */
const keepalives = (count: number, everyMs = 5_000) =>
	send(count, {
		label: "tunnel",
		port: PORT,
		everyMs,
		reply: { timeoutMs: 2_000, attempts: 1 },
	});

/** Tunnels keep one flow for days, from a port that never changes. */
export const tunnel = [
	scenario({
		name: "tunnel-stale-entry",
		suite,
		title:
			"A tunnel whose peer died stays with it, however the rules are changed",
		story:
			"The first of two tunnel servers dies under a tunnel that stands, and the rules are changed to the second one 2 s later. But rules of nat are asked for first packets alone: the tunnel sends on from its port, its entry leads the packets to the dead server, and each packet renews the entry. A tunnel that begins now is served.",
		trap: "Changed rules move new flows only. Keepalives keep the stale entry alive for ever.",
		setup: udpSetup(TUNNEL, nat(onlyTo(1, PORT))),
		steps: [
			keepalives(20),
			at(22_000, backend("b1", { kind: "silent" })),
			at(24_000, restore(TO_B2)),
			at(60_000, send(1, { label: "new tunnel" })),
			at(99_000, observe("long after")),
		],
		expect: [
			order(["b1"], { step: "tunnel" }),
			order(["b2"], { step: "new tunnel" }),
			outcomes("unanswered", 1, { step: "tunnel" }),
			outcomes("answered", 1, { step: "new tunnel" }),
			packetsOut(INSIDE, [`udp 10.0.0.10:${PORT} > 192.168.0.1:${PORT} *`], {
				fromMs: 94_000,
				because: "the entry is stale, and renewed",
			}),
			conntrack({ protocol: "udp", replySource: "192.168.0.1" }, 1, {
				at: "long after",
				assured: true,
			}),
		],
	}),
	scenario({
		name: "tunnel-evicted",
		suite,
		title: "The same with eviction: the tunnel goes on elsewhere",
		story:
			"With the change of the rules the entries of the dead server are thrown away (`conntrack -D -p udp --reply-src 192.168.0.1`). The next keepalive finds none, meets the rules of nat and goes to the second server: nothing goes to the dead one any more.",
		setup: udpSetup(TUNNEL, nat(onlyTo(1, PORT))),
		steps: [
			keepalives(20),
			at(22_000, backend("b1", { kind: "silent" })),
			at(
				24_000,
				restore(TO_B2),
				evict({ protocol: "udp", replySource: "192.168.0.1" }),
			),
		],
		expect: [
			moved(1),
			abandonedWithin("b1", 2_000),
			conntrack({ protocol: "udp", replySource: "192.168.0.2" }, 1, {
				assured: true,
			}),
		],
	}),
	scenario({
		name: "tunnel-keepalive-in-time",
		suite,
		title: "A keepalive every 25 s keeps a tunnel at its server",
		story:
			"WireGuard's `PersistentKeepalive = 25` is made for routers like this one: 25 s are less than the 30 s that an entry lives before it is ASSURED, and less than the 120 s after (`nf_conntrack_udp_timeout_stream`). The counter of nth is asked once.",
		setup: udpSetup(TUNNEL, turns(PORT)),
		steps: [keepalives(6, 25_000), at(126_000, observe("kept"))],
		expect: [
			moved(0),
			order(["b1"]),
			outcomes("answered", 1),
			conntrack({ protocol: "udp" }, 1, { at: "kept", assured: true }),
		],
	}),
	scenario({
		name: "tunnel-short-stream-timeout",
		suite,
		title:
			"Under a shorter stream timeout each keepalive goes to another server",
		story:
			"The router has `nf_conntrack_udp_timeout` and `nf_conntrack_udp_timeout_stream` of 20 s, as people set them to keep their table small. Between keepalives that are 25 s apart the entry expires, so each is a first packet and the counter of nth sends it to the server whose turn it is.",
		trap: "A timeout below the keepalive's interval makes new connections of one tunnel.",
		setup: udpSetup(TUNNEL, turns(PORT), {
			sysctls: {
				"netfilter.nf_conntrack_udp_timeout": 20,
				"netfilter.nf_conntrack_udp_timeout_stream": 20,
			},
		}),
		steps: [keepalives(6, 25_000)],
		expect: [
			moved(1),
			packetsOut(
				INSIDE,
				[1, 2, 1, 2, 1, 2].map((n) => `udp * > 192.168.0.${n}:${PORT} *`),
				{ exactly: true },
			),
		],
	}),
];
