/** May a packet come from where it came in? (`fib_validate_source`, `__fib_validate_source`, net/ipv4/fib_frontend.c, 6.1) */
import type { DropReason } from "../contract/drop-reason.ts";
import { LOOPBACK_IFINDEX } from "../kernel.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { backFlow, type Flow } from "./fib/flow.ts";
import { isRoutedToMany } from "./reachability.ts";
import type { Routes } from "./routes.ts";

/** Settings by index of the interface. */
export interface SourceSettings {
	/** 0: off, 1: strict, 2: loose. */
	readonly rpFilter: readonly number[];
	readonly acceptsLocal: readonly boolean[];
	/** `src_valid_mark` */
	readonly marksValidate: readonly boolean[];
	readonly sendsRedirects: readonly boolean[];
	/** A sender behind another router of the link counts as being on the link. */
	readonly redirectsFromBeyond: boolean;
}

/**
 * @param out the interface that it will leave by; 0: the gateway takes it itself
 * @returns why it is dropped; else whether its sender is known to be on the link itself
 */
export function validateSource(
	routes: Routes,
	settings: SourceSettings,
	skb: Skb,
	out: number,
): DropReason | "near" | "far" {
	const at = skb.inInterface;
	const isChecked =
		settings.rpFilter[at] !== 0 ||
		(out === at && settings.sendsRedirects[at] === true);
	if (!isChecked) {
		if (settings.acceptsLocal[at]) return "far";
		if (!routes.hasCustomRoutes)
			return routes.isOwn(skb.source) ? "spoofed source" : "far";
	}
	return fullCheck(routes, settings, skb, out);
}

function fullCheck(
	routes: Routes,
	settings: SourceSettings,
	skb: Skb,
	out: number,
): DropReason | "near" | "far" {
	const at = skb.inInterface;
	const rpFilter = settings.rpFilter[at] as number;
	const lastResort = rpFilter === 0 ? "far" : "reverse path";
	const mark = settings.marksValidate[at] === true ? skb.mark : 0;
	const flow = flowBack(backFlow(skb, mark, routes.asksForPorts), skb, out);
	const found = routes.lookupBack(flow);
	if (found.type === "none") return lastResort;
	const isLocal = found.type === "local";
	if (found.type !== "unicast" && !(isLocal && settings.acceptsLocal[at]))
		return "spoofed source";
	const near = ({ isNear }: { readonly isNear: boolean }) =>
		isNear || settings.redirectsFromBeyond ? "near" : "far";
	if (found.interfaces.includes(at) || (isLocal && at === LOOPBACK_IFINDEX))
		return near(found);
	if (routes.firstAddressOf(at) === null) return lastResort;
	if (rpFilter === 1) return "reverse path";
	const there = routes.lookupBackByAnyLink({ ...flow, oif: at });
	return there.type === "unicast" ? near(there) : "far";
}

/** What would be sent back. */
function flowBack(flow: Flow, skb: Skb, out: number): Flow {
	return {
		...flow,
		// Of what is for many, no address of the gateway's is known.
		source: isRoutedToMany(skb) ? 0 : flow.source,
		iif: out === 0 ? LOOPBACK_IFINDEX : out,
	};
}
