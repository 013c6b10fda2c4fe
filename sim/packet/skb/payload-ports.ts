import type { Skb } from "./skb.ts";

/** SCTP, DCCP, UDP-Lite … are octets to the model; where they have ports, two octets are one. */
export function portAt(
	{ payload }: Pick<Skb, "payload">,
	offset: number,
): number {
	return (payload.charCodeAt(offset) << 8) | payload.charCodeAt(offset + 1);
}
