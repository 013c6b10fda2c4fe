import {
	affinity,
	at,
	avoided,
	backend,
	connect,
	conntrack,
	counter,
	evenSplit,
	failoverGapAtMost,
	gatewayAnswered,
	observe,
	order,
	outcomes,
	pattern,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	setCondition,
	smtp,
} from "../../language/build/build.ts";

const suite = "failover";

/** With one backend dead, everything goes to the other; with both dead, nothing is translated. */
export const failover = [
	scenario({
		name: "failover-b1-dead",
		suite,
		title: "Backend 1 is dead: every new connection goes to backend 2",
		story:
			"mail1up holds 1, which means dead: the rules say `!`. Rule 2 goes on counting and never marks, rule 3 takes everything.",
		setup: recipeSetup({
			conditions: { mail1up: "1" },
			behaviour: { b1: { kind: "vanish" } },
		}),
		steps: [connect(8, { everyMs: 50 })],
		expect: [
			pattern(["b2"], 8),
			avoided("b1"),
			outcomes("completed", 8),
			counter("mangle:MAILMARK:rule:2", 0),
			counter("mangle:MAILMARK:rule:3", 8),
		],
	}),
	scenario({
		name: "failover-b2-dead",
		suite,
		title: "Backend 2 is dead: every new connection goes to backend 1",
		story:
			"Half of the connections are marked by rule 2 as ever. The other half passes rule 3 by, since mail2up is 1, and is caught by rule 4, the fallback.",
		setup: recipeSetup({
			conditions: { mail2up: "1" },
			behaviour: { b2: { kind: "vanish" } },
		}),
		steps: [connect(8, { everyMs: 50 })],
		expect: [
			pattern(["b1"], 8),
			avoided("b2"),
			outcomes("completed", 8),
			counter("mangle:MAILMARK:rule:2", 4),
			counter("mangle:MAILMARK:rule:4", 4, {
				because: "the fallback takes what rule 3 would have taken",
			}),
		],
	}),
	scenario({
		name: "failover-both-dead",
		suite,
		title: "Both are dead: the router itself answers, with RST",
		story:
			"Nothing is marked, so nothing is translated, and 10.0.0.1 is the router's own address: the SYN is for the router itself, where port 25 has no listener. The RST takes the conntrack entry with it, so the same ports are free for a new choice at once.",
		setup: recipeSetup({ conditions: { mail1up: "1", mail2up: "1" } }),
		steps: [
			connect(4, { everyMs: 50, label: "during", firstPort: 40_000 }),
			at(1000, observe("after the resets")),
			at(
				2000,
				setCondition("mail1up", "0"),
				setCondition("mail2up", "0"),
				connect(4, { everyMs: 50, label: "later", firstPort: 40_000 }),
			),
		],
		expect: [
			outcomes("refused", 4, { step: "during" }),
			gatewayAnswered("rst", 4, { step: "during" }),
			order([null, null, null, null], { step: "during" }),
			conntrack({}, 0, { at: "after the resets" }),
			evenSplit(["b1", "b2"], {
				step: "later",
				because: "the same ports are new connections now",
			}),
			outcomes("completed", 4, { step: "later" }),
		],
	}),
	scenario({
		name: "failover-both-dead-dropped",
		suite,
		title: "Both are dead and INPUT drops: clients wait and are served later",
		story:
			"With `INPUT … -j DROP` the router keeps silent instead of answering RST. The entry is never confirmed, so the retransmission three seconds later, after the recovery, is a new connection with a new choice: no client is lost that is patient.",
		setup: recipeSetup({
			ruleset: "recipe-drop.rules",
			conditions: { mail1up: "1", mail2up: "1" },
		}),
		steps: [
			connect(2, { everyMs: 10, label: "patient" }),
			at(500, observe("while dropped")),
			at(1500, setCondition("mail1up", "0"), setCondition("mail2up", "0")),
		],
		expect: [
			gatewayAnswered("*", 0),
			conntrack({}, 0, {
				at: "while dropped",
				because: "what is dropped is never confirmed",
			}),
			order(["b1", "b2"]),
			outcomes("completed", 2),
		],
	}),
	scenario({
		name: "failover-recovery",
		suite,
		title: "Backend 1 comes back: half and half again",
		story:
			"While mail1up is 1 the counter of rule 2 goes on counting, since it stands left of the condition. So after the recovery the turn is not that of backend 1 by necessity: it depends on how many came meanwhile. Three did here, so the fourth is not a first.",
		setup: recipeSetup({ conditions: { mail1up: "1" } }),
		steps: [
			connect(3, { everyMs: 50, label: "dead" }),
			at(
				1000,
				setCondition("mail1up", "0"),
				connect(8, { everyMs: 50, label: "back" }),
			),
		],
		expect: [
			order(["b2", "b2", "b2"], { step: "dead" }),
			pattern(["b2", "b1"], 8, { step: "back" }),
			evenSplit(["b1", "b2"], { step: "back" }),
		],
	}),
	scenario({
		name: "failover-host-vanishes",
		suite,
		title: "Backend 1's host vanishes under load, and the checker notices",
		story:
			"Nothing in the kernel looks after backends: until the health checker has written the condition, every second connection still goes to the dead host. With a probe every second and two bad ones in a row needed, that is about three seconds of losses.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(300, {
				everyMs: 50,
				dialogue: smtp({ connectTimeoutMs: 10_000 }),
			}),
			at(2500, backend("b1", "vanish")),
		],
		expect: [
			failoverGapAtMost("b1", 3500, {
				because: "two probes in a row, a second apart, and 0.8 s for the last",
			}),
			avoided("b1", { fromMs: 6000 }),
			outcomes("completed", 180, { fromMs: 6000 }),
			outcomes("lost", { atLeast: 15, atMost: 40 }),
			affinity(),
		],
	}),
	scenario({
		name: "failover-process-dies",
		suite,
		title: "Backend 1's process dies and is started again",
		story:
			"The host still answers, with RST, so clients learn at once that the port is closed, and mail programs try again. The checker notices at its next probes; once the process is back, two good probes bring the connections back.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(300, { everyMs: 50 }),
			at(2500, backend("b1", "refuse")),
			at(8500, backend("b1", "up")),
		],
		expect: [
			failoverGapAtMost("b1", 2600),
			avoided("b1", { fromMs: 5000, toMs: 8500 }),
			evenSplit(["b1", "b2"], { fromMs: 12_000 }),
			outcomes("refused", { atLeast: 10, atMost: 27 }),
			outcomes("connect-timeout", 0),
		],
	}),
	scenario({
		name: "failover-backend-hangs",
		suite,
		title:
			"Backend 1 accepts and says nothing: only a probe that reads notices",
		story:
			"The process is stuck: its kernel still completes handshakes, so a checker that only connects would go on calling it alive. This one waits for the banner.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(200, {
				everyMs: 50,
				dialogue: smtp({ readTimeoutMs: 5000 }),
			}),
			at(2500, backend("b1", { kind: "hang", accept: true })),
		],
		expect: [
			avoided("b1", { fromMs: 6000 }),
			outcomes("read-timeout", { atLeast: 10, atMost: 40 }),
			outcomes("completed", 80, { fromMs: 6000 }),
		],
	}),
	scenario({
		name: "failover-backend-hangs-tcp-probe",
		suite,
		title:
			"The same with a checker that only connects: the failure goes unnoticed",
		story:
			"A TCP probe is answered by the kernel of a stuck backend. The condition stays 0 and every second connection waits for a banner that never comes.",
		trap: "A health check that does not read the banner calls a stuck backend alive for ever.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck({ probe: { kind: "tcp" } }),
		}),
		steps: [
			connect(200, {
				everyMs: 50,
				dialogue: smtp({ readTimeoutMs: 5000 }),
			}),
			at(2500, backend("b1", { kind: "hang", accept: true })),
		],
		expect: [
			evenSplit(["b1", "b2"], { fromMs: 6000 }),
			outcomes("read-timeout", 40, { fromMs: 6000 }),
			outcomes("read-timeout", 35, { fromMs: 2500, toMs: 6000 }),
		],
	}),
];
