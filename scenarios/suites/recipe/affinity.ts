import {
	affinity as allAtOne,
	at,
	backend,
	close,
	connect,
	conntrack,
	counter,
	hold,
	observe,
	order,
	outcomes,
	recipeSetup,
	repeat,
	scenario,
	setCondition,
	smtp,
	speak,
} from "../../language/build/build.ts";

const suite = "affinity";

/** All packets of a connection go to one backend, whatever the switches do. */
export const affinity = [
	scenario({
		name: "affinity-while-conditions-flip",
		suite,
		title: "Established connections stay while the conditions flip",
		story:
			"Six connections are held open while both switches go through every combination, both dead among them. Each packet gets its mark from the connmark before any condition is asked, and the NAT mapping belongs to the entry, not to the rules: no connection moves.",
		setup: recipeSetup(),
		steps: [
			connect(6, { everyMs: 10, label: "held", dialogue: hold() }),
			...[
				setCondition("mail1up", "1"),
				setCondition("mail2up", "1"),
				setCondition("mail1up", "0"),
				setCondition("mail2up", "0"),
			].map((flip, index) =>
				at(
					1000 + index * 1000,
					flip,
					at(200, speak("held", "client")),
					at(400, speak("held", "backend")),
				),
			),
			at(6000, close("held")),
		],
		expect: [
			order(["b1", "b2", "b1", "b2", "b1", "b2"]),
			allAtOne(),
			outcomes("completed", 6),
		],
	}),
	scenario({
		name: "affinity-under-load",
		suite,
		title: "A hundred dialogues are none the worse for a flapping switch",
		story:
			"mail1up flips every 100 ms while a hundred slow dialogues are under way. New connections follow the switch, and not one packet of an older one does.",
		setup: recipeSetup(),
		steps: [
			connect(100, { everyMs: 20, dialogue: smtp({ paceMs: 100 }) }),
			...repeat(20, 100, (index) => [
				setCondition("mail1up", index % 2 === 0 ? "1" : "0"),
			]),
		],
		expect: [allAtOne(), outcomes("completed", 100)],
	}),
	scenario({
		name: "affinity-retransmitted-syn",
		suite,
		title:
			"A retransmitted SYN goes where the first one went, and is not counted",
		story:
			"Neither host lets anything through, so every client sends its SYN again after a second. The entry of the first SYN still lives and carries the mark: the second SYN meets the same backend, and the counter of rule 2 does not move. Seen at the backends: 1 1 2 2 1 1 2 2.",
		setup: recipeSetup({
			behaviour: { b1: { kind: "silent" }, b2: { kind: "silent" } },
		}),
		steps: [
			connect(4, {
				everyMs: 2500,
				dialogue: smtp({ connectTimeoutMs: 2000 }),
			}),
		],
		expect: [
			counter("mangle:MAILMARK:rule:2", 2, {
				because: "eight SYNs, four connections, every second one is marked 1",
			}),
			counter("mangle:MAILMARK:rule:3", 2),
			counter("mangle:PREROUTING:rule:1", 8),
			outcomes("connect-timeout", 4),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "affinity-port-reuse-in-time-wait",
		suite,
		title: "The same ports again in TIME_WAIT: a new choice",
		story:
			"A client comes again from the same source port while the entry of its last connection is in TIME_WAIT. A SYN makes conntrack throw the old entry away and take the packet for a new connection, so it is counted and chosen anew: backend 1 first, backend 2 now.",
		setup: recipeSetup(),
		steps: [
			connect(1, { label: "first", port: 40_000 }),
			at(4000, observe("in TIME_WAIT")),
			at(5000, connect(1, { label: "again", port: 40_000 })),
		],
		expect: [
			conntrack({ state: "TIME_WAIT", mark: 1 }, 1, { at: "in TIME_WAIT" }),
			order(["b1", "b2"]),
			outcomes("completed", 2),
			conntrack({ originalSourcePort: 40_000, mark: 2 }, 1),
			conntrack({ mark: 1 }, 0, { because: "the old entry is gone" }),
		],
		endMs: 10_000,
	}),
	scenario({
		name: "affinity-drain",
		suite,
		title: "Taking a backend out for maintenance loses no connection",
		story:
			"The way to empty a backend: write its condition, wait until its connections have ended, stop it. Those that stand go on to it, new ones go elsewhere.",
		setup: recipeSetup(),
		steps: [
			connect(4, { everyMs: 10, label: "held", dialogue: hold() }),
			at(1000, setCondition("mail1up", "1")),
			at(1500, connect(4, { everyMs: 10, label: "new" })),
			at(3000, speak("held")),
			at(4000, close("held")),
			at(8000, backend("b1", "refuse")),
			at(9000, connect(4, { everyMs: 10, label: "stopped" })),
		],
		expect: [
			order(["b1", "b2", "b1", "b2"], { step: "held" }),
			order(["b2", "b2", "b2", "b2"], { step: "new" }),
			allAtOne(),
			outcomes("completed", 12),
		],
	}),
];
