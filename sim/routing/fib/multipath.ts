/**
 * Which next hop of a multipath route a packet takes: a hash of its addresses, or of its ports as well,
 * falls into the share of one of them (`fib_multipath_hash`, `fib_select_multipath`, 6.1). A secret key
 * makes the hash chance, the same for all packets of a flow in both directions.
 */
import type { Choice } from "../../chance/choice.ts";
import { formatAddress } from "../../packet/address.ts";
import type { Stateful } from "../../stateful.ts";
import type { Nexthop } from "./fib-entry.ts";
import type { Flow } from "./flow.ts";
import { flowKey } from "./multipath-key.ts";

/** What is drawn of a multipath route. */
export interface MultipathDraw {
	/** Where the packet goes that the next hop is for. */
	readonly destination: string;
	/**
	 * With their weights, `isp1*1 isp2*2`. Those of one interface are told apart by their addresses:
	 * `lan0/192.168.0.2*1 lan0/192.168.0.3*1`.
	 */
	readonly hops: string;
}

/** @param label of a draw; `null`: of another one */
export function multipathDraw(label: string): MultipathDraw | null {
	const [, destination, hops] = /^multipath to (\S+): (.*)$/.exec(label) ?? [];
	if (destination === undefined || hops === undefined) return null;
	return { destination, hops };
}

/** Hashes from the one to below the other. */
interface HashRange {
	readonly from: number;
	readonly to: number;
}

/** Where the hash of a flow lies, as far as it has shown. */
export type KnownHash = readonly HashRange[];

/** A hash has 31 bits. */
const HASHES = 2 ** 31;

/** What a choice among next hops goes by, besides the flow. */
export interface SelectBy {
	readonly choice: Choice;
	/** `fib_multipath_hash_policy` and `fib_multipath_hash_fields` */
	readonly policy: number;
	readonly fields: number;
	/** Of interfaces, by index. */
	readonly names: readonly string[];
	/** Has a next hop's neighbour not failed? (`fib_good_nh`) `null`: it does not matter (`fib_multipath_use_neigh`). */
	readonly isGood: ((hop: Nexthop) => boolean) | null;
	/** Hears of the flow's key where there is a choice. */
	readonly chosen?: ((key: string) => void) | undefined;
}

/** A next hop, and the hashes that lead to it. */
interface Share {
	readonly hop: Nexthop;
	readonly hashes: KnownHash;
	/** Of what is drawn from. */
	readonly weight: number;
}

export class Multipath implements Stateful<ReadonlyMap<string, KnownHash>> {
	/** By flow: what was drawn holds whatever the shares are later on. */
	#drawn = new Map<string, KnownHash>();

	save(): ReadonlyMap<string, KnownHash> {
		return new Map(this.#drawn);
	}

	restore(drawn: ReadonlyMap<string, KnownHash>): void {
		this.#drawn = new Map(drawn);
	}

	/**
	 * @param found what a lookup has found: it stays where no hash leads to any
	 * @throws UnknownSignal for a hash that is not modelled
	 */
	select(
		nexthops: readonly Nexthop[],
		flow: Flow,
		by: SelectBy,
		found: Nexthop,
	): Nexthop {
		const key = flowKey(flow, by);
		const known = this.#drawn.get(key);
		const shares = sharesOf(nexthops, known, by.isGood);
		const [only] = shares;
		if (only === undefined) return found;
		const isChoice =
			shares.length > 1 ||
			(known !== undefined &&
				sharesOf(nexthops, undefined, by.isGood).length > 1);
		if (isChoice) by.chosen?.(key);
		if (shares.length === 1) return only.hop;
		const drawn = draw(shares, flow, by);
		this.#drawn.set(key, drawn.hashes);
		return drawn.hop;
	}
}

/** The next hops that a flow may take, each with the hashes that lead to it. */
function sharesOf(
	nexthops: readonly Nexthop[],
	known: KnownHash | undefined,
	isGood: SelectBy["isGood"],
): readonly Share[] {
	const alive = nexthops.filter(({ isLeftOut }) => !isLeftOut);
	const total = alive.reduce((sum, { weight }) => sum + weight, 0);
	const good = nexthops.filter((hop) => isGood === null || isGood(hop));
	const [first = alive[0] as Nexthop] = good;
	const found = new Map<Nexthop, Share>();
	let sum = 0;
	let from = 0;
	for (const [index, own] of alive.entries()) {
		sum += own.weight;
		// fib_rebalance
		const to = Math.round((sum * HASHES) / total);
		// Whose share it is, or the next good one; behind the last of them comes the first.
		const hop = alive.slice(index).find((one) => good.includes(one)) ?? first;
		const hashes = within({ from, to }, known);
		from = to;
		if (hashes.length === 0) continue;
		const before = found.get(hop);
		const size = hashes.reduce((all, one) => all + one.to - one.from, 0);
		found.set(hop, {
			hop,
			hashes: [...(before?.hashes ?? []), ...hashes],
			weight: (before?.weight ?? 0) + (known === undefined ? own.weight : size),
		});
	}
	return [...found.values()];
}

function within(range: HashRange, known: KnownHash | undefined): KnownHash {
	if (known === undefined) return range.from < range.to ? [range] : [];
	return known.flatMap((one) => {
		const from = Math.max(range.from, one.from);
		const to = Math.min(range.to, one.to);
		return from < to ? [{ from, to }] : [];
	});
}

function draw(
	shares: readonly Share[],
	{ destination }: Flow,
	{ choice, names }: SelectBy,
): Share {
	const isAlone = ({ hop }: Share) =>
		shares.filter((one) => one.hop.interface === hop.interface).length === 1;
	const words = shares.map((share) => {
		const { interface: index, via } = share.hop;
		const isNamed = isAlone(share) || via === null;
		const by = isNamed ? "" : `/${formatAddress(via)}`;
		return `${names[index]}${by}*${share.weight}`;
	});
	const total = shares.reduce((sum, { weight }) => sum + weight, 0);
	const label = `multipath to ${formatAddress(destination)}: ${words.join(" ")}`;
	const drawn = choice.pick(total, label);
	let bound = 0;
	for (const share of shares) {
		bound += share.weight;
		if (drawn < bound) return share;
	}
	return shares[0] as Share;
}
