/** The same for targets: what their options take, and what they nearly take. */
import fc from "fast-check";
import { NAT_PORTS, NAT_RANGE } from "./packet-values.ts";
import {
	DSCP_CLASSES,
	EVENTS,
	INTERFACE,
	names,
	oneName,
	TEXT,
	ZONE,
} from "./syntax-values.ts";
import { ADDRESS, each, long, numbers, one, type Values } from "./values.ts";
export const SET_AND_SIDES: Values = {
	sound: one("seen src", "a dst,src", "seen src,dst,src,dst,src,dst"),
	odd: one("seen up", "seen src,dst,src,dst,src,dst,src", "seen ,src"),
};
export const RATE_NAME: Values = {
	sound: one("RE1", "RE2"),
	odd: long([15, 16]),
};
const TIME_SPAN: Values = {
	sound: each(`250ms 0.5s 1s 1000000 2sec 8s 500msecs 250000us`),
	odd: each(`x 1h 9s s ∅ 0 1us 0x1s`),
};

/** By the extension's name and the option's. */
export const TARGET_VALUES: Readonly<Record<string, Values>> = {
	"AUDIT type": oneName(["accept", "drop", "reject"], "Drop", "return"),
	"CLASSIFY set-class": {
		sound: each(`1:1 ffff:ffff 0:0 0x1:0x2 a:B 00001:2`),
		odd: each(`1 1: :1 ∅ g:1 10000:1 1:10000 1:1x 123456789:1 -1:1`),
	},
	"CT helper": {
		sound: one("none-such"),
		odd: fc.oneof(one("", "a b"), long([15, 16])),
	},
	"CT timeout": {
		sound: one("none-such"),
		odd: fc.oneof(one("", "a b"), long([31, 32])),
	},
	"CT ctevents": names(EVENTS, ["NEW", "ne"]),
	"CT expevents": names(["new"], ["destroy"]),
	"CT zone": ZONE,
	"CT zone-orig": ZONE,
	"CT zone-reply": ZONE,
	"CONNMARK left-shift-mark": numbers(0, 31),
	"CONNMARK right-shift-mark": numbers(0, 31),
	"DNAT to-destination": NAT_RANGE,
	"SNAT to-source": NAT_RANGE,
	"REDIRECT to-ports": NAT_PORTS,
	"MASQUERADE to-ports": NAT_PORTS,
	"DSCP set-dscp-class": oneName(DSCP_CLASSES, "AF44", "CS8", "VA"),
	"HMARK hmark-tuple": names(
		["src", "dst", "sport", "dport", "proto", "ct"],
		["spi", "spi,sport", "s", "sp", "c,d"],
	),
	"IDLETIMER timeout": numbers(1, 2_147_482),
	"IDLETIMER label": {
		sound: one("idle", "eth0", "a1"),
		odd: fc.oneof(each(`∅ a␣b a/b power uevent type`), long([26, 27, 28])),
	},
	"LOG log-prefix": TEXT,
	"NFLOG nflog-prefix": TEXT,
	"NFQUEUE queue-balance": {
		sound: one("0:1", "1:65535", "0x1:5", ":5", "100:200"),
		odd: each(`5 5:5 5:2 ∅ 1: 1:65536 x:1 1:2:3 0:65535 :`),
	},
	"REJECT reject-with": {
		sound:
			each(`icmp-net-unreachable icmp-host-unreachable net-unreach icmp-port icmp-proto-unreachable
icmp-port-unreachable host-unreach icmp-net-prohibited icmp-host-prohibited
icmp-admin-prohibited admin-prohib tcp-reset tcp-rst`),
		odd: each(`∅ i ICMP-NET-UNREACHABLE echo-reply tcp rst x host`),
	},
	"CLUSTERIP hashmode": oneName(
		["sourceip", "sourceip-sourceport", "sourceip-sourceport-destport"],
		"destip",
	),
	"CLUSTERIP clustermac": {
		sound: one("01:aa:7b:47:f7:d7", "ff:0:0:0:0:1"),
		odd: one("02:aa:7b:47:f7:d7", "x"),
	},
	"LED led-delay": {
		sound: each(`0 42 0x10 inf INFINITE 2147483648`),
		odd: each(`-1 x ∅ 4294967296 1s`),
	},
	"LED led-trigger-id": {
		sound: one("foo", "a b", 'f"o\\o'),
		odd: fc.oneof(one(""), long([16, 17])),
	},
	"RATEEST rateest-name": RATE_NAME,
	"RATEEST rateest-interval": TIME_SPAN,
	"RATEEST rateest-ewmalog": {
		sound: each(`1s 5s 60s 3000000 20sec`),
		odd: each(`x 1h 9us s ∅ 0 4000s`),
	},
	"SECMARK selctx": {
		sound: one("system_u:object_r:firewalld_exec_t:s0"),
		odd: long([255, 256]),
	},
	"TCPOPTSTRIP strip-options": {
		sound: one("2", "mss,sack,timestamp", "3,4,5", "0xff,md5", "wscale"),
		odd: each(`0 1 256 mss,2 x ∅ 2, -1 2,,3`),
	},
	"ULOG ulog-prefix": TEXT,
	"SET add-set": SET_AND_SIDES,
	"SET del-set": SET_AND_SIDES,
	"SET map-set": SET_AND_SIDES,
	"SET timeout": numbers(0, 0xfffffffe),
	"TEE oif": INTERFACE,
	"TEE gateway": ADDRESS,
};
