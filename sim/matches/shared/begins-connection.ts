import { IPS_CONFIRMED } from "../../conntrack/table/status.ts";
import type { ExtensionHost } from "../../extension/host.ts";
import { ACK, FIN, RST, SYN, TCP } from "../../packet/packet.ts";
import { CTINFO_NEW, NO_ENTRY, type Skb } from "../../packet/skb/skb.ts";

const NO_BEGINNING = ACK | FIN | RST;

/** Is it the first segment of a connection, for which no socket is there yet but the one that listens? */
export function beginsConnection(
	{ protocol, fragment, tcpFlags, entry, ctinfo }: Skb,
	{ conntrack }: Pick<ExtensionHost, "conntrack">,
): boolean {
	return (
		protocol === TCP &&
		fragment === null &&
		(tcpFlags & (SYN | NO_BEGINNING)) === SYN &&
		entry !== NO_ENTRY &&
		ctinfo === CTINFO_NEW &&
		(conntrack.status(entry) & IPS_CONFIRMED) === 0
	);
}
