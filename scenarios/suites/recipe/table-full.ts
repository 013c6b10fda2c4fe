import {
	at,
	backend,
	connect,
	conntrack,
	hold,
	observe,
	outcomes,
	recipeSetup,
	scenario,
	smtp,
	speak,
	sysctl,
} from "../../language/build/build.ts";

const suite = "table-full";

const MAX = "netfilter.nf_conntrack_max";

/** Balancing by connmark needs an entry for each connection, and the table has an end. */
export const tableFull = [
	scenario({
		name: "table-full-of-established",
		suite,
		title: "The table is full of established connections: new ones are dropped",
		story:
			"Eight assured entries fill a table of eight. Assured ones are never dropped early, so the SYNs of new clients are: silently, with `nf_conntrack: table full, dropping packet` in the kernel's log. Those that stand go on.",
		trap: "Both backends may be bored: once nf_conntrack_max is reached, new clients meet silence.",
		setup: recipeSetup({ sysctls: { [MAX]: 8 } }),
		steps: [
			connect(8, { everyMs: 10, label: "held", dialogue: hold() }),
			at(1000, observe("full")),
			at(
				1000,
				connect(4, {
					everyMs: 10,
					label: "late",
					dialogue: smtp({ connectTimeoutMs: 5000 }),
				}),
			),
			at(3000, speak("held")),
		],
		expect: [
			conntrack({ state: "ESTABLISHED" }, 8, { at: "full", assured: true }),
			outcomes("connect-timeout", 4, { step: "late" }),
			outcomes("open", 8, { step: "held" }),
		],
	}),
	scenario({
		name: "table-full-raised",
		suite,
		title: "Raising nf_conntrack_max helps at once",
		story:
			"The limit is asked for each new entry, so clients that still retransmit their SYN are served as soon as it is raised.",
		setup: recipeSetup({ sysctls: { [MAX]: 8 } }),
		steps: [
			connect(8, { everyMs: 10, label: "held", dialogue: hold() }),
			at(1000, connect(2, { everyMs: 10, label: "late" })),
			at(2500, sysctl(MAX, 1000)),
		],
		expect: [outcomes("completed", 2, { step: "late" })],
	}),
	scenario({
		name: "table-full-of-unanswered",
		suite,
		title: "The table is full of unanswered SYNs: those make room",
		story:
			"Both backends are cut off for a few seconds while clients come at 600 a second, and the entries of their SYNs fill a table of 3072. They were never answered, so they are not [ASSURED], and each new entry throws some of them out of the eight buckets next to its own (early drop; with an entry to each bucket there is nearly always one). Once the backends are back, all clients are served as if the table were empty.",
		setup: recipeSetup({
			sysctls: { [MAX]: 3072, "netfilter.nf_conntrack_buckets": 3072 },
			behaviour: { b1: { kind: "silent" }, b2: { kind: "silent" } },
		}),
		steps: [
			connect(3300, {
				perSecond: 600,
				label: "flood",
				dialogue: smtp({ connectTimeoutMs: 900 }),
			}),
			at(10_000, observe("full"), backend("b1", "up"), backend("b2", "up")),
			at(11_000, connect(50, { everyMs: 10, label: "after" })),
		],
		expect: [
			outcomes("connect-timeout", 3300, { step: "flood" }),
			conntrack({}, { atLeast: 2500, atMost: 3072 }, { at: "full" }),
			outcomes("completed", { atLeast: 49 }, { step: "after" }),
		],
	}),
];
