/** Uses of matches that ask what the machine has, or what it has done with the connection. */
import fc from "fast-check";
import { ANY_ADDRESS } from "../../../sim/world/setup/services.ts";
import { inverted } from "../values/rule-values.ts";
import { ID, INTERFACE, oneName } from "../values/syntax-values.ts";
import { each, long, NETWORK, one } from "../values/values.ts";
import { eachTakes, type Frame, type MatchUse, oneOf } from "./use.ts";

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
	packets: fc.constantFrom(
		"-m policy --dir in --pol none",
		"-m policy --dir in --pol ipsec",
		"-m policy --dir in --pol ipsec --proto esp",
	),
	incoming: true,
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

/** In the order in which generated rules draw them. */
export const MACHINE_MATCHES: Readonly<Record<string, MatchUse>> = {
	cluster: {
		packets: inverted(
			fc.tuple(fc.constantFrom(2, 3), fc.constantFrom("0xdeadbeef", "1")),
			(not, [nodes, seed]) =>
				`-m cluster --cluster-total-nodes ${nodes} ${not}--cluster-local-node 1 --cluster-hash-seed ${seed}`,
		),
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
		packets: inverted(
			fc.tuple(fc.constantFrom(1, 40, 127), fc.constantFrom("", " --set")),
			(not, [label, set]) => `-m connlabel ${not}--label ${label}${set}`,
		),
		values: {
			label: {
				sound: each(`0 40 127 0x7f 010 65537`),
				odd: each(`∅ 128 -1 1x ␣1 4294967296 2147483648 65536 00000128`),
			},
		},
	},
	cpu: {
		packets: inverted(
			fc.constantFrom(0, 1),
			(not, number) => `-m cpu ${not}--cpu ${number}`,
		),
	},
	devgroup: {
		packets: inverted(
			fc.constantFrom("0x1", "0/0xff", "0x4/0x3"),
			(not, group) => `-m devgroup ${not}--src-group ${group}`,
		),
		incoming: true,
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
	helper: {
		packets: inverted(
			fc.constantFrom("ftp", "sip"),
			(not, name) => `-m helper ${not}--helper ${name}`,
		),
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
		packets: fc.constantFrom(
			"-m nfacct --nfacct-name fuzz",
			'-m nfacct --nfacct-name "two words"',
		),
		values: {
			"nfacct-name": {
				sound: one("a", "two words"),
				odd: long([31, 32, 33]),
			},
		},
	},
	physdev: {
		packets: inverted(
			fc.constantFrom("in eth1", "is-in", "is-bridged"),
			(not, what) => `-m physdev ${not}--physdev-${what}`,
		),
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
	quota: {
		packets: inverted(
			fc.constantFrom(0, 100, 1_000, 100_000),
			(not, octets) => `-m quota ${not}--quota ${octets}`,
		),
	},
	realm: {
		packets: inverted(
			fc.constantFrom("1", "0/0xff", "0x4/0x3"),
			(not, realm) => `-m realm ${not}--realm ${realm}`,
		),
		values: {
			realm: {
				sound: each(`1 0x10 5/0xff 0/0 0xffffffff 010/7`),
				odd: each(`∅ x 1/ /1 1/x 4294967296 1/4294967296 Cosmos 1x`),
			},
		},
	},
	cgroup: {
		// Before INPUT a kernel looks for the sockets of connections.
		allows: (_, rule) => /^-\S (OUTPUT|POSTROUTING) /.test(rule),
		packets: inverted(
			fc.constantFrom("--path /", "--cgroup 0", "--cgroup 1"),
			(not, what) => `-m cgroup ${not}${what}`,
		),
		frames: oneOf("path", "cgroup"),
		values: {
			path: { sound: one("/", "/system.slice"), odd: one("", "a b", "x") },
		},
	},
	owner: {
		packets: fc.oneof(
			inverted(
				fc.constantFrom(
					"--uid-owner 0",
					"--uid-owner 1000",
					"--gid-owner 0-99",
					"--socket-exists",
				),
				(not, what) => `-m owner ${not}${what}`,
			),
			fc.constant("-m owner --gid-owner 5 --suppl-groups"),
		),
		frames: [
			...oneOf("uid-owner", "gid-owner", "socket-exists"),
			{ "gid-owner": null, "suppl-groups": null },
		],
		onlyInFrames: ["suppl-groups"],
		values: eachTakes(ID, "uid-owner", "gid-owner"),
	},
	rpfilter: {
		packets: fc
			.subarray(["loose", "validmark", "accept-local", "invert"])
			.map((flags) => ["-m rpfilter", ...flags].join(" --")),
		tables: ["raw", "mangle"],
		place: { tables: ["raw", "mangle"] },
	},
	socket: {
		weight: 8,
		// It depends on the connections that a program at all addresses has.
		allows: ({ protocol, address }, rule) =>
			protocol === "udp" ||
			address !== ANY_ADDRESS ||
			!/-m socket\b(?! (--transparent )?--nowildcard)/.test(rule),
		packets: fc.constantFrom(
			"-m socket",
			"-m socket --nowildcard",
			"-m socket --nowildcard",
			"-m socket --nowildcard --restore-skmark",
			"-m socket --transparent --nowildcard",
		),
	},
};
