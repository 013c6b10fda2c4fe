/** Uses, in texts alone, of matches that are read, checked and printed. */
import fc from "fast-check";
import {
	hexBlock,
	ID,
	INTERFACE,
	names,
	oneName,
	RATE_NAME,
	SET_AND_SIDES,
	TEXT,
} from "../values/syntax-values.ts";
import {
	each,
	long,
	NETWORK,
	numbers,
	one,
	ranges,
	type Values,
} from "../values/values.ts";
import { eachTakes, type Frame, type MatchUse, oneOf } from "./use.ts";

const bpf: MatchUse = {
	frames: [{ bytecode: null }, { "object-pinned": null }],
	onlyInFrames: ["bytecode", "object-pinned"],
	values: {
		bytecode: {
			sound: one(
				"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0",
				"1,6 0 0 65535",
				"2,48 0 0 0,22 0 0 0",
				"1, 6  0 0 1,",
			),
			odd: one(
				"",
				"4",
				"0,",
				"65,",
				"1,",
				"x,6 0 0 0",
				"1;6 0 0 0",
				"1,6 0 0",
				"1,6 0 0 1,6 0 0 0",
				"2,6 0 0 1",
				"1,48 0 0 9",
				"-1,6 0 0 0",
				"2,21 5 0 1,6 0 0 0",
				"2,96 0 0 1,6 0 0 0",
				"3,2 0 0 1,96 0 0 1,6 0 0 0",
				"1,65542 0 0 1",
				"1,6 256 0 -1",
				"1,6 0 0 1x",
				"2,,6 0 0 0",
				"2,52 0 0 0,6 0 0 0",
			),
		},
	},
};

const clusterOf = (name: string): Frame => ({
	[name]: null,
	"cluster-total-nodes": null,
	"cluster-hash-seed": null,
});

const policyOf = (frame: Frame): Frame => ({
	dir: one("in"),
	pol: one("ipsec"),
	...frame,
});
const policy: MatchUse = {
	frames: [
		{ dir: null, pol: null },
		...["reqid", "spi", "proto"].map((name) => policyOf({ [name]: null })),
		policyOf({ mode: one("tunnel"), "tunnel-src": null, "tunnel-dst": null }),
		policyOf({ mode: one("transport") }),
		policyOf({ strict: null, reqid: null }),
		policyOf({ strict: null, reqid: null, mode: one("transport"), next: null }),
	],
	onlyInFrames: ["pol", "strict", "mode", "next", "tunnel-src", "tunnel-dst"],
	values: {
		dir: oneName(["in", "out"], "both", "fwd"),
		pol: oneName(["ipsec", "none"], "all"),
		mode: oneName(["transport", "tunnel"], "beet"),
		proto: oneName(["esp", "ah", "ipcomp", "50", "51"], "tcp", "52", "0"),
		"tunnel-src": NETWORK,
	},
	place: { hooks: ["PREROUTING", "INPUT", "FORWARD"] },
};

const BIT_RATE: Values = {
	sound: each(`1 8bit 5kbit 2MBps 1.5Mibit 3gbit 0x10bit 1e3 100bps 7TiBps`),
	odd: each(`x bit 1parsec 1␣bit inf nan 1e`),
};
const RATES = [
	"rateest-bps1",
	"rateest-pps1",
	"rateest-bps2",
	"rateest-pps2",
	"rateest-bps",
	"rateest-pps",
];
const rateest: MatchUse = {
	frames: [
		{ rateest: null, "rateest-lt": null, "rateest-bps": null },
		{ rateest: null, "rateest-eq": null, "rateest-pps": null },
		{
			rateest1: null,
			rateest2: null,
			"rateest-gt": null,
			"rateest-pps": null,
		},
		{
			rateest1: null,
			"rateest-delta": null,
			"rateest-gt": null,
			"rateest-bps1": null,
			"rateest-bps2": null,
		},
		{
			rateest1: null,
			"rateest-delta": null,
			"rateest-gt": null,
			"rateest-pps1": null,
			"rateest-pps2": null,
		},
	],
	onlyInFrames: [...RATES, "rateest2", "rateest-delta"],
	neverNegated: [...RATES, "rateest1", "rateest", "rateest2", "rateest-delta"],
	values: {
		...eachTakes(RATE_NAME, "rateest1", "rateest", "rateest2"),
		...eachTakes(BIT_RATE, "rateest-bps1", "rateest-bps2", "rateest-bps"),
		...eachTakes(
			numbers(0, 0xffffffff),
			"rateest-pps1",
			"rateest-pps2",
			"rateest-pps",
		),
	},
};

const SCTP_PORT = ranges({
	sound: fc.oneof(numbers(0, 65_535).sound, one("9899")),
	odd: each(`65536 -1 ∅ x ! 1x`),
});
const sctp: MatchUse = {
	values: {
		...eachTakes(
			SCTP_PORT,
			"source-port",
			"sport",
			"destination-port",
			"dport",
		),
		"chunk-types": {
			sound: fc
				.tuple(
					one("all", "ANY", "only"),
					one(
						"DATA",
						"init,INIT_ACK",
						"ALL",
						"none",
						"DATA:Be,ABORT:t",
						"ASCONF,I_DATA:U,PAD",
						"data:i,DATA:E",
						"SHUTDOWN_COMPLETE:T",
					),
				)
				.map((pair) => pair.join(" ")),
			odd: one(
				"all NOISE",
				"some DATA",
				"all DATA:x",
				"all INIT:-",
				"all ,",
				"all DATA:",
				"any DATA:u,ABORT:t,SHUTDOWN_COMPLETE:t,I_DATA:u,INIT:-",
			),
		},
	},
};

