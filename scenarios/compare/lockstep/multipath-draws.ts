/** Next hops that a multipath route draws for a flow: what shows of them is by which interface a packet left, and to whom. */
import type { Emission } from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import type { MultipathDraw } from "../../../sim/routing/fib/multipath.ts";

/**
 * What the first of these packets shows that goes where the draw was for; `null`: nothing. An answer says nothing of
 * the way of the packet that it answers.
 */
export function hopShown(
	{ destination, hops }: MultipathDraw,
	emissions: readonly Emission[],
): number | null {
	const emission = emissions.find(
		({ packet }) => formatAddress(packet.destination) === destination,
	);
	if (emission === undefined) return null;
	const { interface: name, nextHop } = emission;
	const via = nextHop === undefined ? "" : formatAddress(nextHop);
	let bound = 0;
	let shown: number | null = null;
	for (const hop of hops.split(" ")) {
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
