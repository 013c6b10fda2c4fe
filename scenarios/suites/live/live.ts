/**
 * Short stories that can be played in live time, with real clients and real mail servers: what they
 * expect leaves room for what no two runs of a real network have alike, and is as sharp as it can be
 * where the kernel decides.
 */
import {
	at,
	avoided,
	backend,
	close,
	connect,
	connectOnly,
	countsAgree,
	evenSplit,
	failoverGapAtMost,
	hold,
	lossy,
	mailKept,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	repeat,
	restore,
	scenario,
	setCondition,
	slow,
	smtp,
	speak,
	split,
	takeOver,
} from "../../language/build/build.ts";

const suite = "live";
/** Between connections: twenty a second, as a busy mail server has them. */
const EVERY_MS = 50;

/** Whoever counts comes to the same, and nothing that was accepted is lost. */
const BOOKS = [
	countsAgree({ b1: "192.168.0.1", b2: "192.168.0.2" }),
	mailKept(),
];

/** The order is not what matters here, and a reload or a refused probe moves it by one or two. */
const nearlyEven = (of: { readonly fromMs?: number } = {}) =>
	split({ b1: 1, b2: 1 }, { ...of, tolerance: 0.1 });

export const live = [
	scenario({
		name: "live-split",
		suite,
		title: "A thousand connections: five hundred each",
		story:
			"The kernel's counter does not care how fast they come, or which of them takes how long: with both alive the split is exact.",
		setup: recipeSetup(),
		steps: [connect(1000, { perSecond: 100 })],
		expect: [
			evenSplit(["b1", "b2"]),
			outcomes("completed", 1000),
			outcomes("accepted", 1000),
			...BOOKS,
		],
		endMs: 60_000,
	}),
	scenario({
		name: "live-b1-dead",
		suite,
		title: "Backend 1 is dead: backend 2 takes everything",
		story:
			"Its process is gone and the condition says so, so no client gets to see that.",
		setup: recipeSetup({
			conditions: { mail1up: "1" },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [connect(40, { everyMs: EVERY_MS })],
		expect: [avoided("b1"), outcomes("completed", 40), ...BOOKS],
		endMs: 30_000,
	}),
	scenario({
		name: "live-b2-dead",
		suite,
		title: "Backend 2 is dead: backend 1 takes everything",
		story: "The other half, which the recipe's fallback rule has to catch.",
		setup: recipeSetup({
			conditions: { mail2up: "1" },
			behaviour: { b2: { kind: "refuse" } },
		}),
		steps: [connect(40, { everyMs: EVERY_MS })],
		expect: [avoided("b2"), outcomes("completed", 40), ...BOOKS],
		endMs: 30_000,
	}),
	scenario({
		name: "live-both-dead",
		suite,
		title: "Both are dead: the router refuses at once",
		story:
			"Nothing is marked and nothing translated: the packet is for the router itself, where port 25 has no listener.",
		setup: recipeSetup({ conditions: { mail1up: "1", mail2up: "1" } }),
		steps: [connect(20, { everyMs: EVERY_MS })],
		expect: [outcomes("refused", 20)],
		endMs: 30_000,
	}),
	scenario({
		name: "live-recovery",
		suite,
		title:
			"Backend 1's process dies and comes back; the checker switches twice",
		story:
			"Clients that meet the dead process are refused at once. From the checker's verdict on, none is; two good probes bring the half back.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(280, { everyMs: EVERY_MS }),
			at(3_000, backend("b1", "refuse")),
			at(8_000, backend("b1", "up")),
		],
		expect: [
			failoverGapAtMost("b1", 3_500),
			avoided("b1", { fromMs: 6_500, toMs: 8_000 }),
			outcomes("refused", { atLeast: 5, atMost: 40 }),
			outcomes("connect-timeout", 0),
			nearlyEven({ fromMs: 12_000 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
	scenario({
		name: "live-link-loss",
		suite,
		title: "Backend 1's link is cut",
		story:
			"No host refuses: SYNs go unanswered until the client gives up or the link is back, and a client that began on it stays with it.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(200, {
				everyMs: EVERY_MS,
				dialogue: smtp({ connectTimeoutMs: 4_000 }),
			}),
			at(3_000, backend("b1", "vanish")),
		],
		expect: [
			failoverGapAtMost("b1", 4_500),
			avoided("b1", { fromMs: 8_000 }),
			outcomes("lost", { atLeast: 10, atMost: 60 }),
			outcomes("completed", 40, { fromMs: 8_000 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
	scenario({
		name: "live-pause",
		suite,
		title: "Backend 1 stands still: it accepts and says nothing",
		story:
			"Its kernel completes handshakes; a checker that waits for the banner notices all the same.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(200, {
				everyMs: EVERY_MS,
				dialogue: smtp({ readTimeoutMs: 4_000 }),
			}),
			at(3_000, backend("b1", { kind: "hang", accept: false })),
		],
		expect: [
			avoided("b1", { fromMs: 8_000 }),
			outcomes("read-timeout", { atLeast: 10, atMost: 60 }),
			outcomes("completed", 40, { fromMs: 8_000 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
	scenario({
		name: "live-reload-under-load",
		suite,
		title:
			"The ruleset is reloaded repeatedly under load: no connection is lost",
		story:
			"Each load starts the counter anew, so the split leans to backend 1; connections that stand are not touched.",
		setup: recipeSetup(),
		steps: [
			connect(200, { everyMs: EVERY_MS }),
			...repeat(6, 1_500, () => [at(1_010, restore("recipe.rules"))]),
		],
		expect: [outcomes("completed", 200), nearlyEven(), mailKept()],
		endMs: 40_000,
	}),
	scenario({
		name: "live-flapping",
		suite,
		title: "Backend 1 comes and goes: no client waits, some are refused",
		story:
			"Every stumble costs what lies between the failure and the second bad probe, and nothing else.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(280, { everyMs: EVERY_MS }),
			at(2_000, backend("b1", "refuse")),
			at(5_500, backend("b1", "up")),
			at(9_000, backend("b1", "refuse")),
			at(11_500, backend("b1", "up")),
		],
		expect: [
			outcomes("connect-timeout", 0),
			outcomes("refused", { atLeast: 10, atMost: 80 }),
			outcomes("lost", { atLeast: 10, atMost: 80 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
	scenario({
		name: "live-switched-by-hand",
		suite,
		title:
			"An administrator takes backend 1 out and puts it in again: no client notices",
		story:
			"The condition is thrown while the backend serves: what was begun is finished there, what is new goes elsewhere.",
		setup: recipeSetup(),
		steps: [
			connect(160, { everyMs: EVERY_MS }),
			at(2_010, setCondition("mail1up", "1")),
			at(5_010, setCondition("mail1up", "0")),
		],
		expect: [
			outcomes("completed", 160),
			avoided("b1", { fromMs: 2_500, toMs: 5_000 }),
			nearlyEven({ fromMs: 5_500 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
	scenario({
		name: "live-take-over",
		suite,
		title: "A second router takes the addresses over: new connections go on",
		story:
			"It announces the addresses as its own (gratuitous ARP) and has never seen a connection; short ones that were under way may be lost, new ones are not.",
		setup: recipeSetup(),
		steps: [connect(200, { everyMs: EVERY_MS }), at(5_010, takeOver())],
		expect: [
			outcomes("completed", { atLeast: 140, atMost: 200 }),
			outcomes("completed", 40, { fromMs: 8_000 }),
			nearlyEven({ fromMs: 8_000 }),
			mailKept(),
		],
		endMs: 60_000,
	}),
	scenario({
		name: "live-slow",
		suite,
		title: "Backend 1 becomes slower than the checker's patience",
		story:
			"It is alive and answers all clients, two seconds late. Clients with a shorter time-out are lost until the checker, whose time-out is shorter too, has noticed.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(130, {
				everyMs: EVERY_MS,
				dialogue: smtp({ readTimeoutMs: 1_500 }),
			}),
			at(1_500, backend("b1", slow(2_000))),
		],
		expect: [
			avoided("b1", { fromMs: 5_500 }),
			outcomes("read-timeout", { atLeast: 10, atMost: 50 }),
			outcomes("completed", 20, { fromMs: 5_500 }),
			outcomes("refused", 0),
			...BOOKS,
		],
		endMs: 30_000,
	}),
	scenario({
		name: "live-drain",
		suite,
		title: "Backend 1 drains: who is there stays, who comes is refused",
		story:
			"The checker is refused as new clients are, and sends them elsewhere; established connections are served to their end.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(8, { everyMs: EVERY_MS, label: "held", dialogue: hold() }),
			at(1_000, backend("b1", "drain")),
			at(1_200, connect(80, { everyMs: EVERY_MS, label: "new" })),
			at(5_500, speak("held")),
			at(5_800, close("held")),
		],
		expect: [
			outcomes("completed", 8, { step: "held" }),
			outcomes("refused", { atLeast: 4, atMost: 40 }, { step: "new" }),
			failoverGapAtMost("b1", 3_500),
			avoided("b1", { step: "new", fromMs: 4_500 }),
			outcomes("completed", 14, { step: "new", fromMs: 4_500 }),
			...BOOKS,
		],
		endMs: 30_000,
	}),
	scenario({
		name: "live-lossy",
		suite,
		title: "Backend 1 loses packets: the hasty notice, the patient do not",
		story:
			"Of 60 clients that give up before their SYN is repeated, half are lost while three packets in ten are; TCP repairs what one packet in twenty does. The bounds are where chance gets to in one run of a million.",
		setup: recipeSetup({ behaviour: { b1: lossy(0.3) } }),
		steps: [
			connect(120, {
				everyMs: 25,
				label: "hasty",
				dialogue: connectOnly(700),
			}),
			at(4_000, backend("b1", lossy(0.05))),
			at(
				4_200,
				connect(40, {
					everyMs: EVERY_MS,
					label: "patient",
					dialogue: smtp({ connectTimeoutMs: 15_000, readTimeoutMs: 15_000 }),
				}),
			),
		],
		expect: [
			outcomes(
				"connect-timeout",
				{ atLeast: 12, atMost: 49 },
				{ step: "hasty" },
			),
			outcomes("completed", { atLeast: 71, atMost: 108 }, { step: "hasty" }),
			outcomes("completed", { atLeast: 37 }, { step: "patient" }),
			split({ b1: 1, b2: 1 }, { step: "patient", tolerance: 0.1 }),
			...BOOKS,
		],
		endMs: 40_000,
	}),
];
