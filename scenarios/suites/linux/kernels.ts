import {
	at,
	connect,
	connectOnly,
	conntrack,
	observe,
	scenario,
	split,
} from "../../language/build/build.ts";
import { byHand, fromBackend, handshake } from "../kernel/by-hand.ts";
import { hostSetup, OWN, table, worker } from "../local/programs-setup.ts";

const suite = "linux";

/** What kernels do in different ways. */
export const kernelDifferences = [
	scenario({
		name: "port-range-spreads",
		suite,
		title: "A range of ports spreads connections over all of its ports",
		story:
			"REDIRECT to ports 7701 to 7704, a worker behind each. The kernel draws a port of the range for each connection (`nf_nat_l4proto_unique_tuple`). From Linux 6.12 on it begins with the first port, which is free for each client: worker 1 gets all of them, unless the rule says --random.",
		setup: hostSetup(
			table(
				"nat",
				`-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7701-7704`,
			),
			{
				backends: [1, 2, 3, 4].map((n) => worker(`w${n}`, 7700 + n)),
			},
		),
		steps: [connect(48, { everyMs: 20, dialogue: connectOnly() })],
		expect: [split({ w1: 1, w2: 1, w3: 1, w4: 1 }, { tolerance: 0.24 })],
	}),
	scenario({
		name: "reset-in-window-shortens",
		suite,
		title: "A reset inside of the window leaves an entry 10 s",
		story:
			"The backend's RST has a sequence number inside of the window that is not the next one. The client answers it with a challenge ACK and goes on; the entry stays ESTABLISHED. Its time is nf_conntrack_tcp_timeout_close here (`nf_conntrack_tcp_packet`); Linux 6.12 leaves it nf_conntrack_tcp_timeout_unacknowledged, 300 s.",
		setup: byHand(),
		steps: [
			...handshake(1, 40_000),
			at(1000, fromBackend(1, 40_000, "R seq 5011 ack 0"), observe("reset")),
		],
		expect: [
			conntrack({ state: "ESTABLISHED", mark: 1 }, 1, {
				at: "reset",
				timeoutS: 10,
			}),
		],
	}),
];
