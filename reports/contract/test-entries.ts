/** Scenarios as a report has them, by hand and small: what holds, and what a reader has to look at. */
import { readSaved } from "../../scenarios/result/saved-ruleset.ts";
import type {
	ConnectionView,
	ConntrackView,
	Entry,
	ExpectationView,
	RuleLine,
	RulesView,
	WalkStep,
} from "./report.ts";

export const MODEL = "model (linux 6.1.192)";

/** Nothing happened, and that holds. */
export function entry(
	parts: Partial<Entry> & Pick<Entry, "name" | "suite" | "title">,
): Entry {
	return {
		id: parts.name,
		story: "",
		trap: null,
		assumed: [],
		restsOnAssumed: false,
		status: "holds",
		driver: MODEL,
		seed: 1,
		replay: `marktwin run --filter ${parts.name} --seed 1`,
		failure: "",
		unknown: null,
		expectations: [],
		comparison: null,
		backends: ["b1", "b2"],
		endedMs: 5_486,
		isLive: false,
		connections: {
			noun: "connection",
			total: 0,
			outcomes: [],
			moved: 0,
			lost: 0,
			late: 0,
			longestWaitMs: 0,
			shown: [],
			sampling: "",
		},
		split: null,
		failover: null,
		moments: [],
		omittedMoments: 0,
		rules: {
			snapshots: [],
			paths: [],
			sampling: "",
			noPaths: "No packet was followed.",
			omitted: 0,
		},
		conntrack: [],
		...parts,
	};
}

export function expectation(
	parts: Partial<ExpectationView> & Pick<ExpectationView, "expected" | "seen">,
): ExpectationView {
	return {
		status: "holds",
		because: "",
		connections: [],
		concerned: parts.connections?.length ?? 0,
		why: [],
		rule: null,
		...parts,
	};
}

/** Completed, within 36 ms. */
export function connection(
	parts: Partial<ConnectionView> &
		Pick<ConnectionView, "number" | "startedMs" | "backend">,
): ConnectionView {
	const { number, startedMs, backend } = parts;
	return {
		client: `c1:${40_000 + number}`,
		serviceName: "",
		protocol: "tcp",
		connectedMs: startedMs + 4,
		greetedMs: startedMs + 8,
		endedMs: startedMs + 36,
		met: [backend],
		outcome: "completed",
		serving: "served",
		retransmittedMs: [],
		gatewayAnswers: [],
		source: "",
		link: "",
		datagrams: null,
		...parts,
	};
}

