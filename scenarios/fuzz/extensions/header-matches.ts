/** Uses of matches that ask for a packet's own octets and addresses, the link it came by, and the time. */
import fc from "fast-check";
import {
	ADDRESS_RANGE,
	ICMP,
	PORT_LIST,
	TCP_FLAGS,
	TCP_PORT,
} from "../values/packet-values.ts";
import {
	inverted,
	ports,
	ranges as rangesBelow,
	subset,
	type Uses,
} from "../values/rule-values.ts";
import {
	ADDRESS_TYPES,
	DATE,
	DAYTIME,
	DSCP_CLASSES,
	names,
	oneName,
	TEXT,
	U32_EXPRESSION,
	WEEKDAYS,
} from "../values/syntax-values.ts";
import { each, listOf, numbers, one } from "../values/values.ts";
import { eachTakes, type MatchUse, oneOf } from "./use.ts";

const FLAGS = ["SYN", "ACK", "FIN", "RST", "PSH", "URG"];
const TYPES = ["UNICAST", "LOCAL", "BROADCAST", "MULTICAST", "BLACKHOLE"];

/** Nothing of what a kernel draws: identifications, and checksums over them. */
const u32: MatchUse = {
	packets: inverted(
		fc.constantFrom(
			"6&0xff=6",
			"6&0xff=0x11",
			"0&0xffff=0x28:0x60",
			"8>>24=0x3f,0x40",
			"12=0x0a00000a",
			"6&0xff=6&&0>>22&0x3c@0&0xffff=25",
			"6&0xff=6&&0>>22&0x3c@12>>24&0x10=0",
			"0>>22&0x3c@0>>16=0:1023&&6&0xff=6",
		),
		(not, tests) => `-m u32 ${not}--u32 ${tests}`,
	),
	values: { u32: U32_EXPRESSION },
};

/** Far from noon, at which cases begin: a kernel's wall clock does not follow the script. */
const time: MatchUse = {
	packets: fc.constantFrom(
		"-m time --timestart 08:00 --timestop 18:00",
		"-m time --timestart 18:00 --timestop 08:00",
		"-m time --weekdays Thu,Fri",
		"-m time ! --weekdays Thu",
		"-m time --monthdays 1,15",
		"-m time --datestart 2026-01-01T08:00:00",
		"-m time --datestop 2025-12-31",
	),
	frames: [
		{},
		{ timestart: null },
		{ timestop: null },
		{ contiguous: null, timestart: one("23:00"), timestop: one("01:00:59") },
	],
	onlyInFrames: ["contiguous"],
	values: {
		...eachTakes(DATE, "datestart", "datestop"),
		...eachTakes(DAYTIME, "timestart", "timestop"),
		weekdays: names(WEEKDAYS, ["0", "1,7", "8", "mon", "Monday", "M", "1-5"]),
		monthdays: {
			sound: listOf(["1", "2", "15", "28", "29", "30", "31"]),
			odd: each(`0 32 1, ,1 ∅ 01 0x1 1-5 311 1st ␣1 1,,2`),
		},
	},
};

const addrtype: MatchUse = {
	packets: fc.oneof(
		inverted(
			subset(TYPES),
			(not, types) => `-m addrtype ${not}--dst-type ${types}`,
		),
		inverted(
			subset(TYPES),
			(not, types) => `-m addrtype ${not}--src-type ${types}`,
		),
	),
	frames: oneOf("src-type", "dst-type"),
	values: {
		"src-type": names(ADDRESS_TYPES, ["U", "un", "local,l"]),
		"dst-type": names(ADDRESS_TYPES, ["m", "b", "LOCAL,"]),
	},
	place: { hooks: ["FORWARD"] },
};

const ttl: MatchUse = {
	packets: fc.oneof(
		inverted(
			fc.constantFrom(64, 63, 1, 2),
			(not, ttl) => `-m ttl ${not}--ttl-eq ${ttl}`,
		),
		fc.constantFrom(
			"-m ttl --ttl-lt 64",
			"-m ttl --ttl-gt 62",
			"-m ttl --ttl-gt 200",
		),
	),
	frames: oneOf("ttl-lt", "ttl-gt", "ttl-eq", "ttl"),
};

const pkttype: MatchUse = {
	packets: inverted(
		fc.constantFrom("unicast", "broadcast", "multicast"),
		(not, type) => `-m pkttype ${not}--pkt-type ${type}`,
	),
	values: {
		"pkt-type": oneName(
			["unicast", "broadcast", "multicast", "host", "Unicast"],
			"bcast",
			"mcast",
			"otherhost",
			"to-us",
			"uni",
			"any",
		),
	},
};

