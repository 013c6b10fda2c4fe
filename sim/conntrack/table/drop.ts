import type { DropReason } from "../../contract/drop-reason.ts";
import { NF_DROP } from "../../packet/skb/skb.ts";

/** Of the last packet that was dropped: a walk through hooks ends there, so nothing comes in between. */
let last: DropReason = "table full";

/** The verdict NF_DROP, with its reason beside it. */
export function dropFor(reason: DropReason): number {
	last = reason;
	return NF_DROP;
}

/** Why conntrack or NAT spoke NF_DROP last. To be asked right behind the verdict. */
export function lastDropReason(): DropReason {
	return last;
}