/** The recipe after ten connections, as `iptables-save -c` prints it. */
const SAVED = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [10:520]
[5:260] -A PREROUTING -d 10.0.0.1/32 -i bond0.204 -p tcp -m tcp --dport 25 -m mark --mark 0x1 -j DNAT --to-destination 192.168.0.1
[5:260] -A PREROUTING -d 10.0.0.1/32 -i bond0.204 -p tcp -m tcp --dport 25 -m mark --mark 0x2 -j DNAT --to-destination 192.168.0.2
COMMIT
*mangle
:PREROUTING ACCEPT [200:12410]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [200:12410]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [200:12410]
:MAILMARK - [0:0]
[100:7050] -A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j MAILMARK
[100:7050] -A MAILMARK -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
[5:260] -A MAILMARK -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition "mail1up"  -j MARK --set-xmark 0x1/0xffffffff
[5:260] -A MAILMARK -m mark --mark 0x0 -m condition ! --condition "mail2up"  -j MARK --set-xmark 0x2/0xffffffff
[0:0] -A MAILMARK -m mark --mark 0x0 -m condition ! --condition "mail1up"  -j MARK --set-xmark 0x1/0xffffffff
[100:7050] -A MAILMARK -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`;
const LINES = readSaved(SAVED);

/** `mangle:MAILMARK:rule:2` → the rule, as it is printed; a policy as TRACE prints it. */
function textOf(place: string): string {
	const [table, chain, kind, number] = place.split(":");
	if (kind === "policy") return `-P ${chain} ACCEPT`;
	const line = LINES.find(
		(one) =>
			one.table === table && one.chain === chain && `${one.number}` === number,
	);
	return kind === "rule" ? (line?.text ?? "") : "";
}

/** Places in their order; from the one that sets it on, the packet has a mark, and its entry soon after. */
function walk(places: readonly string[], mark: number): readonly WalkStep[] {
	const marking = places.findIndex((place) => /MAILMARK:rule:[23]/.test(place));
	return places.map((place, index) => ({
		place,
		text: textOf(place),
		markBefore: index > marking ? mark : 0,
		markAfter: index >= marking ? mark : 0,
		connmark: index > marking ? mark : null,
	}));
}

function firstPacket(mark: 1 | 2): readonly WalkStep[] {
	const places = [
		"mangle:PREROUTING:rule:1",
		"mangle:MAILMARK:rule:1",
		`mangle:MAILMARK:rule:${mark + 1}`,
		"mangle:MAILMARK:rule:5",
		"mangle:MAILMARK:return:6",
		"mangle:PREROUTING:policy:2",
		`nat:PREROUTING:rule:${mark}`,
		"mangle:FORWARD:policy:1",
		"mangle:POSTROUTING:policy:1",
		"nat:POSTROUTING:policy:1",
	];
	return walk(places, mark);
}

const REPLY: readonly WalkStep[] = [
	"mangle:PREROUTING:policy:2",
	"mangle:FORWARD:policy:1",
	"mangle:POSTROUTING:policy:1",
].map((place) => ({
	place,
	text: textOf(place),
	markBefore: 0,
	markAfter: 0,
	connmark: 1,
}));

/** What all entries here play. */
export const RULESET: readonly RuleLine[] = LINES.map(
	({ table, chain, number, text }) => ({ table, chain, number, text }),
);

/** The ways of their packets. */
export const WALKS: readonly (readonly WalkStep[])[] = [
	firstPacket(1),
	REPLY,
	firstPacket(2),
];

const RULES: RulesView = {
	snapshots: [
		{
			label: "before",
			atMs: 0,
			ruleset: 0,
			packets: LINES.map(() => 0),
			bytes: LINES.map(() => 0),
		},
		{
			label: "",
			atMs: 5_486,
			ruleset: 0,
			packets: LINES.map(({ packets }) => packets),
			bytes: LINES.map(({ bytes }) => bytes),
		},
	],
	paths: [
		{
			atMs: 1,
			connection: 1,
			direction: "in",
			interface: "bond0.204",
			packet: "tcp 10.0.0.10:40001 > 10.0.0.1:25 S",
			out: ["bond0.205 → tcp 10.0.0.10:40001 > 192.168.0.1:25 S ttl 63"],
			fate: "forwarded through bond0.205",
			walk: 0,
		},
		{
			atMs: 3,
			connection: 1,
			direction: "in",
			interface: "bond0.205",
			packet: "tcp 192.168.0.1:25 > 10.0.0.10:40001 SA",
			out: ["bond0.204 → tcp 10.0.0.1:25 > 10.0.0.10:40001 SA ttl 63"],
			fate: "forwarded through bond0.204",
			walk: 1,
		},
		{
			atMs: 51,
			connection: 2,
			direction: "in",
			interface: "bond0.204",
			packet: "tcp 10.0.0.10:40002 > 10.0.0.1:25 S",
			out: ["bond0.205 → tcp 10.0.0.10:40002 > 192.168.0.2:25 S ttl 63"],
			fate: "forwarded through bond0.205",
			walk: 2,
		},
	],
	sampling: "The first 8 packets of 2 of 10 connections",
	noPaths: "",
	omitted: 0,
};

const AT_THE_END: ConntrackView = {
	label: "",
	atMs: 5_486,
	lines: [1, 2].map(
		(n) =>
			`ipv4     2 tcp      6 114 TIME_WAIT src=10.0.0.10 dst=10.0.0.1 sport=4000${n} dport=25 src=192.168.0.${n} dst=10.0.0.10 sport=25 dport=4000${n} [ASSURED] mark=${n} zone=0 use=2`,
	),
	total: 10,
	conditions: [
		{ name: "mail1up", value: 0 },
		{ name: "mail2up", value: 0 },
	],
};

export const SPLIT = entry({
	name: "split-alternates",
	suite: "split",
	title: "New connections alternate between the two backends",
	story:
		"Both backends are alive. The first SYN matches `nth --every 2 --packet 0` and is marked 1, the second does not and is marked 2, and so on.",
	expectations: [
		expectation({
			expected: "b1 b2 b1 b2 b1 b2 b1 b2 b1 b2",
			seen: "b1 b2 b1 b2 b1 b2 b1 b2 b1 b2",
		}),
		expectation({
			expected: "one backend for all packets of each connection",
			seen: "0 of 10 connections met more than one",
			because: "the mark is restored for every later packet",
		}),
	],
	connections: {
		noun: "connection",
		total: 10,
		outcomes: [{ outcome: "completed", count: 10 }],
		lost: 0,
		late: 0,
		longestWaitMs: 0,
		moved: 0,
		shown: Array.from({ length: 10 }, (_, index) =>
			connection({
				number: index + 1,
				startedMs: index * 50,
				backend: index % 2,
			}),
		),
		sampling: "",
	},
	split: {
		totals: [5, 5, 0],
		services: [],
		sources: [],
		clients: null,
		shares: [
			{
				of: "",
				status: "holds",
				expected: [0.5, 0.5],
				seen: [0.5, 0.5],
				total: 10,
			},
		],
		stretches: {
			fromMs: 0,
			stretchMs: 100,
			counts: [
				[1, 1, 1, 1, 1],
				[1, 1, 1, 1, 1],
				[0, 0, 0, 0, 0],
			],
			lost: [
				[0, 0, 0, 0, 0],
				[0, 0, 0, 0, 0],
				[0, 0, 0, 0, 0],
			],
			late: [
				[0, 0, 0, 0, 0],
				[0, 0, 0, 0, 0],
				[0, 0, 0, 0, 0],
			],
		},
		running: {
			hasBands: true,
			of: "",
			expected: [0.5, 0.5],
			confidence: 0.99,
			points: [1, 2, 3, 4, 10].map((connections) => {
				const first = Math.ceil(connections / 2) / connections;
				// Of ten tosses, fewer than one series in a hundred has more than nine heads.
				const band =
					connections < 10 ? ([0, 1] as const) : ([0.1, 0.9] as const);
				const shares = [first, 1 - first];
				return { connections, shares, bands: [band, band] };
			}),
		},
	},
	rules: RULES,
	conntrack: [AT_THE_END],
});
