/** Uses of matches that ask for marks, connections, counters and buckets. */
import fc from "fast-check";
import {
	hex,
	inverted,
	mark,
	mask,
	network,
	ports,
	subset,
	type Uses,
} from "../values/rule-values.ts";
import {
	HASH_RATE,
	names,
	oneName,
	PROC_NAME,
	RATE,
	SET_AND_SIDES,
	STATES,
} from "../values/syntax-values.ts";
import { ADDRESS, each, numbers, one, ranges } from "../values/values.ts";
import { setUses } from "../world/sets.ts";
import { eachTakes, type MatchUse, oneOf } from "./use.ts";

const CT_STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];
const CT_STATUSES = ["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"];

const marked = (option: string, name: string): Uses =>
	inverted(
		fc.tuple(mark, mask),
		(not, [value, bits]) =>
			`-m ${name} ${not}--${option} ${hex(value)}/${hex(bits)}`,
	);

const conntrack: MatchUse = {
	packets: fc.oneof(
		inverted(
			subset([...CT_STATES, "SNAT", "DNAT"]),
			(not, states) => `-m conntrack ${not}--ctstate ${states}`,
		),
		inverted(
			subset(CT_STATUSES),
			(not, statuses) => `-m conntrack ${not}--ctstatus ${statuses}`,
		),
		inverted(
			fc.constantFrom("tcp", "udp", "icmp", "6"),
			(not, protocol) => `-m conntrack ${not}--ctproto ${protocol}`,
		),
		inverted(
			fc.tuple(
				fc.constantFrom("origsrc", "origdst", "replsrc", "repldst"),
				network,
			),
			(not, [end, of]) => `-m conntrack ${not}--ct${end} ${of}`,
		),
		inverted(
			fc.tuple(
				fc.constantFrom("origsrc", "origdst", "replsrc", "repldst"),
				ports,
			),
			(not, [end, of]) => `-m conntrack ${not}--ct${end}port ${of}`,
		),
		fc
			.constantFrom("ORIGINAL", "REPLY")
			.map((way) => `-m conntrack --ctdir ${way}`),
		inverted(
			fc.constantFrom("0:100", "100:1000", "1000:432000", "120"),
			(not, range) => `-m conntrack ${not}--ctexpire ${range}`,
		),
	),
	frames: oneOf(
		"ctstate",
		"ctproto",
		"ctorigsrc",
		"ctorigdst",
		"ctreplsrc",
		"ctrepldst",
		"ctstatus",
		"ctexpire",
		"ctdir",
	),
	values: {
		ctstate: names([...STATES, "SNAT", "DNAT"], ["E", "r", "S"]),
		ctstatus: names(
			["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"],
			["SEEN", "c"],
		),
		ctdir: oneName(["ORIGINAL", "REPLY"], "original", "BOTH", "reply"),
	},
};

const statistic: MatchUse = {
	packets: inverted(
		fc
			.integer({ min: 1, max: 4 })
			.chain((every) =>
				fc.tuple(fc.constant(every), fc.integer({ min: 0, max: every - 1 })),
			),
		(not, [every, packet]) =>
			`-m statistic --mode nth ${not}--every ${every} --packet ${packet}`,
	),
	frames: [
		{ mode: one("random"), probability: null },
		{ mode: one("nth"), every: one("2", "3", "10"), packet: one("0", "1") },
		{
			mode: one("nth"),
			every: numbers(1000, 0xffffffff).sound,
			packet: numbers(0, 999).sound,
		},
	],
	values: { mode: oneName(["random", "nth"], "Nth", "2", "ran") },
};

/**
 * Where time does not decide: a bucket that fills within hours, or one that is never empty: 40 come
 * again with every tick, and a tick's packets are fewer. What several timers send may come in one tick
 * or in two.
 */
const rate = (most: number) =>
	fc.oneof(
		fc.tuple(
			fc.constantFrom("1/hour", "20/hour"),
			fc.integer({ min: 1, max: most }),
		),
		fc.tuple(fc.constant("10000/sec"), fc.integer({ min: 41, max: 60 })),
	);