const SET_COUNTERS = [
	"packets-eq",
	"packets-lt",
	"packets-gt",
	"bytes-eq",
	"bytes-lt",
	"bytes-gt",
];
const set: MatchUse = {
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

const string: MatchUse = {
	frames: [
		{ algo: one("bm", "kmp"), string: null },
		{ algo: one("bm", "kmp"), "hex-string": null },
		{ algo: null, string: null },
	],
	values: {
		algo: oneName(["bm", "kmp"], "fsm", "BM", "x", "1234567890123456"),
		string: TEXT,
		"hex-string": {
			sound: fc.oneof(
				hexBlock,
				fc
					.tuple(one("GET ", "a", "\\|"), hexBlock)
					.map((parts) => parts.join("")),
				one("plain", "|41|b|42|"),
			),
			odd: fc.oneof(
				each(`∅ | || |4| |41 |4␣1| |gg| |41␣␣42| |␣41| |41␣|`),
				one(
					"\\",
					"a\\",
					"|\\41|",
					"|41|\\",
					"|4142|x|43",
					"|41|||",
					"a|b",
					"\\x",
				),
				fc.integer({ min: 126, max: 130 }).map((n) => `|${"41".repeat(n)}|`),
				fc.integer({ min: 126, max: 130 }).map((n) => "x".repeat(n)),
			),
		},
		from: numbers(0, 100),
		to: numbers(100, 65_535),
	},
};

export const UNMODELLED_MATCHES: Readonly<Record<string, MatchUse>> = {
	bpf,
	cgroup: {
		frames: oneOf("path", "cgroup"),
		values: {
			path: { sound: one("/", "/system.slice"), odd: one("", "a b", "x") },
		},
	},
	cluster: {
		frames: [
			clusterOf("cluster-local-node"),
			clusterOf("cluster-local-nodemask"),
		],
		values: {
			"cluster-total-nodes": {
				sound: one("32", "31", "0x20"),
				odd: each(`0 33 -1 2 1 ∅`),
			},
		},
	},
	connlabel: {
		values: {
			label: {
				sound: each(`0 40 127 0x7f 010 65537`),
				odd: each(`∅ 128 -1 1x ␣1 4294967296 2147483648 65536 00000128`),
			},
		},
	},
	dccp: {
		values: {
			"dccp-types": names(
				["REQUEST", "response", "Data", "ACK", "CLOSE", "INVALID"],
				["R", "∅", "DATA,,ACK", "11"],
			),
		},
	},
	devgroup: {
		frames: [{ "src-group": null }, { "dst-group": null }],
		values: {
			"src-group": {
				sound: each(`1 0x10 5/0xff 0/0 0xffffffff 010/7`),
				odd: each(`1/ /1 1/x 4294967296 1/4294967296 1x`),
			},
			"dst-group": {
				sound: each(`1 0x10 5/0xff 0xffffffff 0x7/3`),
				odd: each(`1/ /1 1/x 4294967296 1/4294967296 1x`),
			},
		},
		place: { hooks: ["FORWARD"] },
	},
	ecn: {
		frames: oneOf("ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"),
		place: { header: ["-p tcp", "-p 6"] },
	},
	helper: {
		values: {
			helper: {
				sound: one("ftp", "sip", "irc-6667", "tftp"),
				odd: fc.oneof(one("", "a b", 'a"b'), long([28, 29, 30])),
			},
		},
	},
	ipvs: {
		leftOut: "the guest's kernel has no IPVS, and so no module for the match",
	},
	nfacct: {
		values: {
			"nfacct-name": {
				sound: one("a", "two words"),
				odd: long([31, 32, 33]),
			},
		},
	},
	osf: {
		values: {
			genre: { sound: one("Linux", "unknown"), odd: long([31, 32]) },
		},
	},
	owner: {
		frames: [
			...oneOf("uid-owner", "gid-owner", "socket-exists"),
			{ "gid-owner": null, "suppl-groups": null },
		],
		onlyInFrames: ["suppl-groups"],
		values: eachTakes(ID, "uid-owner", "gid-owner"),
	},
	physdev: {
		frames: oneOf(
			"physdev-in",
			"physdev-out",
			"physdev-is-in",
			"physdev-is-out",
			"physdev-is-bridged",
		),
		values: eachTakes(INTERFACE, "physdev-in", "physdev-out"),
		place: { hooks: ["PREROUTING", "INPUT", "FORWARD", "POSTROUTING"] },
	},
	policy,
	rateest,
	realm: {
		values: {
			realm: {
				sound: each(`1 0x10 5/0xff 0/0 0xffffffff 010/7`),
				odd: each(`∅ x 1/ /1 1/x 4294967296 1/4294967296 Cosmos 1x`),
			},
		},
	},
	rpfilter: { place: { tables: ["raw", "mangle"] } },
	sctp,
	set,
	string,
};
