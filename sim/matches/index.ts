/** Every match that a rule can use, by the name behind `-m`. */
import type { MatchExtension } from "../extension/extension.ts";
import { addrtype } from "./addrtype.ts";
import { comment } from "./comment.ts";
import { condition } from "./condition.ts";
import { connbytes } from "./connbytes.ts";
import { connlimit } from "./connlimit.ts";
import { connmark } from "./connmark.ts";
import { conntrack } from "./conntrack.ts";
import { dscp } from "./dscp.ts";
import { hashlimit } from "./hashlimit.ts";
import { icmp } from "./icmp.ts";
import { iprange } from "./iprange.ts";
import { length } from "./length.ts";
import { limit } from "./limit.ts";
import { mac } from "./mac.ts";
import { mark } from "./mark.ts";
import { multiport } from "./multiport.ts";
import { pkttype } from "./pkttype.ts";
import { recent } from "./recent.ts";
import { state } from "./state.ts";
import { statistic } from "./statistic.ts";
import { tcp } from "./tcp.ts";
import { tcpmss } from "./tcpmss.ts";
import { time } from "./time.ts";
import { tos } from "./tos.ts";
import { ttl } from "./ttl.ts";
import { u32 } from "./u32.ts";
import { udp } from "./udp.ts";

const ALL: readonly MatchExtension[] = [
	addrtype,
	comment,
	condition,
	connbytes,
	connlimit,
	connmark,
	conntrack,
	dscp,
	hashlimit,
	icmp,
	iprange,
	length,
	limit,
	mac,
	mark,
	multiport,
	pkttype,
	recent,
	state,
	statistic,
	tcp,
	tcpmss,
	time,
	tos,
	ttl,
	u32,
	udp,
];

export const matches: ReadonlyMap<string, MatchExtension> = new Map(
	ALL.map((extension) => [extension.name, extension]),
);