const PACKET_RATE = one("5/min", "10/s", "3/hour", "100/sec");
const BYTE_RATE = one("512kb/s", "900kb/s", "100b/s");

const hashlimit: MatchUse = {
	packets: fc
		.tuple(
			fc.constantFrom("upto", "above"),
			rate(4),
			fc.subarray(["srcip", "dstip", "srcport", "dstport"]),
			fc.constantFrom("", " --hashlimit-srcmask 24", " --hashlimit-dstmask 8"),
			fc.constantFrom("h1", "h2", "h3"),
		)
		.map(
			([verb, [of, burst], mode, bits, name]) =>
				`-m hashlimit --hashlimit-${verb} ${of} --hashlimit-burst ${burst}${
					mode.length > 0 ? ` --hashlimit-mode ${mode.join(",")}` : ""
				}${bits} --hashlimit-htable-expire 3600000 --hashlimit-name ${name}`,
		),
	frames: [
		...["hashlimit-upto", "hashlimit-above", "hashlimit"].flatMap((name) => [
			{ [name]: null, "hashlimit-name": null },
			{ [name]: PACKET_RATE, "hashlimit-name": null },
		]),
		{
			"hashlimit-above": BYTE_RATE,
			"hashlimit-name": null,
			"hashlimit-burst": one("1mb", "1000000", "2mb", "1024kb"),
		},
		{
			"hashlimit-above": one("5/s", "500/s", "10/min"),
			"hashlimit-name": null,
			"hashlimit-rate-match": null,
		},
	],
	onlyInFrames: ["hashlimit-rate-match"],
	values: {
		...eachTakes(HASH_RATE, "hashlimit-upto", "hashlimit-above", "hashlimit"),
		"hashlimit-burst": {
			sound: one("1", "5", "100", "1000000", "0x10"),
			odd: each(`0 1000001 -1 ∅ 5x 5k 5kb 2mb 1m 64kb ␣5`),
		},
		"hashlimit-mode": names(
			["srcip", "srcport", "dstip", "dstport"],
			["srcip|dstip", "SRCIP", "src"],
		),
		"hashlimit-name": PROC_NAME,
		"hashlimit-htable-size": numbers(0, 100_000),
		"hashlimit-htable-max": numbers(0, 1_000_000),
		"hashlimit-htable-gcinterval": numbers(1, 100_000),
		"hashlimit-htable-expire": numbers(1, 100_000),
		"hashlimit-rate-interval": {
			sound: one("1", "60", "2147483647", "010", "5x"),
			odd: each(`0 0x1 ∅ -1 x 2147483648 4294967297`),
		},
	},
};

const recent: MatchUse = {
	packets: inverted(
		fc.tuple(
			fc.constantFrom(
				"--set",
				"--rcheck",
				"--update",
				"--remove",
				"--rcheck --hitcount 2",
				"--update --seconds 60 --hitcount 3",
				"--rcheck --rttl",
			),
			fc.constantFrom("", " --name r1", " --name r2"),
			fc.constantFrom("", " --rdest", " --rsource --mask 255.255.255.0"),
		),
		(not, [what, name, side]) => `-m recent ${not}${what}${name}${side}`,
	),
	frames: [
		...oneOf("set", "rcheck", "update", "remove"),
		{ rcheck: null, seconds: null },
		{ update: null, seconds: null, hitcount: null },
	],
	apart: [
		["set", ["seconds", "hitcount", "reap", "rttl"]],
		["remove", ["seconds", "hitcount", "reap", "rttl"]],
	],
	values: {
		name: PROC_NAME,
		hitcount: numbers(0, 255),
		mask: {
			sound: one("255.255.255.0", "255.255.255.255", "0.0.0.0", "0.255.0.1"),
			odd: ADDRESS.odd,
		},
	},
};

