/** Every match that a rule can use, by the name behind `-m`. */
import type { MatchExtension } from "../extension/extension.ts";
import { comment } from "./comment.ts";
import { condition } from "./condition.ts";
import { connmark } from "./connmark.ts";
import { conntrack } from "./conntrack.ts";
import { icmp } from "./icmp.ts";
import { mark } from "./mark.ts";
import { multiport } from "./multiport.ts";
import { state } from "./state.ts";
import { statistic } from "./statistic.ts";
import { tcp } from "./tcp.ts";
import { udp } from "./udp.ts";

const ALL: readonly MatchExtension[] = [
	comment,
	condition,
	connmark,
	conntrack,
	icmp,
	mark,
	multiport,
	state,
	statistic,
	tcp,
	udp,
];

export const matches: ReadonlyMap<string, MatchExtension> = new Map(
	ALL.map((extension) => [extension.name, extension]),
);
