/** Arguments about packets: ranges of addresses, ports, flags, types of ICMP. */
import fc from "fast-check";
import {
	ADDRESS,
	each,
	listOf,
	numbers,
	one,
	PORT,
	ranges,
	type Texts,
	type Values,
} from "./values.ts";

const pairOf = (value: Texts, between: string): Texts =>
	fc.tuple(value, value).map((pair) => pair.join(between));
export const ADDRESS_RANGE: Values = {
	sound: fc.oneof(
		ADDRESS.sound,
		pairOf(ADDRESS.sound, "-"),
		one("10.0.0.1-10.0.0.9", "10-11", "0.0.0.0-255.255.255.255"),
	),
	odd: fc.oneof(
		ADDRESS.odd,
		pairOf(ADDRESS.odd, "-"),
		one("10.0.0.9-10.0.0.1", "10.0.0.1-", "-10.0.0.1", "10.0.0.1 - 10.0.0.2"),
		one("10.0.0.1-10.0.0.2-10.0.0.3", "10.0.0.0/24", "-", "10.0.0.1:10.0.0.2"),
	),
};

export const NAT_PORTS: Values = {
	sound: fc.oneof(each(`25 1024-2000 1-65535 0 65535 http 25-25 0x19-0x20`)),
	odd: each(`1024-2000/3000 ∅ 65536 30-20 25:30 25- -25 25␣ nowhere 25-http 1024-2000/0
1024-2000/65536 1024-2000/ 25/30 25,26 1-2/x 1-2/http 1-2-3 1-2x 25x http-smtp 1-65536`),
};
export const NAT_RANGE: Values = {
	sound: fc.oneof(
		ADDRESS.sound,
		pairOf(ADDRESS.sound, "-"),
		fc.tuple(ADDRESS.sound, NAT_PORTS.sound).map((pair) => pair.join(":")),
		one("10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9:1-2", ":25", ":1-9/30"),
	),
	odd: fc.oneof(
		ADDRESS.odd,
		fc.tuple(ADDRESS.sound, NAT_PORTS.odd).map((pair) => pair.join(":")),
		one(
			"10.0.0.9-10.0.0.1",
			"10.0.0.1-",
			"-10.0.0.1",
			"10.0.0.1::",
			"[::1]:25",
		),
		one("[10.0.0.1]:25", ":", "10.0.0.1-10.0.0.2-10.0.0.3", "10.0.0.0/24"),
		one("10.0.0.1:25:26", "10.0.0.1 :25", "10.0.0.1:"),
	),
};

export const PORT_LIST: Values = {
	sound: fc
		.array(fc.oneof(PORT.sound, one("1:9", "25:587", "0:65535")), {
			minLength: 1,
			maxLength: 7,
		})
		.map((ports) => ports.join(",")),
	odd: fc.oneof(
		each(`∅ , 25, ,25 25,,26 25,␣26 9:1 25: :25 1:2:3`),
		each(`25-26 nowhere 65536 -1 25␣ http:https 25:http !25`),
		fc
			.integer({ min: 14, max: 17 })
			.map((many) => Array(many).fill("25").join(",")),
		fc
			.integer({ min: 6, max: 9 })
			.map((many) => Array(many).fill("1:2").join(",")),
	),
};
export const TCP_PORT = ranges(PORT);
const FLAG_NAMES = ["SYN", "ACK", "FIN", "RST", "URG", "PSH"];
const flagList = fc.oneof(listOf(FLAG_NAMES), one("ALL", "NONE", "syn,Ack"));
export const TCP_FLAGS: Values = {
	sound: fc.tuple(flagList, flagList).map((pair) => pair.join(" ")),
	odd: each(`SYN SYN␣SY SYN,␣SYN ALL␣, SYN,ACK␣SYN, XMAS␣ALL ALL␣- SYN␣!␣ACK SYN|ACK␣SYN 0x3f␣SYN
63␣2 ALL,SYN␣NONE,SYN CWR␣ECE`),
};

const ICMP_NAMES = [
	"any",
	"echo-reply",
	"pong",
	"destination-unreachable",
	"port-unreachable",
	"fragmentation-needed",
	"TOS-network-unreachable",
	"source-quench",
	"ping",
	"redirect",
	"ttl-exceeded",
	"ttl-zero-during-transit",
	"timestamp-reply",
	"parameter-problem",
	"address-mask-request",
	"router-solicitation",
];
export const ICMP: Values = {
	sound: fc.oneof(
		one(...ICMP_NAMES),
		numbers(0, 255).sound,
		fc.tuple(fc.nat(255), fc.nat(255)).map((pair) => pair.join("/")),
	),
	odd: each(`ECHO-REQUEST echo-req e t host Any ∅ 256 3/256 3/ /3 3/1-4 3/4-1 3/1/1 -1 0x3/0x1 3␣/1
port 255/0 3/0-255 255 255/1 8/- 8/0-`),
};
