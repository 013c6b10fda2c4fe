/** What options take whose arguments their extension reads by itself, and what they nearly take. */
import fc from "fast-check";
import {
	ADDRESS_RANGE,
	ICMP,
	PORT_LIST,
	TCP_FLAGS,
	TCP_PORT,
} from "./packet-values.ts";
import {
	ADDRESS_TYPES,
	DATE,
	DAYTIME,
	DSCP_CLASSES,
	HASH_RATE,
	hexBlock,
	ID,
	INTERFACE,
	names,
	oneName,
	PROC_NAME,
	policyParts,
	RATE,
	STATES,
	TEXT,
	U32_EXPRESSION,
	WEEKDAYS,
} from "./syntax-values.ts";
import { RATE_NAME, SET_AND_SIDES, TARGET_VALUES } from "./target-values.ts";
import {
	ADDRESS,
	each,
	listOf,
	long,
	NETWORK,
	numbers,
	one,
	ranges,
	type Values,
} from "./values.ts";

const SCTP_PORT = ranges({
	sound: fc.oneof(numbers(0, 65_535).sound, one("9899")),
	odd: each(`65536 -1 ∅ x ! 1x`),
});
const BIT_RATE: Values = {
	sound: each(`1 8bit 5kbit 2MBps 1.5Mibit 3gbit 0x10bit 1e3 100bps 7TiBps`),
	odd: each(`x bit 1parsec 1␣bit inf nan 1e`),
};

