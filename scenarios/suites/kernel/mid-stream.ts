import {
	at,
	conntrack,
	evict,
	INSIDE,
	OUTSIDE,
	observe,
	packetsOut,
	scenario,
	setCondition,
	takeOver,
} from "../../language/build/build.ts";
import { byHand, client, fromBackend, handshake } from "./by-hand.ts";

const suite = "kernel-conntrack";

/** Packets that are no beginning of anything. */
export const midStreamFacts = [
	scenario({
		name: "conntrack-evicted-picked-up",
		suite,
		title: "After an eviction the next packet is picked up mid-stream",
		story:
			"`conntrack -D --mark 1` after the failover. The client's next data packet is NEW (`nf_conntrack_tcp_loose=1`), is marked 2 and goes to backend 2, with 300 s and [UNREPLIED]. Backend 2 knows nothing of it and answers RST, so the client learns of its loss at once.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(1000, setCondition("mail1up", "1"), evict({ mark: 1 })),
			at(
				2000,
				client(40_000, "PA", 1001, "ack 5001 len 6"),
				observe("picked up"),
			),
			at(2001, fromBackend(2, 40_000, "R seq 5001 ack 0")),
		],
		expect: [
			packetsOut(INSIDE, ["tcp 10.0.0.10:40000 > 192.168.0.2:25 PA *"], {
				fromMs: 2000,
				exactly: true,
			}),
			conntrack({ state: "ESTABLISHED", mark: 2 }, 1, {
				at: "picked up",
				unreplied: true,
				timeoutS: 300,
			}),
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 R *"], {
				fromMs: 2000,
				exactly: true,
			}),
		],
	}),
	scenario({
		name: "conntrack-evicted-strict",
		suite,
		title: "With tcp_loose=0 the same packet is INVALID",
		story:
			"It is not translated, so it is delivered to the router, which answers RST.",
		setup: byHand({ sysctls: { "netfilter.nf_conntrack_tcp_loose": 0 } }),
		steps: [
			...handshake(1, 40_000),
			at(1000, setCondition("mail1up", "1"), evict({ mark: 1 })),
			at(2000, client(40_000, "PA", 1001, "ack 5001 len 6")),
		],
		expect: [
			packetsOut(INSIDE, [], { fromMs: 2000, exactly: true }),
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:40000 R*"], {
				fromMs: 2000,
				exactly: true,
			}),
			conntrack({}, 0),
		],
	}),
	scenario({
		name: "conntrack-take-over-client-first",
		suite,
		title: "On a second router the client's packet gets the next turn",
		story:
			"Two connections stand, at backend 1 and backend 2. On the router that takes over, the connection that speaks first gets the first turn: here the one that was backend 2's. Both are wrong now.",
		trap: "Established connections do not all survive a failover between routers.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			...handshake(2, 40_001),
			at(1000, takeOver()),
			at(2000, client(40_001, "PA", 1001, "ack 5001 len 6")),
			at(2001, client(40_000, "PA", 1001, "ack 5001 len 6")),
		],
		expect: [
			packetsOut(
				INSIDE,
				[
					"tcp 10.0.0.10:40001 > 192.168.0.1:25 PA *",
					"tcp 10.0.0.10:40000 > 192.168.0.2:25 PA *",
				],
				{ fromMs: 2000, exactly: true },
			),
		],
	}),
	scenario({
		name: "conntrack-take-over-backend-first",
		suite,
		title:
			"The backend speaks first: untranslated, and the ports clash ever after",
		story:
			"The backend's packet goes out as it is, from 192.168.0.1. The entry that this makes has the tuple that the client's connection would need for its replies. So the client's next packet, translated to backend 1, gets another source port, chosen at random: backend 1 knows no such connection.",
		trap: "After a take-over, a backend that speaks first breaks its connection for good.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(1000, takeOver()),
			at(2000, fromBackend(1, 40_000, "PA seq 5001 ack 1001 len 4")),
			at(2010, client(40_000, "PA", 1001, "ack 5001 len 6"), observe("clash")),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 192.168.0.1:25 > 10.0.0.10:40000 PA *"], {
				fromMs: 2000,
				exactly: true,
			}),
			packetsOut(INSIDE, ["tcp 10.0.0.10:* > 192.168.0.1:25 PA *"], {
				fromMs: 2000,
				exactly: true,
			}),
			conntrack({ replySource: "192.168.0.1", originalSourcePort: 40_000 }, 1, {
				at: "clash",
			}),
			conntrack({ originalSource: "192.168.0.1" }, 1, { at: "clash" }),
		],
	}),
	scenario({
		name: "conntrack-invalid-flags",
		suite,
		title: "SYN|FIN, or no flags at all: INVALID, and for the router itself",
		story:
			"No entry, no translation: the packet is delivered to the router, which answers RST.",
		setup: byHand(),
		steps: [
			client(40_000, "SF", 1000),
			at(10, client(40_001, "none", 1000)),
			at(20, observe("after")),
		],
		expect: [
			packetsOut(INSIDE, [], { exactly: true }),
			packetsOut(
				OUTSIDE,
				[
					"tcp 10.0.0.1:25 > 10.0.0.10:40000 R*",
					"tcp 10.0.0.1:25 > 10.0.0.10:40001 R*",
				],
				{ exactly: true },
			),
			conntrack({}, 0, { at: "after" }),
		],
	}),
];
