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
};
