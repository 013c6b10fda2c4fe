/** Uses of targets that write to a packet, to its connection, or to a log. */
import fc from "fast-check";
import { hex, mark, mask, type Uses } from "../values/rule-values.ts";
import {
	DSCP_CLASSES,
	EVENTS,
	INTERFACE,
	names,
	oneName,
	RATE_NAME,
	SET_AND_SIDES,
	TEXT,
	ZONE,
} from "../values/syntax-values.ts";
import { ADDRESS, each, long, numbers, one } from "../values/values.ts";
import { setUses, timeoutIn } from "../world/sets.ts";
import { eachTakes, type Frame, oneOf, type TargetUse } from "./use.ts";

const MARKS = ["set-xmark", "set-mark", "and-mark", "or-mark", "xor-mark"];

const marks: Uses = fc.oneof(
	fc
		.tuple(mark, mask)
		.map(([value, bits]) => `--set-xmark ${hex(value)}/${hex(bits)}`),
	mark.map((value) => `--set-mark ${hex(value)}`),
	fc
		.tuple(fc.constantFrom("and", "or", "xor"), mark)
		.map(([verb, value]) => `--${verb}-mark ${hex(value)}`),
);

const connmarks: Uses = fc.oneof(
	fc
		.tuple(mark, mask)
		.map(([value, bits]) => `--set-xmark ${hex(value)}/${hex(bits)}`),
	fc
		.tuple(fc.constantFrom("and", "or", "xor"), mark)
		.map(([verb, value]) => `--${verb}-mark ${hex(value)}`),
	fc
		.tuple(fc.constantFrom("save", "restore"), fc.option(fc.tuple(mask, mask)))
		.map(
			([verb, masks]) =>
				`--${verb}-mark${masks ? ` --nfmask ${hex(masks[0])} --ctmask ${hex(masks[1])}` : ""}`,
		),
	fc
		.tuple(fc.constantFrom("save", "restore"), mask)
		.map(([verb, bits]) => `--${verb}-mark --mask ${hex(bits)}`),
);

const IDLETIMER: TargetUse = {
	packets: fc.constant("IDLETIMER --timeout 600 --label fuzz"),
	frames: [{}, { alarm: null }],
	onlyInFrames: ["alarm"],
	values: {
		timeout: numbers(1, 2_147_482),
		label: {
			sound: one("idle", "eth0", "a1"),
			odd: fc.oneof(each(`∅ a␣b a/b power uevent type`), long([26, 27, 28])),
		},
	},
};

const LED: TargetUse = {
	packets: fc.constant("LED --led-trigger-id fuzz --led-delay 0"),
	values: {
		"led-delay": {
			sound: each(`0 42 0x10 inf INFINITE 2147483648`),
			odd: each(`-1 x ∅ 4294967296 1s`),
		},
		"led-trigger-id": {
			sound: one("foo", "a b", 'f"o\\o'),
			odd: fc.oneof(one(""), long([16, 17])),
		},
	},
};

const RATEEST: TargetUse = {
	packets: fc.constant(
		"RATEEST --rateest-name fuzz --rateest-interval 250ms --rateest-ewmalog 500ms",
	),
	values: {
		"rateest-name": RATE_NAME,
		"rateest-interval": {
			sound: each(`250ms 0.5s 1s 1000000 2sec 8s 500msecs 250000us`),
			odd: each(`x 1h 9s s ∅ 0 1us 0x1s`),
		},
		"rateest-ewmalog": {
			sound: each(`1s 5s 60s 3000000 20sec`),
			odd: each(`x 1h 9us s ∅ 0 4000s`),
		},
	},
};

