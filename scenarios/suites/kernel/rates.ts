/** Rates as the kernel estimates them. */
import {
	at,
	counter,
	iptables,
	OUTSIDE,
	observe,
	packet,
	restore,
	scenario,
} from "../../language/build/build.ts";
import type { ScenarioStep } from "../../language/scenario.ts";
import { byHand } from "./by-hand.ts";

const RULES = `*mangle
-A PREROUTING -j RATEEST --rateest-name all --rateest-interval 250ms --rateest-ewmalog 500ms
-A PREROUTING -p icmp -j RATEEST --rateest-name pings --rateest-interval 1s --rateest-ewmalog 4s
COMMIT
*filter
-A FORWARD -m rateest --rateest all --rateest-eq --rateest-pps 0
-A FORWARD -m rateest --rateest all --rateest-gt --rateest-pps 12
-A FORWARD -m rateest --rateest all ! --rateest-lt --rateest-bps 8kbit
-A FORWARD -m rateest --rateest1 all --rateest-gt --rateest-bps --rateest2 pings
-A FORWARD -m rateest --rateest-delta --rateest1 all --rateest-pps1 20 --rateest-lt --rateest-pps2 4 --rateest2 pings
-A FORWARD -m rateest --rateest-delta --rateest all --rateest-bps1 16kbit --rateest-gt --rateest-bps2 4kbit
COMMIT
`;

const rules = { name: "rates.rules", text: RULES };
const datagram = packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 len 60");
const ping = packet(
	OUTSIDE,
	"icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1 len 56",
);

/** Away from the time at which timers run, that nothing is left open. */
function every(
	stepMs: number,
	[fromMs, toMs]: readonly [number, number],
	step: ScenarioStep,
): readonly ScenarioStep[] {
	const times = Math.floor((toMs - fromMs) / stepMs);
	return Array.from({ length: times }, (_, index) => index).flatMap((index) =>
		at(fromMs + index * stepMs, step),
	);
}

export const rateFacts = [
	scenario({
		name: "rates",
		suite: "matches",
		title: "A rate rises and falls with the intervals of its estimator",
		story:
			"For a second and a half a datagram comes every 40 ms, and pings come on the way; after that a few packets ask what the rates are. An estimator of 250 ms takes the mean of itself and what it counted every 62 ticks of the clock, 248 ms; one of a second does every 248.",
		trap: "An estimator knows nothing before its first interval is over: until then the rate is 0.",
		setup: byHand({ ruleset: rules }),
		steps: [
			...every(40, [10, 1500], datagram),
			...every(300, [120, 1500], ping),
			at(1700, observe("busy")),
			...every(200, [1720, 4000], datagram),
			at(4030, observe("quiet")),
			at(4040, iptables("-A FORWARD -p 50")),
			at(4050, datagram),
			at(4060, observe("appended")),
			at(4070, iptables("-F FORWARD")),
			at(4080, iptables("-t mangle -F PREROUTING")),
			at(4090, restore(rules)),
			at(4100, datagram),
			at(4110, observe("made anew")),
			at(60_000, datagram),
			at(60_010, observe("long after")),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 8, {
				at: "busy",
				because: "the first interval is not over yet",
			}),
			counter("filter:FORWARD:rule:1", 1, {
				at: "made anew",
				because: "the last rule that named the estimator is gone",
			}),
			counter("filter:FORWARD:rule:1", 2, { at: "long after" }),
		],
	}),
];
