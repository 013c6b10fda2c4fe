/** How connections ended, as far as a real client can tell. */
import type { ConnectionRecord } from "../../../sim/world/account/account.ts";

/** What the client made of it: whether it was refused by a RST at once or later is a matter of a moment. */
export function clientEnd({
	outcome,
}: Pick<ConnectionRecord, "outcome">): string {
	switch (outcome) {
		case "refused":
		case "reset":
			return "refused or reset";
		case "connect-timeout":
		case "read-timeout":
			return "timed out";
		case "half-open":
			// Of a real client's connection nobody knows whether its backend still has it.
			return "open";
		default:
			return outcome;
	}
}
