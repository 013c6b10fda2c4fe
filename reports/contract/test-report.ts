/** Reports by hand, for the tests of whoever shows them: small, and every case is there. */

import type {
	ComparisonView,
	DivergenceView,
	Entry,
	FailoverView,
	Lane,
	Report,
	RuleAt,
	VerdictView,
} from "./report.ts";
import type { DiffView } from "./report-diff.ts";
import type { ProofCell, ProofView } from "./report-proof.ts";
import {
	connection,
	entry,
	expectation,
	MODEL,
	RULESET,
	SPLIT,
	WALKS,
} from "./test-entries.ts";
import { fuzzView, INSIDE, OUTSIDE } from "./test-fuzz.ts";

const KERNEL = "vm (linux 6.1.0-56-cloud-amd64, tcg)";

/** What somebody may write who wants to break out of any of the formats, or just to be clever. */
export const HOSTILE = [
	"</script></textarea>--><script>alert(1)</script>",
	"<img src=x onerror=alert(1)> \"double\" 'single' & &amp; &#60; ]]> 🦑",
	"| a pipe, `a` ``tick`` ````four````, \\backslash\\, *stars*, ~~gone~~",
	"## heading",
	"```",
	"::error file=a,line=1::forged %0A::error::forged too",
	"##[error]forged @octocat #1 :tada: $x$ [link](javascript:alert(1)) https://example.org",
	"\r\n\u202ereversed\u202c\u2066 \u0000\u0007\u001b[31mred\u2028\ufffe\uffff",
	"\ud83e lone \udd91",
].join("\n");

/** Good, something else from one time until another, and good again. */
function lane(
	about: Pick<Lane, "name" | "kind">,
	good: string,
	other: readonly [value: string, fromMs: number, toMs: number],
): Lane {
	const [value, fromMs, toMs] = other;
	return {
		...about,
		spans: [
			{ fromMs: 0, toMs: fromMs, value: good, isGood: true },
			{ fromMs, toMs, value, isGood: false },
			{ fromMs: toMs, toMs: 12_000, value: good, isGood: true },
		],
	};
}

