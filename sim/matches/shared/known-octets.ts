/** Which bits of a packet's octets a walk knows, where it has made the packet up (`sim/extension/made-up.ts`). */
import type { MadeUp } from "../../extension/made-up.ts";
import { SYN, TCP, UDP } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";

const IP_HEADER = 20;
/** Version and header length; fragments; the protocol; both addresses. */
const OF_IP: Readonly<Record<number, number>> = {
	0: 0xff,
	// All but that it must not be taken apart.
	6: 0xbf,
	7: 0xff,
	9: 0xff,
};
const SOURCE = 12;
const DESTINATION = 16;
/** The flags that decide what a segment is: ECE and CWR may be set, and PSH and FIN of those that follow. */
const FLAGS = 33;
const FLAGS_OF_SYN = 0x3f;
const FLAGS_OF_OTHERS = 0x36;

/** @returns the bits that are the same in all packets that this one stands for, by octet; 0 behind the last one that is */
export function knownOctets(
	{ protocol, fragment, tcpFlags }: Skb,
	{ isAnswer }: MadeUp,
): (at: number) => number {
	const hostAddress = isAnswer ? SOURCE : DESTINATION;
	const hasPorts = fragment === null && (protocol === TCP || protocol === UDP);
	const hostPort = IP_HEADER + (isAnswer ? 0 : 2);
	return (at) => {
		if (at >= hostAddress && at < hostAddress + 4) return 0xff;
		if (at < IP_HEADER) return OF_IP[at] ?? 0;
		if (!hasPorts) return 0;
		if (at >= hostPort && at < hostPort + 2) return 0xff;
		if (protocol !== TCP || at !== FLAGS) return 0;
		return (tcpFlags & SYN) === 0 ? FLAGS_OF_OTHERS : FLAGS_OF_SYN;
	};
}
