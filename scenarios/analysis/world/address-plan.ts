/** Addresses, networks and routes that are given out one by one, so that none gets in another's way. */
import type {
	InterfaceSetup,
	RouteSetup,
} from "../../../sim/contract/gateway.ts";
import { invariant } from "../../../sim/invariant.ts";
import {
	formatAddress,
	parsePrefixed,
	prefixMask,
} from "../../../sim/packet/address.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import type { Interval } from "./rule-flow.ts";

export interface Network {
	/** Unsigned. */
	readonly first: number;
	readonly length: number;
}

/** Octets: what Ethernet carries. */
export const MTU = 1500;
/** Hosts of a network that are tried before it counts as full. */
const MOST_TRIED = 300;
/** RFC 6598: hardly a ruleset names it. */
const POOL: Network = { first: 0x64400000, length: 10 };

export class AddressPlan {
	readonly interfaces: { name: string; addresses: string[]; mtu: number }[];
	readonly routes: RouteSetup[] = [];
	readonly #named: readonly Interval[];
	readonly #networks: Network[] = [];
	readonly #given = new Set<number>();
	#pool = POOL.first;
	#reach: Routes | null = null;

	/** @param named what rules name: it is kept free */
	constructor(
		interfaces: readonly InterfaceSetup[],
		named: readonly Interval[],
	) {
		this.interfaces = interfaces.map((one) => {
			return { ...one, addresses: [...one.addresses] };
		});
		this.#named = merged(named);
		for (const { name, addresses } of interfaces) {
			this.#networks.push(...this.linksOf(name));
			for (const text of addresses) this.#given.add(parseOwn(text).address);
		}
	}

	addInterface(name: string): void {
		this.interfaces.push({ name, addresses: [], mtu: MTU });
		this.#reach = null;
	}

	/** Gives an interface an address, behind those that it has. @returns `10.0.0.1/8` */
	give(name: string, address: number, length: number): string {
		const text = `${formatAddress(address)}/${length}`;
		this.addressesOf(name).push(text);
		this.#given.add(address);
		if (length <= 30) this.#networks.push(networkOf(address, length));
		this.#reach = null;
		return text;
	}

	addressesOf(name: string): string[] {
		const found = this.interfaces.find((one) => one.name === name);
		invariant(found !== undefined, `planned for ${name}, which is not there`);
		return found.addresses;
	}

	/** Networks on the link of an interface, those of its addresses. */
	linksOf(name: string): readonly Network[] {
		return this.addressesOf(name)
			.map((text) => {
				const { address, length } = parseOwn(text);
				return networkOf(address, length);
			})
			.filter(({ length }) => length <= 30);
	}

	addRoutes(routes: readonly RouteSetup[]): void {
		this.routes.push(...routes);
		this.#reach = null;
	}

	/** By which interface a packet leaves that goes there; `null` where no route of the plan leads. */
	interfaceTo(address: number): string | null {
		const reach = this.#routes();
		const route = reach.lookup(address | 0);
		return route?.type === "unicast"
			? (reach.interfaces[route.interface] ?? null)
			: null;
	}

	isLocal(address: number): boolean {
		return this.#routes().lookup(address | 0)?.type === "local";
	}

	/** Does it stand for a network of the plan, so that no packet is forwarded to it? */
	isBroadcast(address: number): boolean {
		return this.#routes().lookup(address | 0)?.type === "broadcast";
	}

	/** Is it a next hop on the interface's own network? */
	isOnLink(address: number, name: string): boolean {
		const reach = this.#routes();
		return reach.isOnLink(address | 0, reach.interfaces.indexOf(name));
	}

	/** Does it share an address with a network that an interface has already? */
	isTaken(network: Network): boolean {
		return this.#networks.some((one) => {
			const length = Math.min(one.length, network.length);
			return (
				networkOf(one.first, length).first ===
				networkOf(network.first, length).first
			);
		});
	}

	/** An address of the network that nothing has and no rule names: the first one or one of the last; `null`: there is none. */
	freeHost(network: Network): number | null {
		const [least, greatest] = spanOf(network);
		if (this.#isFree(least + 1) && least + 1 < greatest) return least + 1;
		const last = Math.max(least + 1, greatest - MOST_TRIED);
		for (let address = greatest - 1; address >= last; address--)
			if (this.#isFree(address)) return address;
		return null;
	}

	#isFree(address: number): boolean {
		return !this.#given.has(address) && !this.#isNamed(address);
	}

	/** A network of 254 hosts that no rule names, as long as there is one. */
	freeNetwork(): Network {
		for (; this.#pool < spanOf(POOL)[1]; this.#pool += 256) {
			const network = networkOf(this.#pool, 24);
			const [, greatest] = spanOf(network);
			const named = this.#named[this.#firstBehind(greatest) - 1];
			const isNamed = named !== undefined && named[1] >= network.first;
			if (!isNamed && !this.isTaken(network)) return network;
		}
		return networkOf(POOL.first, 24);
	}

	#isNamed(address: number): boolean {
		const before = this.#named[this.#firstBehind(address) - 1];
		return before !== undefined && before[1] >= address;
	}

	/** Index of the first named interval that begins behind an address: they are sorted, and apart. */
	#firstBehind(address: number): number {
		let low = 0;
		let high = this.#named.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.#named[middle] as Interval)[0] <= address) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#routes(): Routes {
		this.#reach ??= new Routes({
			interfaces: this.interfaces,
			routes: this.routes,
			sysctls: {},
			listeners: [],
			epochMs: 0,
		});
		return this.#reach;
	}
}

/** `10.0.0.1/8` */
function parseOwn(text: string): { address: number; length: number } {
	const own = parsePrefixed(text);
	return { address: (own?.address ?? 0) >>> 0, length: own?.length ?? 32 };
}

export function networkOf(address: number, length: number): Network {
	return { first: (address & prefixMask(length)) >>> 0, length };
}

export function spanOf({ first, length }: Network): Interval {
	return [first, (first | ~prefixMask(length)) >>> 0];
}

export function formatPlanNetwork({ first, length }: Network): string {
	return `${formatAddress(first)}/${length}`;
}

/** The fewest networks that make up the interval. */
export function networksOf([least, greatest]: Interval): readonly Network[] {
	const networks: Network[] = [];
	for (let first = least; first <= greatest; ) {
		let length = first === 0 ? 0 : 32 - Math.min(31, trailingZeros(first));
		while (spanOf({ first, length })[1] > greatest) length++;
		networks.push({ first, length });
		first = spanOf({ first, length })[1] + 1;
	}
	return networks;
}

function trailingZeros(value: number): number {
	return 31 - Math.clz32(value & -value);
}

/** Ascending, and no two of them touch. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
	const found: [number, number][] = [];
	for (const [least, greatest] of intervals.toSorted((a, b) => a[0] - b[0])) {
		const last = found.at(-1);
		if (last !== undefined && least <= last[1])
			last[1] = Math.max(last[1], greatest);
		else found.push([least, greatest]);
	}
	return found;
}