const iprange: MatchUse = {
	packets: inverted(
		fc.tuple(
			fc.constantFrom("src", "dst"),
			fc.constantFrom(
				"10.0.0.1-10.0.0.10",
				"192.168.0.1-192.168.0.1",
				"10.0.0.11-192.168.0.1",
			),
		),
		(not, [side, range]) => `-m iprange ${not}--${side}-range ${range}`,
	),
	frames: oneOf("src-range", "dst-range"),
	values: eachTakes(ADDRESS_RANGE, "src-range", "dst-range"),
};

const tcp: Uses = fc.oneof(
	{
		weight: 4,
		arbitrary: inverted(ports, (not, of) => `-m tcp ${not}--dport ${of}`),
	},
	{
		weight: 2,
		arbitrary: inverted(ports, (not, of) => `-m tcp ${not}--sport ${of}`),
	},
	{ weight: 2, arbitrary: inverted((not) => `-m tcp ${not}--syn`) },
	{
		weight: 2,
		arbitrary: inverted(
			fc.tuple(subset(FLAGS), fc.oneof(subset(FLAGS), fc.constant("NONE"))),
			(not, [asked, set]) => `-m tcp ${not}--tcp-flags ${asked} ${set}`,
		),
	},
	{
		weight: 1,
		arbitrary: inverted(
			fc.constantFrom(2, 3, 4, 5, 8, 34),
			(not, option) => `-m tcp ${not}--tcp-option ${option}`,
		),
	},
);

const multiport: MatchUse = {
	packets: inverted(
		fc.tuple(
			fc.constantFrom("sports", "dports", "ports"),
			fc.array(ports, { minLength: 1, maxLength: 4 }),
		),
		(not, [side, list]) =>
			`-m multiport ${not}--${side} ${list.map(aRange).join(",")}`,
	),
	protocols: ["tcp", "udp"],
	frames: oneOf(
		"source-ports",
		"destination-ports",
		"ports",
		"sports",
		"dports",
	),
	values: eachTakes(
		PORT_LIST,
		"source-ports",
		"destination-ports",
		"ports",
		"sports",
		"dports",
	),
	place: {
		header: ["-p tcp", "-p udp", "-p 6", "-p sctp", "-p udplite", "-p dccp"],
	},
};

/** A range of multiport's has two different ends. */
function aRange(text: string): string {
	const [first, last] = text.split(":");
	return last === undefined || first !== last ? text : (first ?? text);
}

const ICMP_TYPES = [
	"8",
	"0",
	"3",
	"3/3",
	"11",
	"any",
	"port-unreachable",
	"echo-request",
	"host-unreachable",
	"time-exceeded",
] as const;

/** In the order in which generated rules draw them. */
export const HEADER_MATCHES: Readonly<Record<string, MatchUse>> = {
	u32,
	time,
	addrtype,
	length: {
		packets: inverted(
			rangesBelow(120),
			(not, range) => `-m length ${not}--length ${range}`,
		),
	},
	ttl,
	tos: {
		packets: inverted(
			fc.constantFrom("0x10/0xff", "0/0xff", "0xb8/0xfc", "0x8/0x3f"),
			(not, tos) => `-m tos ${not}--tos ${tos}`,
		),
	},
	dscp: {
		packets: inverted(
			fc.constantFrom(0, 4, 46),
			(not, dscp) => `-m dscp ${not}--dscp ${dscp}`,
		),
		frames: oneOf("dscp", "dscp-class"),
		values: { "dscp-class": oneName(DSCP_CLASSES, "AF44", "CS8", "VA", "le") },
	},
	pkttype,
	iprange,
	comment: {
		packets: fc.constant('-m comment --comment "nothing to see"'),
		values: { comment: TEXT },
	},
	mac: {
		packets: inverted(
			fc.constantFrom("02:aa:0a:00:00:0a", "02:aa:c0:a8:00:01"),
			(not, of) => `-m mac ${not}--mac-source ${of}`,
		),
		incoming: true,
	},
	tcp: {
		packets: tcp,
		protocols: ["tcp"],
		apart: [["syn", ["tcp-flags"]]],
		values: {
			...eachTakes(
				TCP_PORT,
				"source-port",
				"sport",
				"destination-port",
				"dport",
			),
			"tcp-flags": TCP_FLAGS,
			"tcp-option": numbers(1, 255),
		},
	},
	udp: {
		packets: inverted(
			fc.tuple(fc.constantFrom("sport", "dport"), ports),
			(not, [side, of]) => `-m udp ${not}--${side} ${of}`,
		),
		protocols: ["udp"],
	},
	multiport,
	tcpmss: {
		packets: inverted(
			rangesBelow(1600),
			(not, range) => `-m tcpmss ${not}--mss ${range}`,
		),
		protocols: ["tcp"],
	},
	icmp: {
		packets: inverted(
			fc.constantFrom(...ICMP_TYPES),
			(not, type) => `-m icmp ${not}--icmp-type ${type}`,
		),
		protocols: ["icmp"],
		values: { "icmp-type": ICMP },
	},
};
