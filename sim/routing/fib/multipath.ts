/**
 * Which next hop of a multipath route a packet takes: a hash of its addresses, or of its ports as well,
 * falls into the share of one of them (`fib_multipath_hash`, `fib_select_multipath`, 6.1). A secret key
 * makes the hash chance, the same for all packets of a flow in both directions.
 */
import type { Choice } from "../../chance/choice.ts";
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { formatAddress } from "../../packet/address.ts";
import { type Address, ICMP } from "../../packet/packet.ts";
import type { Stateful } from "../../stateful.ts";
import type { Nexthop } from "./fib-entry.ts";
import type { Flow } from "./flow.ts";

/** What is drawn of a multipath route begins with this; its next hops follow, `isp1*1 isp2*2`. */
export const MULTIPATH_LABEL = "multipath ";

/** Errors that are shared out as the packets that they are about. */
const SHARED_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

export class Multipath implements Stateful<ReadonlyMap<string, number>> {
	/** What was drawn, by flow and shares. */
	#drawn = new Map<string, number>();

	save(): ReadonlyMap<string, number> {
		return new Map(this.#drawn);
	}

	restore(drawn: ReadonlyMap<string, number>): void {
		this.#drawn = new Map(drawn);
	}

	/**
	 * @param names of interfaces, by index
	 * @throws UnknownSignal for a hash that is not modelled
	 */
	select(
		nexthops: readonly Nexthop[],
		flow: Flow,
		by: {
			readonly choice: Choice;
			readonly policy: number;
			readonly names: readonly string[];
		},
	): Nexthop {
		const alive = nexthops.filter(({ isDead }) => !isDead);
		const shares = alive
			.map((hop) => `${by.names[hop.interface]}*${hop.weight}`)
			.join(" ");
		const key = `${keyOf(flow, by.policy)} ${shares}`;
		let drawn = this.#drawn.get(key);
		if (drawn === undefined) {
			const total = alive.reduce((sum, { weight }) => sum + weight, 0);
			drawn = by.choice.pick(total, MULTIPATH_LABEL + shares);
			this.#drawn.set(key, drawn);
		}
		let bound = 0;
		for (const hop of alive) {
			bound += hop.weight;
			if (drawn < bound) return hop;
		}
		return alive[0] as Nexthop;
	}
}

/** Both directions of a flow have one (`__flow_hash_consistentify`). */
function keyOf(flow: Flow, policy: number): string {
	if (policy === 0) return addressesOf(flow);
	if (policy !== 1)
		throw new UnknownSignal(
			`net.ipv4.fib_multipath_hash_policy=${policy} is not modelled (0 and 1 are)`,
		);
	const { packet, sourcePort, destinationPort, protocol } = flow;
	// Fragments are hashed without their ports.
	const isPart = packet !== null && packet.fragment !== null;
	const ports = isPart ? [0, 0] : [sourcePort, destinationPort];
	const addresses = sorted(flow.source, flow.destination);
	return `${addresses} ${Math.min(...ports)} ${Math.max(...ports)} ${protocol}`;
}

/** `ip_multipath_l3_keys` */
function addressesOf({ source, destination, packet }: Flow): string {
	const isError =
		packet?.protocol === ICMP && SHARED_ERRORS.has(packet.icmpType);
	const about = isError ? packet.about : null;
	return about === null
		? sorted(source, destination)
		: sorted(about.source, about.destination);
}

function sorted(one: Address, other: Address): string {
	const [least, most] = one >>> 0 < other >>> 0 ? [one, other] : [other, one];
	return `${formatAddress(least)} ${formatAddress(most)}`;
}