const hmarkOf = (frame: Frame): Frame => ({
	...frame,
	"hmark-mod": null,
	"hmark-rnd": null,
});
const HMARK: TargetUse = {
	packets: fc.constantFrom(
		"HMARK --hmark-tuple src,dst,sport,dport,proto --hmark-rnd 0xcafe --hmark-mod 2 --hmark-offset 1",
		"HMARK --hmark-tuple ct,src,dst --hmark-rnd 1 --hmark-mod 3",
	),
	tables: ["mangle"],
	frames: [
		hmarkOf({ "hmark-tuple": null }),
		hmarkOf({ "hmark-src-prefix": null }),
		hmarkOf({ "hmark-tuple": one("src,dst"), "hmark-offset": null }),
		hmarkOf({ "hmark-spi-mask": null }),
	],
	onlyInFrames: ["hmark-tuple"],
	apart: [
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
	values: {
		"hmark-tuple": names(
			["src", "dst", "sport", "dport", "proto", "ct"],
			["spi", "spi,sport", "s", "sp", "c,d"],
		),
	},
};

const CT: TargetUse = {
	packets: fc.constantFrom(
		"CT --notrack",
		"CT --zone 1",
		"CT --zone-orig 2",
		"CT --zone-reply 2",
		"CT",
	),
	frames: [{ notrack: null }, ...oneOf("zone", "zone-orig", "ctevents"), {}],
	values: {
		helper: {
			sound: one("none-such"),
			odd: fc.oneof(one("", "a b"), long([15, 16])),
		},
		timeout: {
			sound: one("none-such"),
			odd: fc.oneof(one("", "a b"), long([31, 32])),
		},
		ctevents: names(EVENTS, ["NEW", "ne"]),
		expevents: names(["new"], ["destroy"]),
		...eachTakes(ZONE, "zone", "zone-orig", "zone-reply"),
	},
	place: { header: ["-p tcp", "-p udp", "-p 6", "-p sctp", ""] },
};

/** In the order in which generated rules draw them. */
export const TARGETS: Readonly<Record<string, TargetUse>> = {
	MARK: {
		packets: marks.map((use) => `MARK ${use}`),
		frames: oneOf(...MARKS),
	},
	CONNMARK: {
		packets: connmarks.map((use) => `CONNMARK ${use}`),
		frames: oneOf(...MARKS, "save-mark", "restore-mark"),
		values: eachTakes(numbers(0, 31), "left-shift-mark", "right-shift-mark"),
	},
	LOG: {
		packets: fc.constantFrom("LOG", 'LOG --log-prefix "fuzz "'),
		values: { "log-prefix": TEXT },
	},
	NFLOG: {
		packets: fc.constantFrom("NFLOG", "NFLOG --nflog-group 3"),
		values: { "nflog-prefix": TEXT },
	},
	AUDIT: {
		packets: fc.constant("AUDIT --type accept"),
		values: { type: oneName(["accept", "drop", "reject"], "Drop", "return") },
	},
	IDLETIMER,
	LED,
	RATEEST,
	TTL: {
		packets: fc.constantFrom(
			"TTL --ttl-set 64",
			"TTL --ttl-set 1",
			"TTL --ttl-dec 1",
			"TTL --ttl-inc 3",
			"TTL --ttl-dec 64",
		),
		frames: oneOf("ttl-set", "ttl-dec", "ttl-inc"),
	},
	TOS: {
		packets: fc.constantFrom(
			"TOS --set-tos 0x10",
			"TOS --set-tos 0x10/0x3f",
			"TOS --or-tos 0x08",
			"TOS --and-tos 0xfc",
			"TOS --xor-tos 0xff",
		),
		frames: oneOf("set-tos", "and-tos", "or-tos", "xor-tos"),
	},
	DSCP: {
		packets: fc.constantFrom(
			"DSCP --set-dscp 46",
			"DSCP --set-dscp-class CS1",
			"DSCP --set-dscp 0",
		),
		frames: oneOf("set-dscp", "set-dscp-class"),
		values: { "set-dscp-class": oneName(DSCP_CLASSES, "AF44", "CS8", "VA") },
	},
	HMARK,
	CHECKSUM: { packets: fc.constant("CHECKSUM --checksum-fill") },
	CLASSIFY: {
		packets: fc.constant("CLASSIFY --set-class 1:10"),
		tables: ["mangle"],
		values: {
			"set-class": {
				sound: each(`1:1 ffff:ffff 0:0 0x1:0x2 a:B 00001:2`),
				odd: each(`1 1: :1 ∅ g:1 10000:1 1:10000 1:1x 123456789:1 -1:1`),
			},
		},
	},
	CT,
	NOTRACK: {
		packets: fc.constant("NOTRACK"),
		place: { header: ["-p tcp", ""] },
	},
	TRACE: { packets: fc.constant("TRACE") },
	TCPMSS: {
		needsMatch: "tcp",
		frames: oneOf("set-mss", "clamp-mss-to-pmtu"),
		place: {
			header: ["-p tcp --syn", "-p tcp --tcp-flags SYN,RST SYN"],
			hooks: ["FORWARD", "OUTPUT", "POSTROUTING"],
		},
	},
	CONNSECMARK: {
		packets: fc.constantFrom("CONNSECMARK --save", "CONNSECMARK --restore"),
		tables: ["mangle"],
		frames: oneOf("save", "restore"),
		place: { tables: ["mangle", "security"] },
	},
	ECN: {
		packets: (protocol) =>
			fc.constantFrom(
				...["1", "0", "3"].map((point) => `ECN --ecn-ip-ect ${point}`),
				...(protocol === "tcp"
					? [
							"ECN --ecn-tcp-remove",
							"ECN --ecn-tcp-ece 1",
							"ECN --ecn-tcp-cwr 1 --ecn-ip-ect 2",
						]
					: []),
			),
		frames: oneOf("ecn-tcp-remove", "ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"),
		place: { header: ["-p tcp"] },
	},
	SECMARK: {
		neverMet: "it is loaded where SELinux is",
		values: {
			selctx: {
				sound: one("system_u:object_r:firewalld_exec_t:s0"),
				odd: long([255, 256]),
			},
		},
		place: { tables: ["mangle", "security"] },
	},
	TCPOPTSTRIP: {
		packets: fc.constantFrom(
			"TCPOPTSTRIP --strip-options mss",
			"TCPOPTSTRIP --strip-options timestamp,sack-permitted",
			"TCPOPTSTRIP --strip-options 3,5",
		),
		values: {
			"strip-options": {
				sound: one("2", "mss,sack,timestamp", "3,4,5", "0xff,md5", "wscale"),
				odd: each(`0 1 256 mss,2 x ∅ 2, -1 2,,3`),
			},
		},
	},
	SYNPROXY: {
		packets: fc.constantFrom(
			"SYNPROXY --mss 1460",
			"SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460",
			"SYNPROXY --timestamp --ecn",
		),
		protocols: ["tcp"],
		place: { header: ["-p tcp"] },
	},
};

const MAP_FLAGS = ["map-mark", "map-prio", "map-queue"];

/** In texts alone: they are read, checked and printed. */
export const UNMODELLED_TARGETS: Readonly<Record<string, TargetUse>> = {
	CLUSTERIP: {
		frames: [
			{
				new: null,
				hashmode: null,
				clustermac: null,
				"total-nodes": null,
				"local-node": null,
			},
			{},
		],
		values: {
			hashmode: oneName(
				["sourceip", "sourceip-sourceport", "sourceip-sourceport-destport"],
				"destip",
			),
			clustermac: {
				sound: one("01:aa:7b:47:f7:d7", "ff:0:0:0:0:1"),
				odd: one("02:aa:7b:47:f7:d7", "x"),
			},
		},
		place: { header: ["-d 10.31.3.236 -i lo"] },
	},
	NFQUEUE: {
		frames: [
			...oneOf("queue-num", "queue-balance"),
			{ "queue-balance": null, "queue-cpu-fanout": null },
		],
		values: {
			"queue-balance": {
				sound: one("0:1", "1:65535", "0x1:5", ":5", "100:200"),
				odd: each(`5 5:5 5:2 ∅ 1: 1:65536 x:1 1:2:3 0:65535 :`),
			},
		},
	},
	SET: {
		// There are many types of sets.
		weight: 3,
		packets: (_protocol, table) =>
			fc.oneof(
				fc
					.tuple(
						setUses,
						fc.constantFrom("", " --exist"),
						fc.constantFrom("", " --timeout", " --timeout 0"),
					)
					.map(([use, exist, timeout]) => {
						const [name = ""] = use.split(" ");
						const isTimed = timeout === " --timeout";
						const given = isTimed ? `${timeout} ${timeoutIn(name)}` : timeout;
						return `SET --add-set ${use}${exist}${given}`;
					}),
				setUses.map((use) => `SET --del-set ${use}`),
				...(table === "mangle"
					? [setUses.map((use) => `SET --map-set ${use} --map-mark`)]
					: []),
			),
		frames: [
			{ "add-set": null },
			{ "add-set": null, exist: null, timeout: null },
			{ "del-set": null },
			...MAP_FLAGS.map((flag) => ({ "map-set": null, [flag]: null })),
		],
		onlyInFrames: ["exist", "timeout", "map-set", ...MAP_FLAGS],
		values: {
			...eachTakes(SET_AND_SIDES, "add-set", "del-set", "map-set"),
			timeout: numbers(0, 0xfffffffe),
		},
		place: { tables: ["mangle"], hooks: ["FORWARD", "OUTPUT", "POSTROUTING"] },
	},
	TEE: { values: { oif: INTERFACE, gateway: ADDRESS } },
	TPROXY: { place: { header: ["-p tcp", "-p udp", "-p 17"] } },
	ULOG: {
		leftOut: "no kernel since 3.17 takes it, so no text with it is accepted",
	},
};