/** By the extension's name and the option's. */
export const OPTION_VALUES: Readonly<Record<string, Values>> = {
	"addrtype src-type": names(ADDRESS_TYPES, ["U", "un", "local,l"]),
	"addrtype dst-type": names(ADDRESS_TYPES, ["m", "b", "LOCAL,"]),
	"cluster cluster-total-nodes": {
		sound: one("32", "31", "0x20"),
		...{ odd: each(`0 33 -1 2 1 ∅`) },
	},
	"comment comment": TEXT,
	"condition condition": PROC_NAME,
	"connbytes connbytes": {
		sound: fc.oneof(
			each(`0 1:2 1: :9 0:0 5:5 0:18446744073709551615`),
			ranges(numbers(0, 0xffffffffffffffffn)).sound,
		),
		odd: each(`9:1 ∅ 1:2:3 x 1:x 18446744073709551616 -1 1␣:2`),
	},
	"connbytes connbytes-dir": oneName(["original", "reply", "both"]),
	"connbytes connbytes-mode": oneName(["packets", "bytes", "avgpkt"]),
	"conntrack ctstate": names([...STATES, "SNAT", "DNAT"], ["E", "r", "S"]),
	"conntrack ctstatus": names(
		["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"],
		["SEEN", "c"],
	),
	"conntrack ctdir": oneName(
		["ORIGINAL", "REPLY"],
		"original",
		"BOTH",
		"reply",
	),
	"dscp dscp-class": oneName(DSCP_CLASSES, "AF44", "CS8", "VA", "le"),
	"hashlimit hashlimit-upto": HASH_RATE,
	"hashlimit hashlimit-above": HASH_RATE,
	"hashlimit hashlimit": HASH_RATE,
	"hashlimit hashlimit-burst": {
		sound: one("1", "5", "100", "1000000", "0x10"),
		odd: each(`0 1000001 -1 ∅ 5x 5k 5kb 2mb 1m 64kb ␣5`),
	},
	"hashlimit hashlimit-mode": names(
		["srcip", "srcport", "dstip", "dstport"],
		["srcip|dstip", "SRCIP", "src"],
	),
	"hashlimit hashlimit-name": PROC_NAME,
	"hashlimit hashlimit-htable-size": numbers(0, 100_000),
	"hashlimit hashlimit-htable-max": numbers(0, 1_000_000),
	"hashlimit hashlimit-rate-interval": {
		sound: one("1", "60", "2147483647", "010", "5x"),
		odd: each(`0 0x1 ∅ -1 x 2147483648 4294967297`),
	},
	"helper helper": {
		sound: one("ftp", "sip", "irc-6667", "tftp"),
		odd: fc.oneof(one("", "a b", 'a"b'), long([28, 29, 30])),
	},
	"icmp icmp-type": ICMP,
	"iprange src-range": ADDRESS_RANGE,
	"iprange dst-range": ADDRESS_RANGE,
	"limit limit": RATE,
	"multiport source-ports": PORT_LIST,
	"multiport destination-ports": PORT_LIST,
	"multiport ports": PORT_LIST,
	"multiport sports": PORT_LIST,
	"multiport dports": PORT_LIST,
	"owner uid-owner": ID,
	"owner gid-owner": ID,
	"physdev physdev-in": INTERFACE,
	"physdev physdev-out": INTERFACE,
	"pkttype pkt-type": oneName(
		["unicast", "broadcast", "multicast", "host", "Unicast"],
		...["bcast", "mcast", "otherhost", "to-us", "uni", "any"],
	),
	...policyParts,
	"realm realm": {
		sound: each(`1 0x10 5/0xff 0/0 0xffffffff 010/7`),
		odd: each(`∅ x 1/ /1 1/x 4294967296 1/4294967296 Cosmos 1x`),
	},
	"recent name": PROC_NAME,
	"recent hitcount": numbers(0, 255),
	"recent mask": {
		sound: one("255.255.255.0", "255.255.255.255", "0.0.0.0", "0.255.0.1"),
		odd: ADDRESS.odd,
	},
	"state state": names(STATES, ["SNAT", "N", "e"]),
	"statistic mode": oneName(["random", "nth"], "Nth", "2", "ran"),
	"string algo": oneName(["bm", "kmp"], "fsm", "BM", "x", "1234567890123456"),
	"string string": TEXT,
	"string hex-string": {
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
	"bpf bytecode": {
		sound: one(
			"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0",
			"1,6 0 0 65535",
			"2,48 0 0 0,22 0 0 0",
			"1, 6  0 0 1,",
		),
		odd: one(
			...["", "4", "0,", "65,", "1,", "x,6 0 0 0", "1;6 0 0 0", "1,6 0 0"],
			...["1,6 0 0 1,6 0 0 0", "2,6 0 0 1", "1,48 0 0 9", "-1,6 0 0 0"],
			...[
				"2,21 5 0 1,6 0 0 0",
				"2,96 0 0 1,6 0 0 0",
				"3,2 0 0 1,96 0 0 1,6 0 0 0",
			],
			...[
				"1,65542 0 0 1",
				"1,6 256 0 -1",
				"1,6 0 0 1x",
				"2,,6 0 0 0",
				"2,52 0 0 0,6 0 0 0",
			],
		),
	},
	"cgroup path": { sound: one("/", "/system.slice"), odd: one("", "a b", "x") },
	"connlabel label": {
		sound: each(`0 40 127 0x7f 010 65537`),
		odd: each(`∅ 128 -1 1x ␣1 4294967296 2147483648 65536 00000128`),
	},
	"dccp dccp-types": names(
		["REQUEST", "response", "Data", "ACK", "CLOSE", "INVALID"],
		["R", "∅", "DATA,,ACK", "11"],
	),
	"devgroup src-group": {
		sound: each(`1 0x10 5/0xff 0/0 0xffffffff 010/7`),
		odd: each(`1/ /1 1/x 4294967296 1/4294967296 1x`),
	},
	"devgroup dst-group": {
		sound: each(`1 0x10 5/0xff 0xffffffff 0x7/3`),
		odd: each(`1/ /1 1/x 4294967296 1/4294967296 1x`),
	},
	"ipvs vdir": oneName(["ORIGINAL", "reply"], "both", ""),
	"ipvs vmethod": oneName(["GATE", "ipip", "Masq"], "NAT", ""),
	"nfacct nfacct-name": {
		sound: one("a", "two words"),
		odd: long([31, 32, 33]),
	},
	"osf genre": { sound: one("Linux", "unknown"), odd: long([31, 32]) },
	"rateest rateest1": RATE_NAME,
	"rateest rateest": RATE_NAME,
	"rateest rateest2": RATE_NAME,
	"rateest rateest-bps1": BIT_RATE,
	"rateest rateest-bps2": BIT_RATE,
	"rateest rateest-bps": BIT_RATE,
	"rateest rateest-pps1": numbers(0, 0xffffffff),
	"rateest rateest-pps2": numbers(0, 0xffffffff),
	"rateest rateest-pps": numbers(0, 0xffffffff),
	"sctp source-port": SCTP_PORT,
	"sctp sport": SCTP_PORT,
	"sctp destination-port": SCTP_PORT,
	"sctp dport": SCTP_PORT,
	"sctp chunk-types": {
		sound: fc
			.tuple(
				one("all", "ANY", "only"),
				one(
					...["DATA", "init,INIT_ACK", "ALL", "none", "DATA:Be,ABORT:t"],
					...["ASCONF,I_DATA:U,PAD", "data:i,DATA:E", "SHUTDOWN_COMPLETE:T"],
				),
			)
			.map((pair) => pair.join(" ")),
		odd: one(
			...[
				"all NOISE",
				"some DATA",
				"all DATA:x",
				"all INIT:-",
				"all ,",
				"all DATA:",
			],
			"any DATA:u,ABORT:t,SHUTDOWN_COMPLETE:t,I_DATA:u,INIT:-",
		),
	},
	"set match-set": SET_AND_SIDES,
	"set set": SET_AND_SIDES,
	...Object.fromEntries(
		["packets", "bytes"].flatMap((what) =>
			["eq", "lt", "gt"].map((is) => [
				`set ${what}-${is}`,
				numbers(0, 0xffffffffffffffffn),
			]),
		),
	),
	"tcp source-port": TCP_PORT,
	"tcp sport": TCP_PORT,
	"tcp destination-port": TCP_PORT,
	"tcp dport": TCP_PORT,
	"tcp tcp-flags": TCP_FLAGS,
	"tcp tcp-option": numbers(1, 255),
	"time datestart": DATE,
	"time datestop": DATE,
	"time timestart": DAYTIME,
	"time timestop": DAYTIME,
	"time weekdays": names(WEEKDAYS, [
		"0",
		"1,7",
		"8",
		"mon",
		"Monday",
		"M",
		"1-5",
	]),
	"time monthdays": {
		sound: listOf(["1", "2", "15", "28", "29", "30", "31"]),
		odd: each(`0 32 1, ,1 ∅ 01 0x1 1-5 311 1st ␣1 1,,2`),
	},
	"u32 u32": U32_EXPRESSION,
	"hashlimit hashlimit-htable-gcinterval": numbers(1, 100_000),
	"hashlimit hashlimit-htable-expire": numbers(1, 100_000),
	"string from": numbers(0, 100),
	"string to": numbers(100, 65_535),
	"policy tunnel-src": NETWORK,
	...TARGET_VALUES,
};
