/**
 * What rules have written to sets whose members are not known: an element that was put in is there, and one that was
 * taken out is not, whatever else the set may hold.
 */
import type { SetUse } from "../extension/host.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";

/** A part of an element: what it is, depends on the set's type, which is not known either. */
interface Part {
	readonly side: "src" | "dst";
	readonly address: number;
	readonly port: number;
}

interface Write {
	readonly parts: readonly Part[];
	readonly isIn: boolean;
}

type Writes = ReadonlyMap<string, ReadonlyMap<string, Write>>;

export class UnseenWrites implements Stateful<Writes> {
	/** By the set's name, and by the element; the last one is the latest. */
	private readonly sets = new Map<string, Map<string, Write>>();

	note(skb: Skb, { name, sides }: SetUse, isIn: boolean): void {
		const parts = partsOf(skb, sides);
		const writes = this.sets.get(name) ?? new Map<string, Write>();
		const key = keyOf(parts);
		writes.delete(key);
		writes.set(key, { parts, isIn });
		this.sets.set(name, writes);
	}

	/** Was an element put in, or taken out, that may be this packet's? `null`: none was. */
	of(skb: Skb, { name, sides }: SetUse): boolean | null {
		const writes = this.sets.get(name);
		if (writes === undefined) return null;
		const asked = partsOf(skb, sides);
		let isIn: boolean | null = null;
		for (const write of writes.values())
			if (mayBeSame(asked, write.parts)) isIn = write.isIn;
		return isIn;
	}

	get isEmpty(): boolean {
		return this.sets.size === 0;
	}

	save(): Writes {
		return new Map(
			[...this.sets].map(([name, writes]) => [name, new Map(writes)]),
		);
	}

	restore(saved: Writes): void {
		this.sets.clear();
		for (const [name, writes] of saved) this.sets.set(name, new Map(writes));
	}
}

function partsOf(skb: Skb, sides: SetUse["sides"]): readonly Part[] {
	return sides.map((side) =>
		side === "src"
			? { side, address: skb.source >>> 0, port: skb.sourcePort }
			: { side, address: skb.destination >>> 0, port: skb.destinationPort },
	);
}

/** Ports that clients choose tell nothing apart, so that one has one element for all its connections. */
function keyOf(parts: readonly Part[]): string {
	return parts
		.map(({ side, address, port }) =>
			side === "src" ? `${address}` : `${address}:${port}`,
		)
		.join();
}

/** The first part is an address, or the port that is asked for; what the others are, only the type tells. */
function mayBeSame(some: readonly Part[], others: readonly Part[]): boolean {
	return some.every((part, index) => {
		const other = others[index];
		if (other === undefined || part.address === other.address) return true;
		const isPort = index > 0 || (part.side === "dst" && other.side === "dst");
		return isPort && part.port === other.port;
	});
}
