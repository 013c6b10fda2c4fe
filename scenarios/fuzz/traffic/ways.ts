/** How a conversation gets into each state of conntrack's. */
import { ACK, FIN, RST, SYN } from "../../../sim/packet/packet.ts";
import type { ReachableState, SegmentPlan, Side } from "./plan.ts";

/** Who sends which flags, one after the other. */
type Script = readonly (readonly [side: Side, flags: number])[];

const OPENED: Script = [
	["client", SYN],
	["server", SYN | ACK],
	["client", ACK],
];
const CLOSING: Script = [...OPENED, ["client", FIN | ACK]];
const CLOSED: Script = [...CLOSING, ["server", FIN | ACK]];
export const WAYS: Readonly<Record<ReachableState, Script>> = {
	SYN_SENT: OPENED.slice(0, 1),
	SYN_SENT2: [
		["client", SYN],
		["server", SYN],
	],
	SYN_RECV: OPENED.slice(0, 2),
	ESTABLISHED: OPENED,
	FIN_WAIT: CLOSING,
	CLOSE_WAIT: [...CLOSING, ["server", ACK]],
	LAST_ACK: CLOSED,
	TIME_WAIT: [...CLOSED, ["client", ACK]],
	CLOSE: [...OPENED, ["server", RST | ACK]],
};

/** What a quiet host sends. */
export const QUIET: Omit<SegmentPlan, "flags"> = {
	seq: "next",
	ack: "heard",
	octets: 0,
	window: 64_240,
	options: {},
	checksum: "right",
};