/**
 * Of new connections: whether an address is remembered of which none is left follows from a secret
 * (`conncount_rnd`, nf_conncount.c).
 */
const connlimit: MatchUse = {
	packets: fc
		.tuple(
			fc.constantFrom("above", "upto"),
			fc.nat(3),
			fc.constantFrom("", " --connlimit-mask 24", " --connlimit-daddr"),
		)
		.map(
			([verb, count, of]) =>
				`-m conntrack --ctstate NEW -m connlimit --connlimit-${verb} ${count}${of}`,
		),
	frames: oneOf("connlimit-upto", "connlimit-above"),
};

const connbytes: MatchUse = {
	packets: inverted(
		fc.tuple(
			fc.constantFrom("2:4", "3", "100:400", "0:1", "60:120"),
			fc.constantFrom("packets", "bytes", "avgpkt"),
			fc.constantFrom("original", "reply", "both"),
		),
		(not, [range, mode, way]) =>
			`-m connbytes ${not}--connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${way}`,
	),
	values: {
		connbytes: {
			sound: fc.oneof(
				each(`0 1:2 1: :9 0:0 5:5 0:18446744073709551615`),
				ranges(numbers(0, 0xffffffffffffffffn)).sound,
			),
			odd: each(`9:1 ∅ 1:2:3 x 1:x 18446744073709551616 -1 1␣:2`),
		},
		"connbytes-dir": oneName(["original", "reply", "both"]),
		"connbytes-mode": oneName(["packets", "bytes", "avgpkt"]),
	},
};

/** In the order in which generated rules draw them. */
const SET_COUNTERS = [
	"packets-eq",
	"packets-lt",
	"packets-gt",
	"bytes-eq",
	"bytes-lt",
	"bytes-gt",
];
const counterTest = fc.oneof(
	{ weight: 4, arbitrary: fc.constant("") },
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			" --packets-gt 1",
			" --packets-lt 3",
			" ! --packets-eq 2",
			" --bytes-gt 200",
		),
	},
);
const setFlags = fc.constantFrom(
	"",
	"",
	"",
	" --return-nomatch",
	" ! --update-counters",
	" ! --update-subcounters",
);

const set: MatchUse = {
	// There are many types of sets.
	weight: 4,
	packets: inverted(
		fc.tuple(setUses, setFlags, counterTest),
		(not, [use, flags, test]) =>
			`-m set ${not}--match-set ${use}${flags}${test}`,
	),
	frames: [
		...oneOf("match-set", "set"),
		{ "match-set": null, "packets-gt": null, "bytes-lt": null },
	],
	onlyInFrames: [...SET_COUNTERS, "match-set", "set"],
	neverNegated: [
		"return-nomatch",
		"packets-lt",
		"packets-gt",
		"bytes-lt",
		"bytes-gt",
	],
	values: {
		...eachTakes(SET_AND_SIDES, "match-set", "set"),
		...eachTakes(numbers(0, 0xffffffffffffffffn), ...SET_COUNTERS),
	},
};

export const STATE_MATCHES: Readonly<Record<string, MatchUse>> = {
	mark: { packets: marked("mark", "mark") },
	connmark: { packets: marked("mark", "connmark") },
	condition: {
		packets: inverted(
			fc.constantFrom("up1", "up2"),
			(not, name) => `-m condition ${not}--condition ${name}`,
		),
		frames: oneOf("condition"),
		values: { condition: PROC_NAME },
	},
	conntrack,
	state: {
		packets: inverted(
			subset(CT_STATES),
			(not, states) => `-m state ${not}--state ${states}`,
		),
		values: { state: names(STATES, ["SNAT", "N", "e"]) },
	},
	statistic,
	limit: {
		packets: rate(6).map(
			([of, burst]) => `-m limit --limit ${of} --limit-burst ${burst}`,
		),
		frames: [{ limit: null }, {}],
		values: { limit: RATE },
	},
	hashlimit,
	recent,
	connlimit,
	connbytes,
	set,
};
