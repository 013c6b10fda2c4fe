/** Next hops that a multipath route draws for a flow: what shows of them is by which interface a packet left, and to whom. */
import type { Emission } from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { MULTIPATH_LABEL } from "../../../sim/routing/fib/multipath.ts";

export function isMultipathDraw(label: string): boolean {
	return label.startsWith(MULTIPATH_LABEL);
}

/** The draw that a packet shows; `null` when it shows none. */
export function hopShown(
	label: string,
	{ interface: name, nextHop }: Emission,
): number | null {
	const via = nextHop === undefined ? "" : formatAddress(nextHop);
	const hops = label.slice(MULTIPATH_LABEL.length).split(" ");
	let bound = 0;
	let shown: number | null = null;
	for (const hop of hops) {
		const at = hop.lastIndexOf("*");
		const own = hop.slice(0, at);
		if (own === name || own === `${name}/${via}`) {
			if (shown !== null) return null;
			shown = bound;
		}
		bound += Number(hop.slice(at + 1));
	}
	return shown;
}
