/**
 * Uses of every match that is modelled, such as generated packets meet. A match that is modelled and
 * stands here with nothing is a hole that a test finds.
 */
import fc from "fast-check";
import {
	connbytes,
	connlimit,
	conntrack,
	hashlimit,
	limit,
	marked,
	recent,
	statistic,
} from "./stateful-matches.ts";
import {
	inverted,
	ports,
	type RuleProtocol,
	ranges,
	subset,
	type Uses,
} from "./values.ts";

const CT_STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];
const FLAGS = ["SYN", "ACK", "FIN", "RST", "PSH", "URG"];
const TYPES = ["UNICAST", "LOCAL", "BROADCAST", "MULTICAST", "BLACKHOLE"];

/** Nothing of what a kernel draws: identifications, and checksums over them. */
const u32: Uses = inverted(
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
);

const multiport: Uses = inverted(
	fc.tuple(
		fc.constantFrom("sports", "dports", "ports"),
		fc.array(ports, { minLength: 1, maxLength: 4 }),
	),
	(not, [side, list]) =>
		`-m multiport ${not}--${side} ${list.map(aRange).join(",")}`,
);

/** A range of multiport's has two different ends. */
function aRange(text: string): string {
	const [first, last] = text.split(":");
	return last === undefined || first !== last ? text : (first ?? text);
}

/** Far from noon, at which cases begin: a kernel's wall clock does not follow the script. */
const time: Uses = fc.constantFrom(
	"-m time --timestart 08:00 --timestop 18:00",
	"-m time --timestart 18:00 --timestop 08:00",
	"-m time --weekdays Thu,Fri",
	"-m time ! --weekdays Thu",
	"-m time --monthdays 1,15",
	"-m time --datestart 2026-01-01T08:00:00",
	"-m time --datestop 2025-12-31",
);

const addrtype: Uses = fc.oneof(
	inverted(
		subset(TYPES),
		(not, types) => `-m addrtype ${not}--dst-type ${types}`,
	),
	inverted(
		subset(TYPES),
		(not, types) => `-m addrtype ${not}--src-type ${types}`,
	),
);

/** By name: matches that any packet may meet. */
export const ANY_PROTOCOL: Readonly<Record<string, Uses>> = {
	mark: marked("mark", "mark"),
	connmark: marked("mark", "connmark"),
	condition: inverted(
		fc.constantFrom("up1", "up2"),
		(not, name) => `-m condition ${not}--condition ${name}`,
	),
	conntrack,
	state: inverted(
		subset(CT_STATES),
		(not, states) => `-m state ${not}--state ${states}`,
	),
	statistic,
	limit,
	hashlimit,
	recent,
	connlimit,
	connbytes,
	u32,
	time,
	addrtype,
	length: inverted(
		ranges(120),
		(not, range) => `-m length ${not}--length ${range}`,
	),
	ttl: fc.oneof(
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
	tos: inverted(
		fc.constantFrom("0x10/0xff", "0/0xff", "0xb8/0xfc", "0x8/0x3f"),
		(not, tos) => `-m tos ${not}--tos ${tos}`,
	),
	dscp: inverted(
		fc.constantFrom(0, 4, 46),
		(not, dscp) => `-m dscp ${not}--dscp ${dscp}`,
	),
	pkttype: inverted(
		fc.constantFrom("unicast", "broadcast", "multicast"),
		(not, type) => `-m pkttype ${not}--pkt-type ${type}`,
	),
	iprange: inverted(
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
	comment: fc.constant('-m comment --comment "nothing to see"'),
};

/** … only packets that came in from a link. */
export const INCOMING: Readonly<Record<string, Uses>> = {
	mac: inverted(
		fc.constantFrom("02:aa:0a:00:00:0a", "02:aa:c0:a8:00:01"),
		(not, of) => `-m mac ${not}--mac-source ${of}`,
	),
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

/** … only packets of a protocol, behind its `-p`. */
export const BY_PROTOCOL: Readonly<
	Record<Exclude<RuleProtocol, "">, Readonly<Record<string, Uses>>>
> = {
	tcp: {
		tcp,
		multiport,
		tcpmss: inverted(
			ranges(1600),
			(not, range) => `-m tcpmss ${not}--mss ${range}`,
		),
	},
	udp: {
		udp: inverted(
			fc.tuple(fc.constantFrom("sport", "dport"), ports),
			(not, [side, of]) => `-m udp ${not}--${side} ${of}`,
		),
		multiport,
	},
	icmp: {
		icmp: inverted(
			fc.constantFrom(...ICMP_TYPES),
			(not, type) => `-m icmp ${not}--icmp-type ${type}`,
		),
	},
};
