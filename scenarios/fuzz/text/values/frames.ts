/**
 * Which options make a rule that is loaded: where the option table alone does not say so, because an
 * extension asks for one of several options, or the kernel asks for more than iptables does.
 */
import { numbers, one, type Texts } from "./values.ts";

/** Options that stand together; `null`: with any argument that the option takes. */
export type Frame = Readonly<Record<string, Texts | null>>;

/** Frames of one option each. */
const oneOf = (...names: readonly string[]): readonly Frame[] =>
	names.map((name) => ({ [name]: null }));

const PACKET_RATE = one("5/min", "10/s", "3/hour", "100/sec");
const BYTE_RATE = one("512kb/s", "900kb/s", "100b/s");
const clusterOf = (name: string): Frame => ({
	[name]: null,
	"cluster-total-nodes": null,
	"cluster-hash-seed": null,
});
const MAP_FLAGS = ["map-mark", "map-prio", "map-queue"];
const MARKS = ["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];
const hmarkOf = (frame: Frame): Frame => ({
	...frame,
	"hmark-mod": null,
	"hmark-rnd": null,
});
const policyOf = (frame: Frame): Frame => ({
	dir: one("in"),
	pol: one("ipsec"),
	...frame,
});

export const FRAMES: Readonly<Record<string, readonly Frame[]>> = {
	"match addrtype": oneOf("src-type", "dst-type"),
	"match bpf": [{ bytecode: null }, { "object-pinned": null }],
	"match cgroup": oneOf("path", "cgroup"),
	"match devgroup": [{ "src-group": null }, { "dst-group": null }],
	"match ecn": oneOf("ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"),
	"match ipvs": [
		{ ipvs: null },
		...oneOf("vproto", "vaddr", "vport", "vdir", "vmethod", "vportctl"),
	],
	"match rateest": [
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
	"match cluster": [
		clusterOf("cluster-local-node"),
		clusterOf("cluster-local-nodemask"),
	],
	"match condition": oneOf("condition"),
	"match connlimit": oneOf("connlimit-upto", "connlimit-above"),
	"match conntrack": oneOf(
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
	"match dscp": oneOf("dscp", "dscp-class"),
	"match hashlimit": [
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
	"match iprange": oneOf("src-range", "dst-range"),
	"match limit": [{ limit: null }, {}],
	"match multiport": oneOf(
		"source-ports",
		"destination-ports",
		"ports",
		"sports",
		"dports",
	),
	"match owner": [
		...oneOf("uid-owner", "gid-owner", "socket-exists"),
		{ "gid-owner": null, "suppl-groups": null },
	],
	"match physdev": oneOf(
		"physdev-in",
		"physdev-out",
		"physdev-is-in",
		"physdev-is-out",
		"physdev-is-bridged",
	),
	"match policy": [
		{ dir: null, pol: null },
		...["reqid", "spi", "proto"].map((name) => policyOf({ [name]: null })),
		policyOf({ mode: one("tunnel"), "tunnel-src": null, "tunnel-dst": null }),
		policyOf({ mode: one("transport") }),
		policyOf({ strict: null, reqid: null }),
		policyOf({ strict: null, reqid: null, mode: one("transport"), next: null }),
	],
	"match recent": [
		...oneOf("set", "rcheck", "update", "remove"),
		{ rcheck: null, seconds: null },
		{ update: null, seconds: null, hitcount: null },
	],
	"match statistic": [
		{ mode: one("random"), probability: null },
		{ mode: one("nth"), every: one("2", "3", "10"), packet: one("0", "1") },
		{
			mode: one("nth"),
			every: numbers(1000, 0xffffffff).sound,
			packet: numbers(0, 999).sound,
		},
	],
	"match set": [
		...oneOf("match-set", "set"),
		{ "match-set": null, "packets-gt": null, "bytes-lt": null },
	],
	"match string": [
		{ algo: one("bm", "kmp"), string: null },
		{ algo: one("bm", "kmp"), "hex-string": null },
		{ algo: null, string: null },
	],
	"match time": [
		{},
		{ timestart: null },
		{ timestop: null },
		{ contiguous: null, timestart: one("23:00"), timestop: one("01:00:59") },
	],
	"match ttl": oneOf("ttl-lt", "ttl-gt", "ttl-eq", "ttl"),
	"target CLUSTERIP": [
		{
			new: null,
			hashmode: null,
			clustermac: null,
			"total-nodes": null,
			"local-node": null,
		},
		{},
	],
	"target CONNSECMARK": oneOf("save", "restore"),
	"target ECN": oneOf(
		"ecn-tcp-remove",
		"ecn-tcp-cwr",
		"ecn-tcp-ece",
		"ecn-ip-ect",
	),
	"target CONNMARK": oneOf(...MARKS, "save-mark", "restore-mark"),
	"target CT": [
		{ notrack: null },
		...oneOf("zone", "zone-orig", "ctevents"),
		{},
	],
	"target DSCP": oneOf("set-dscp", "set-dscp-class"),
	"target HMARK": [
		hmarkOf({ "hmark-tuple": null }),
		hmarkOf({ "hmark-src-prefix": null }),
		hmarkOf({ "hmark-tuple": one("src,dst"), "hmark-offset": null }),
		hmarkOf({ "hmark-spi-mask": null }),
	],
	"target IDLETIMER": [{}, { alarm: null }],
	"target MARK": oneOf(...MARKS),
	"target NFQUEUE": [
		...oneOf("queue-num", "queue-balance"),
		{ "queue-balance": null, "queue-cpu-fanout": null },
	],
	"target SET": [
		{ "add-set": null },
		{ "add-set": null, exist: null, timeout: null },
		{ "del-set": null },
		...MAP_FLAGS.map((flag) => ({
			"map-set": null,
			[flag]: null,
		})),
	],
	"target TCPMSS": oneOf("set-mss", "clamp-mss-to-pmtu"),
	"target TOS": oneOf("set-tos", "and-tos", "or-tos", "xor-tos"),
	"target TTL": oneOf("ttl-set", "ttl-dec", "ttl-inc"),
};

/** Options that do not go together, where not even the option table says so. */
export const APART: Readonly<
	Record<string, readonly (readonly [string, readonly string[]])[]>
> = {
	"match recent": [
		["set", ["seconds", "hitcount", "reap", "rttl"]],
		["remove", ["seconds", "hitcount", "reap", "rttl"]],
	],
	"match tcp": [["syn", ["tcp-flags"]]],
	"target HMARK": [
		["hmark-spi", ["hmark-sport", "hmark-dport"]],
		["hmark-spi-mask", ["hmark-sport-mask", "hmark-dport-mask"]],
		[
			"hmark-tuple",
			[
				"hmark-src-prefix",
				"hmark-dst-prefix",
				"hmark-proto-mask",
				"hmark-sport-mask",
				"hmark-dport-mask",
				"hmark-spi-mask",
			],
		],
	],
};

/** Options that older extensions refuse behind a `!` in words of their own, though their tables let it pass. */
export const NEVER_NEGATED: ReadonlySet<string> = new Set([
	"rateest1",
	"rateest",
	"rateest2",
	"rateest-delta",
	"rateest-bps1",
	"rateest-pps1",
	"rateest-bps2",
	"rateest-pps2",
	"rateest-bps",
	"rateest-pps",
	"return-nomatch",
	"packets-lt",
	"packets-gt",
	"bytes-lt",
	"bytes-gt",
]);

/** What the header has to ask for besides what the extension says of itself, and where. */
export interface Needs {
	/** Words of the header, one of these. */
	readonly header?: readonly string[];
	readonly hooks?: readonly string[];
	readonly tables?: readonly string[];
}

const PORTS = ["-p tcp", "-p udp", "-p 6", "-p sctp"];

/** Options that a use has only where one of its frames says so. */
export const ONLY_IN_FRAMES: Readonly<Record<string, readonly string[]>> = {
	"match bpf": ["bytecode", "object-pinned"],
	"match hashlimit": ["hashlimit-rate-match"],
	"match set": [
		"packets-eq",
		"packets-lt",
		"packets-gt",
		"bytes-eq",
		"bytes-lt",
		"bytes-gt",
		"match-set",
		"set",
	],
	"target SET": ["exist", "timeout", "map-set", ...MAP_FLAGS],
	"match rateest": [
		"rateest-bps1",
		"rateest-pps1",
		"rateest-bps2",
		"rateest-pps2",
		"rateest-bps",
		"rateest-pps",
		"rateest2",
		"rateest-delta",
	],
	"match owner": ["suppl-groups"],
	"match policy": ["pol", "strict", "mode", "next", "tunnel-src", "tunnel-dst"],
	"match time": ["contiguous"],
	"target HMARK": ["hmark-tuple"],
	"target IDLETIMER": ["alarm"],
};

export const NEEDS: Readonly<Record<string, Needs>> = {
	"match addrtype": { hooks: ["FORWARD"] },
	"match devgroup": { hooks: ["FORWARD"] },
	"match ecn": { header: ["-p tcp", "-p 6"] },
	"target CLUSTERIP": { header: ["-d 10.31.3.236 -i lo"] },
	"target CONNSECMARK": { tables: ["mangle", "security"] },
	"target ECN": { header: ["-p tcp"] },
	"target SET": {
		tables: ["mangle"],
		hooks: ["FORWARD", "OUTPUT", "POSTROUTING"],
	},
	"target SECMARK": { tables: ["mangle", "security"] },
	"target SYNPROXY": { header: ["-p tcp"] },
	"match physdev": { hooks: ["PREROUTING", "INPUT", "FORWARD", "POSTROUTING"] },
	"match multiport": { header: [...PORTS, "-p udplite", "-p dccp"] },
	"match policy": { hooks: ["PREROUTING", "INPUT", "FORWARD"] },
	"match rpfilter": { tables: ["raw", "mangle"] },
	"target CT": { header: [...PORTS, ""] },
	"target DNAT": { header: [...PORTS, "-p icmp"] },
	"target SNAT": { header: [...PORTS, "-p dccp"] },
	"target MASQUERADE": { header: [...PORTS, "-p dccp"] },
	"target NOTRACK": { header: ["-p tcp", ""] },
	"target REDIRECT": { header: PORTS },
	"target REJECT": { header: ["-p tcp", ""] },
	"target TCPMSS": {
		header: ["-p tcp --syn", "-p tcp --tcp-flags SYN,RST SYN"],
		hooks: ["FORWARD", "OUTPUT", "POSTROUTING"],
	},
	"target TPROXY": { header: ["-p tcp", "-p udp", "-p 17"] },
};
