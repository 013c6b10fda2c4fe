/** Uses of the extensions of xtables-addons. */
import fc from "fast-check";
import { oneName } from "../values/syntax-values.ts";
import { each, long, numbers, one, type Values } from "../values/values.ts";
import { eachTakes, type MatchUse, oneOf, type TargetUse } from "./use.ts";

const EMPTY_LIBRARY =
	"Debian's library of it (xtables-addons-common 3.23-1) registers nothing, and iptables refuses it";

const QUOTA: Values = {
	sound: each(`0 1 1000 0x10 010 18446744073709551615 -1 18446744073709551616`),
	odd: each(`x 5x 08 ␣5 0x`),
};
const QUOTA_NAME: Values = {
	sound: one("peer", "a.b", "a-b_c", "abcdefghijklmnop"),
	odd: each(`.x a/b ∅`),
};
const IP_OPTIONS: Values = {
	sound: each(
		`nop !nop lsrr,ssrr 7 !record-route,!20 0x1f security,timestamp,traceroute 33 32 32,1`,
	),
	odd: each(`0 !0 nope nop, ,nop 256 NOP ∅ ! !!nop -1`),
};

const HARDWARE_ADDRESS: Values = {
	sound: each(
		`00:11:22:33:44:5a 0:1:2:a:F:5 0x1:2:3:4:5:6/24 1:2:3:4:5:006/0x30`,
	),
	odd: each(`zz 0:1:2:3:4 0:1:2:3:4:155 0:1:2:3:4:5/49 0::2:3:4:5 ∅`),
};

/** In the order in which generated rules draw them. */
export const ADDON_MATCHES: Readonly<Record<string, MatchUse>> = {
	quota2: {
		packets: fc
			.tuple(
				fc.constantFrom("", " --name q1", " --name q2"),
				fc.constantFrom("", " --packets", " --grow", " --no-change"),
				fc.constantFrom("", " !"),
				fc.constantFrom(0, 2, 100, 250, 4000),
			)
			.map(
				([name, how, not, quota]) =>
					`-m quota2${name}${how}${not} --quota ${quota}`,
			),
		values: { quota: QUOTA, name: QUOTA_NAME },
		neverNegated: ["grow", "no-change", "name", "packets"],
	},
	ipv4options: {
		packets: fc.constantFrom(
			"-m ipv4options --flags lsrr,ssrr --any",
			"-m ipv4options --flags !lsrr,!ssrr",
			"-m ipv4options --flags !lsrr,ssrr --any",
			"-m ipv4options",
		),
		values: { flags: IP_OPTIONS },
		neverNegated: ["flags", "any"],
	},
	geoip: {
		neverMet: "addresses of countries are data of the machine",
		leftOut: "it loads where the machine has files of the countries alone",
	},
	iface: { leftOut: EMPTY_LIBRARY },
	length2: { leftOut: EMPTY_LIBRARY },
	gradm: { leftOut: "it is of kernels with grsecurity alone" },
	fuzzy: {
		neverNegated: ["lower-limit", "upper-limit"],
		values: {
			"lower-limit": numbers(1, 1999),
			"upper-limit": numbers(2000, 10_000_000),
		},
	},
	psd: {
		values: eachTakes(
			numbers(1, 10_000),
			"psd-weight-threshold",
			"psd-delay-threshold",
			"psd-lo-ports-weight",
			"psd-hi-ports-weight",
		),
	},
	ipp2p: {
		frames: oneOf("edk", "dc", "gnu", "bit", "xdcc"),
		neverNegated:
			"edk dc gnu kazaa bit apple soul winmx ares mute waste xdcc debug".split(
				" ",
			),
	},
	asn: {
		neverMet: "addresses of autonomous systems are data of the machine",
		leftOut: "it loads where the machine has files of the systems alone",
	},
	dhcpmac: {
		neverMet: "no generated datagram is a message of DHCP",
		packets: fc.constant("-m dhcpmac --mac 02:00:0a:00:00:0a"),
		protocols: ["udp"],
		neverNegated: ["mac"],
		place: { header: ["-p udp"] },
		values: { mac: HARDWARE_ADDRESS },
	},
	pknock: {
		neverNegated: [
			"knockports",
			"time",
			"autoclose",
			"name",
			"opensecret",
			"closesecret",
			"strict",
			"checkip",
		],
		onlyInFrames: ["opensecret", "closesecret", "checkip"],
		place: { header: ["-p tcp", "-p udp"] },
		frames: [
			{ name: null, time: null },
			{ name: null, checkip: null },
			{
				name: null,
				knockports: one("22"),
				opensecret: one("x"),
				closesecret: one("y"),
			},
		],
		apart: [["checkip", ["knockports", "time", "autoclose"]]],
		values: {
			name: { sound: one("a", "peer"), odd: each(`a/b ∅`) },
			time: { sound: each(`1 010 4294967295 -1 5x`), odd: each(`0 x ∅`) },
			autoclose: { sound: each(`0 5 4294967295`), odd: each(`x`) },
			knockports: {
				sound: each(`22 22,http 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15`),
				odd: each(`22:23 22, x 65536 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16`),
			},
			...eachTakes(
				{ sound: one("x", "y"), odd: one("x") },
				"opensecret",
				"closesecret",
			),
		},
	},
};