const FAILOVER_VIEW: FailoverView = {
	fromMs: 0,
	toMs: 12_000,
	lanes: [
		lane({ name: "b1", kind: "health" }, "up", ["refuse", 3_000, 8_000]),
		{
			name: "b2",
			kind: "health",
			spans: [{ fromMs: 0, toMs: 12_000, value: "up", isGood: true }],
		},
		lane({ name: "checker on b1", kind: "belief" }, "alive", [
			"dead",
			5_000,
			9_000,
		]),
		lane({ name: "mail1up", kind: "condition" }, "0", ["1", 5_000, 9_000]),
	],
	stretches: {
		fromMs: 0,
		stretchMs: 1_000,
		counts: [
			[1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1],
			[1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1],
			[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
		],
		late: [
			[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
			[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
			[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
		],
		lost: [
			[0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0],
			[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
			[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
		],
	},
	gaps: [
		{
			backend: 0,
			failedMs: 3_000,
			noticedMs: 5_000,
			servedMs: 4_500,
			recoveredMs: 8_000,
			lost: 2,
			predictedMs: null,
			late: 1,
			longestWaitMs: 3_004,
		},
	],
};

/** Refused: nobody listens where the rules sent it. */
function refused(number: number, startedMs: number) {
	return connection({
		number,
		startedMs,
		backend: 0,
		outcome: "refused",
		connectedMs: null,
		greetedMs: null,
		endedMs: startedMs + 4,
	});
}

const FAILOVER = entry({
	name: "failover-process-dies",
	suite: "failover",
	title: "Backend 1's process dies and is started again",
	story:
		"The host still answers, with RST, so clients learn at once that nobody is there.",
	endedMs: 12_036,
	expectations: [
		expectation({
			expected:
				"at most 2600 ms from each failure of b1 until new connections are served elsewhere",
			seen: "1500 ms (2 connections lost)",
			connections: [7, 9],
		}),
	],
	connections: {
		noun: "connection",
		total: 24,
		outcomes: [
			{ outcome: "completed", count: 22 },
			{ outcome: "refused", count: 2 },
		],
		moved: 0,
		lost: 2,
		late: 1,
		longestWaitMs: 3_004,
		shown: [
			connection({ number: 1, startedMs: 0, backend: 0 }),
			connection({ number: 2, startedMs: 500, backend: 1 }),
			refused(7, 3_000),
			refused(9, 4_000),
		],
		sampling: "the first of each backend, and those that were lost",
	},
	failover: FAILOVER_VIEW,
	moments: [
		{ atMs: 3_000, text: "b1: refuse" },
		{ atMs: 8_000, text: "b1: up" },
	],
});

/** It asks for mail1up where mail2up is meant. */
const WRONG_RULE: RuleAt = {
	place: "mangle:MAILMARK:rule:3",
	file: "firewall/my.rules",
	line: 5,
	text: '-A MAILMARK -m mark --mark 0x0 -m condition ! --condition "mail1up"  -j MARK --set-xmark 0x2/0xffffffff',
};

/** One for each way not to hold. */
const WRONG: readonly Entry[] = [
	entry({
		name: "failover-b2-dead",
		suite: "failover",
		status: "violated",
		title: "Backend 2 is dead: every new connection goes to backend 1",
		expectations: [
			expectation({
				status: "violated",
				expected: "none of the connections at b2",
				seen: "4 of 8 connections",
				because: "mail2up is 1",
				connections: [2, 4, 6, 8],
				rule: WRONG_RULE,
			}),
			expectation({ expected: "one backend for all", seen: "0 of 8 moved" }),
		],
	}),
	entry({
		name: "failover-host-vanishes",
		suite: "failover",
		title: "Backend 1's host vanishes under load",
		status: "violated",
		expectations: [
			expectation({
				status: "violated",
				expected: "at most 2600 ms from each failure of b1",
				seen: "5050 ms (61 connections lost)",
			}),
			expectation({
				status: "violated",
				expected: "exactly 0 of the connections read-timeout",
				seen: "3 of 300 connections",
				connections: [51, 53, 55],
			}),
		],
	}),
	entry({
		name: "failover-recovery",
		suite: "failover",
		driver: KERNEL,
		title: "Backend 1 comes back: half and half again",
		status: "failed",
		replay: "marktwin run --filter failover-recovery --seed 1 --on vm",
		failure:
			"virtual machine (tcg): the guest's kernel broke down\n\nBUG: kernel NULL pointer dereference, address: 0000000000000008\nThe next scenario gets a machine of its own.",
		backends: [],
		endedMs: 0,
	}),
	entry({
		name: "own-queue",
		suite: 'own <rules> | "mine"',
		status: "unknown",
		title: "A program decides",
		unknown: {
			reason: "packets handed to programs are not modelled",
			rule: {
				place: "filter:FORWARD:rule:1",
				file: "firewall/my.rules",
				line: 17,
				text: "-A FORWARD -j NFQUEUE --queue-num 0",
			},
		},
		expectations: [
			expectation({
				status: "unknown",
				expected: "a play to the end",
				seen: "the play ended: packets handed to programs are not modelled",
			}),
		],
	}),
];

const TRAP = entry({
	name: "split-two-clients-in-step",
	suite: "split",
	title: "Two clients in step: each of them always meets the same backend",
	trap: "The split is even over all connections, not for each client.",
	expectations: [expectation({ expected: "b1 b2 b1 b2", seen: "b1 b2 b1 b2" })],
});

/** Every text in it is written by somebody who means no good. */
const HOSTILE_ENTRY = entry({
	id: "own-hostile",
	name: `own-hostile"><b>`,
	suite: 'own <rules> | "mine"',
	title: "</script><script>alert(1)</script>",
	story: `<img src=x onerror=alert(1)>${HOSTILE}`,
	trap: HOSTILE,
	replay: `marktwin run ${HOSTILE}`,
	backends: [HOSTILE],
	status: "violated",
	expectations: [
		expectation({
			status: "violated",
			expected: HOSTILE,
			seen: HOSTILE,
			because: HOSTILE,
			connections: [1],
			rule: {
				place: HOSTILE,
				file: "firewall/100%,a:b\n.rules",
				line: 3,
				text: HOSTILE,
			},
		}),
	],
	connections: {
		noun: "connection",
		total: 1,
		moved: 0,
		sampling: HOSTILE,
		lost: 1,
		late: 0,
		longestWaitMs: 0,
		outcomes: [{ outcome: HOSTILE, count: 1 }],
		shown: [
			connection({
				number: 1,
				startedMs: 0,
				backend: 0,
				client: HOSTILE,
				outcome: HOSTILE,
				gatewayAnswers: [HOSTILE],
			}),
		],
	},
	moments: [{ atMs: 0, text: HOSTILE }],
	rules: {
		snapshots: [
			{ label: HOSTILE, atMs: 0, ruleset: 1, packets: [1], bytes: [52] },
		],
		paths: [
			{
				atMs: 0,
				connection: 1,
				direction: "in",
				interface: HOSTILE,
				packet: HOSTILE,
				out: [HOSTILE],
				fate: HOSTILE,
				walk: 3,
			},
		],
		noPaths: "",
		omitted: 0,
		sampling: HOSTILE,
	},
	conntrack: [
		{
			label: HOSTILE,
			atMs: 0,
			lines: [HOSTILE],
			total: 1,
			conditions: [{ name: HOSTILE, value: 1 }],
		},
	],
});

/** A wrong cascade, and all that may stand beside it. */
function verdictViewSample(): VerdictView {
	const part = (key: string, backend: number, share: string, width: number) => {
		return { key, backend, share, percent: `${width * 100} %`, width };
	};
	return {
		file: HOSTILE,
		linux: "bookworm/legacy",
		status: null,
		services: [
			{
				key: "tcp 203.0.113.1:80",
				name: HOSTILE,
				backends: ["10.20.0.11:80", "10.20.0.12:80"],
				classes: [
					{
						name: "",
						vectors: [
							{
								name: "all alive",
								parts: [
									part("10.20.0.11:80", 0, "1/2", 0.5),
									part("10.20.0.12:80", 1, "1/4", 0.25),
									part(
										"no backend: delivered to the gateway itself",
										-1,
										"1/4",
										0.25,
									),
								],
							},
							{
								name: "10.20.0.11:80 dead",
								parts: [part("10.20.0.12:80", 1, "1", 1)],
							},
						],
						notes: ["The turns repeat after 4 connections."],
					},
				],
				drives: [HOSTILE],
			},
		],
		moreServices: 2,
		findings: [
			{
				code: "MT101",
				name: "no-backend",
				severity: "error",
				line: 2,
				message: HOSTILE,
				happens: HOSTILE,
				remedy: HOSTILE,
			},
		],
		rules: [{ line: 2, text: HOSTILE, codes: ["MT101"] }],
		assumptions: [HOSTILE],
		unknown: [HOSTILE],
	};
}

function proofSample(): ProofView {
	const cell = (status: ProofCell["status"], counterexample = -1) => {
		return { status, words: HOSTILE, counterexample };
	};
	return {
		file: HOSTILE,
		status: "holds",
		assumed: "in quiet operation",
		quiet: "Quiet operation is: data both ways.",
		services: [
			{
				service: "tcp 10.0.0.1:25, all clients",
				events: ["quiet operation", "take-over"],
				cannot: ["race"],
				properties: [
					{
						name: "affinity",
						about: "Connections keep their backend.",
						cells: [cell("holds"), cell("violated", 0)],
					},
					{
						name: "liveness",
						about: "",
						cells: [cell("nothing"), cell("unknown")],
					},
				],
				counterexamples: [
					{
						title: "affinity, take-over",
						steps: [{ words: HOSTILE, rules: ["nat:PREROUTING:rule:1"] }],
						happens: HOSTILE,
						entry: SPLIT.id,
						replay: "marktwin run counterexample.scenario.json",
					},
				],
			},
		],
		leftOut: [HOSTILE],
	};
}

function diffSample(): DiffView {
	const part = (key: string, backend: number, share: string, width: number) => {
		return { key, backend, share, percent: `${width * 100} %`, width };
	};
	return {
		before: "old.rules",
		after: HOSTILE,
		linux: "bookworm/legacy",
		verdict: "different",
		summary: "2 rules removed, 3 rules added",
		changes: [
			{ text: HOSTILE, allowed: "" },
			{ text: "tcp 10.0.0.1:25 gets other shares", allowed: HOSTILE },
		],
		idle: [HOSTILE],
		services: [
			{
				key: "tcp 10.0.0.1:25",
				name: HOSTILE,
				is: "",
				classes: [
					{
						name: "all clients",
						unknown: [],
						fate: null,
						vectors: [
							{
								name: "all alive",
								before: [part("b1", 0, "1/2", 0.5), part("b2", 1, "1/2", 0.5)],
								after: [part("b1", 0, "1/4", 0.25), part("b2", 1, "3/4", 0.75)],
								moved: "1/4 (25 %) of new connections go elsewhere",
							},
						],
					},
					{
						name: "all clients, the answer",
						unknown: [HOSTILE],
						fate: { before: HOSTILE, after: "dropped" },
						vectors: [],
					},
				],
				same: [HOSTILE],
				drives: { before: [HOSTILE], after: [] },
			},
		],
		sameServices: [HOSTILE],
		packets: [
			{
				packets: HOSTILE,
				measure: "< 0.1 % of all",
				before: HOSTILE,
				after: "dropped",
				example: HOSTILE,
			},
		],
		loads: [
			{
				words: "iptables-restore of the new file",
				backends: "legacy (the router's own), nft",
				outcome: "2 kept, 2 broken",
				isRefused: false,
				lines: [HOSTILE],
			},
		],
		counters: "iptables-restore: 2 begin again",
		fresh: [
			{ code: "MT101", name: "no-backend", place: "line 2", message: HOSTILE },
		],
		gone: [],
		unknown: [HOSTILE],
		assumptions: [HOSTILE],
		omitted: ["2 more services"],
	};
}

/** Eight entries in three suites: all that one driver's run may come to. */
export function sampleReport(parts: Partial<Report> = {}): Report {
	return {
		marktwin: "0.1.0",
		command: "marktwin run --rules recipe.rules=firewall/my.rules",
		createdAt: "2026-11-25T08:00:00.000Z",
		tookMs: 4_200,
		seed: 1,
		drivers: [MODEL, KERNEL],
		isComparison: false,
		notPlayed: [],
		notices: ["2 of 3 parts are here: vm-3.json is missing"],
		verdicts: [verdictViewSample()],
		proofs: [],
		diffs: [],
		coverage: {
			whole: 1,
			omitted: 0,
			shown: [
				{
					name: "recipe.rules",
					scenarios: 8,
					rules: 7,
					unmatched: 1,
					shown: [{ line: 6, text: HOSTILE }],
				},
			],
		},
		fuzz: null,
		entries: [SPLIT, TRAP, FAILOVER, ...WRONG, HOSTILE_ENTRY],
		rulesets: [
			RULESET,
			[{ table: HOSTILE, chain: HOSTILE, number: 1, text: HOSTILE }],
		],
		walks: [
			...WALKS,
			[
				{
					place: HOSTILE,
					text: HOSTILE,
					markBefore: 0,
					markAfter: -1,
					connmark: null,
				},
			],
		],
		...parts,
	};
}

/** What holds as it was assumed, and the counterexample of an event. */
export function proofReport(parts: Partial<ProofView> = {}): Report {
	return sampleReport({
		command: "marktwin prove my.rules --report proof.html",
		seed: null,
		tookMs: null,
		notices: [],
		verdicts: [],
		coverage: null,
		proofs: [{ ...proofSample(), ...parts }],
		entries: [{ ...SPLIT, status: "violated" }],
	});
}

/** Nothing was played. */
export function diffReport(): Report {
	return sampleReport({
		command: "marktwin diff old.rules new.rules --report diff.html",
		seed: null,
		tookMs: null,
		notices: [],
		verdicts: [],
		coverage: null,
		diffs: [diffSample()],
		entries: [],
	});
}

const PACKETS: DivergenceView = {
	kind: "packets",
	atMs: 51,
	asked: "bond0.204 ← tcp 10.0.0.10:40002 > 10.0.0.1:25 S",
	model: ["bond0.205 → tcp 10.0.0.10:40002 > 192.168.0.2:25 S ttl 63"],
	kernel: [],
	modelRules: ["mangle:PREROUTING:rule:1", "nat:PREROUTING:rule:2"],
	kernelRules: ["mangle:PREROUTING:rule:1"],
};

const CONNTRACK: DivergenceView = {
	kind: "conntrack",
	atMs: 5_486,
	asked: "show yourself",
	model: [],
	kernel: ["tcp SYN_SENT 10.0.0.10:40002 > 10.0.0.1:25", "udp 10.0.0.10:53"],
	modelRules: [],
	kernelRules: [],
};

/** Played on both; five packets came out of each. */
function compared(
	name: string,
	comparison: Partial<ComparisonView>,
	parts: Partial<Entry> = {},
): Entry {
	return entry({
		name,
		suite: "split",
		title: `${name} on both`,
		replay: `marktwin compare --filter ${name} --seed 1`,
		comparison: {
			model: MODEL,
			kernel: KERNEL,
			asks: 12,
			packets: 5,
			draws: 0,
			connections: null,
			divergences: [],
			...comparison,
		},
		// What the model's play violates is no matter here: the kernel's does as well.
		expectations: [
			expectation({ status: "violated", expected: "b1", seen: "b2" }),
		],
		...parts,
	});
}

/** A fuzz that has found nothing: there is no entry, and everything to tell. */
export function fuzzReport(parts: Partial<Report> = {}): Report {
	return sampleReport({
		command: "marktwin fuzz --seed 3 --runs 1000",
		seed: 3,
		isComparison: true,
		notices: [],
		fuzz: fuzzView(),
		coverage: null,
		entries: [],
		rulesets: [],
		walks: [],
		...parts,
	});
}

/** One that has found something, and of which chance was wrong as well. */
export function findingReport(): Report {
	const replay = "marktwin compare fuzz-findings/fuzz-3-17.json";
	return fuzzReport({
		fuzz: fuzzView({
			status: "violated",
			divergences: 1,
			chances: [INSIDE, OUTSIDE],
		}),
		entries: [
			compared(
				"fuzz-3-17",
				{ divergences: [PACKETS] },
				{ suite: "fuzz", title: "fuzz-3-17", status: "violated", replay },
			),
		],
	});
}

/** One that agrees, one that diverges, one that agrees since the model followed, one that chance ended. */
export function comparisonReport(): Report {
	const reason = "the table was full";
	return sampleReport({
		command: "marktwin compare",
		isComparison: true,
		notices: [],
		entries: [
			compared("split-alternates", {}),
			compared(
				"split-at-random-times",
				{ divergences: [PACKETS, CONNTRACK] },
				{ status: "violated" },
			),
			compared("random-split", { draws: 1_000 }),
			compared(
				"table-full",
				{},
				{ status: "unknown", unknown: { reason, rule: null } },
			),
		],
	});
}
