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

/** Where the hash of a flow lies, as far as it has shown: from the one to below the other. */
export interface HashRange {
	readonly from: number;
	readonly to: number;
}

/** A hash has 31 bits. */
const ANY_HASH: HashRange = { from: 0, to: 2 ** 31 };

interface Share extends HashRange {
	readonly hop: Nexthop;
	/** Of what is drawn from. */
	readonly weight: number;
}

export class Multipath implements Stateful<ReadonlyMap<string, HashRange>> {
	/** By flow: what was drawn holds whatever the shares are later on. */
	#drawn = new Map<string, HashRange>();

	save(): ReadonlyMap<string, HashRange> {
		return new Map(this.#drawn);
	}

	restore(drawn: ReadonlyMap<string, HashRange>): void {
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
		const key = keyOf(flow, by.policy);
		const known = this.#drawn.get(key);
		const shares = sharesOf(nexthops, known);
		const [only] = shares;
		if (only === undefined) return nexthops[0] as Nexthop;
		if (shares.length === 1) return only.hop;
		const drawn = draw(shares, by);
		this.#drawn.set(key, { from: drawn.from, to: drawn.to });
		return drawn.hop;
	}
}

/** The next hops that a hash of a range may lead to, each with its part of it (`fib_rebalance`). */
function sharesOf(
	nexthops: readonly Nexthop[],
	known: HashRange | undefined,
): readonly Share[] {
	const alive = nexthops.filter(({ isDead }) => !isDead);
	const total = alive.reduce((sum, { weight }) => sum + weight, 0);
	const shares: Share[] = [];
	let sum = 0;
	let bound = 0;
	for (const hop of alive) {
		sum += hop.weight;
		const from = Math.max(bound, known?.from ?? 0);
		bound = Math.round((sum * ANY_HASH.to) / total);
		const to = Math.min(bound, known?.to ?? ANY_HASH.to);
		if (from >= to) continue;
		const weight = known === undefined ? hop.weight : to - from;
		shares.push({ hop, from, to, weight });
	}
	return shares;
}

function draw(
	shares: readonly Share[],
	by: { readonly choice: Choice; readonly names: readonly string[] },
): Share {
	const words = shares.map(
		({ hop, weight }) => `${by.names[hop.interface]}*${weight}`,
	);
	const total = shares.reduce((sum, { weight }) => sum + weight, 0);
	const drawn = by.choice.pick(total, MULTIPATH_LABEL + words.join(" "));
	let bound = 0;
	for (const share of shares) {
		bound += share.weight;
		if (drawn < bound) return share;
	}
	return shares[0] as Share;
}

/** Both directions of a flow have one (`__flow_hash_consistentify`). */
function keyOf(flow: Flow, policy: number): string {
	if (policy === 0) return addressesOf(flow);
	if (policy !== 1)
		throw new UnknownSignal(
			`net.ipv4.fib_multipath_hash_policy=${policy} is not modelled (0 and 1 are)`,
		);
	const { source, destination, protocol, sourcePort, destinationPort } =
		flow.packet ?? flow;
	// Fragments are hashed without their ports.
	const isPart = (flow.packet?.fragment ?? null) !== null;
	const ports = isPart ? [0, 0] : [sourcePort, destinationPort];
	const addresses = sorted(source, destination);
	return `${addresses} ${Math.min(...ports)} ${Math.max(...ports)} ${protocol}`;
}

/** `ip_multipath_l3_keys` */
function addressesOf(flow: Flow): string {
	const { packet } = flow;
	const isError =
		packet?.protocol === ICMP && SHARED_ERRORS.has(packet.icmpType);
	const { source, destination } =
		(isError ? packet.about : null) ?? packet ?? flow;
	return sorted(source, destination);
}

function sorted(one: Address, other: Address): string {
	const [least, most] = one >>> 0 < other >>> 0 ? [one, other] : [other, one];
	return `${formatAddress(least)} ${formatAddress(most)}`;
}