export const ADDON_TARGETS: Readonly<Record<string, TargetUse>> = {
	TARPIT: {
		packets: fc.constantFrom("TARPIT", "TARPIT --tarpit", "TARPIT --reset"),
		// In INPUT it answers itself for ever where the gateway sends to itself: a kernel stands still then.
		hooks: ["FORWARD"],
		place: { header: ["-p tcp"] },
	},
	DELUDE: {
		packets: fc.constant("DELUDE"),
		hooks: ["FORWARD"],
		place: { header: ["-p tcp"] },
	},
	IPMARK: {
		packets: fc
			.tuple(
				fc.constantFrom("src", "dst"),
				fc.constantFrom("", " --shift 4", " --shift 33", " --shift 32"),
				fc.constantFrom("", " --and-mask 0xf", " --and-mask 3 --or-mask 0x10"),
			)
			.map(([side, shift, masks]) => `IPMARK --addr ${side}${shift}${masks}`),
		frames: [{ addr: null }],
		neverNegated: ["addr", "and-mask", "or-mask", "shift"],
		values: {
			addr: oneName(["src", "dst"], "both"),
			...eachTakes(numbers(0, 0xffffffff), "and-mask", "or-mask"),
			shift: numbers(0, 128),
		},
	},
	LOGMARK: {
		packets: fc.constant("LOGMARK --log-prefix fuzz"),
		neverNegated: ["log-level", "log-prefix"],
		values: {
			"log-level": numbers(0, 7),
			"log-prefix": { sound: one("a", "a b", "-"), odd: long([14, 15]) },
		},
	},
	ECHO: { place: { header: ["-p udp"] } },
	SYSRQ: { place: { header: ["-p udp", "-p 136"] } },
	PROTO: {
		onlyInFrames: ["stop-at-frag", "stop-at-auth"],
		neverLoaded: ["stop-at-frag", "stop-at-auth"],
	},
	ACCOUNT: {
		packets: fc.constantFrom(
			"ACCOUNT --addr 10.0.0.0/8 --tname ten",
			"ACCOUNT --addr 0/0 --tname all",
		),
		neverNegated: ["addr", "tname"],
		frames: [{ addr: null, tname: null }],
		values: {
			addr: {
				sound: one("10.0.0.0/8"),
				odd: each(`x ∅ 10.0.0.0/33 10.0.0.0/8,11.0.0.0/8`),
			},
			tname: { sound: one("ten", "a.b"), odd: long([31, 32]) },
		},
	},
	DHCPMAC: {
		neverNegated: ["set-mac"],
		place: { header: ["-p udp"] },
		values: { "set-mac": HARDWARE_ADDRESS },
	},
	DNETMAP: { leftOut: EMPTY_LIBRARY },
};
