import type { ChancePart } from "../../chance/noted.ts";

/** How chance had a part in something of a connection. */
export interface Drawn {
	readonly chance: "drew" | "recalled" | null;
	/** Connections for which draws were made that rules remembered for it. */
	readonly drawnFor: readonly number[];
}

/** One and the same for all in which chance has no part. */
export const UNDRAWN: Drawn = { chance: null, drawnFor: [] };

/** As much of a connection as draws have to do with. */
export interface DrawnFor {
	readonly id: number;
	/** How chance had a part in its first packets' way. */
	way: Drawn;
	/** The same of the source that it was given. */
	given: Drawn;
}

/**
 * Which draw each connection went by: one that was made for it, or one for an earlier connection that a rule
 * remembered (`-m recent`) or that has the same hash (HMARK, DNAT to a range). The same for the source that
 * it was given: by the choice of a next hop, and by draws behind the routing decision, where there are any.
 */
export class DrawNotes {
	/** Backends share an address: which one is met is a question of the port. */
	private readonly portsTellBackends: boolean;
	/** By what rules wrote down, the last connection that it was written of. */
	private readonly writers = new Map<string, DrawnFor>();

	constructor(portsTellBackends: boolean) {
		this.portsTellBackends = portsTellBackends;
	}

	/**
	 * @param connection whose packet this was
	 * @param decides the packet may have decided where the connection goes
	 */
	note(
		connection: DrawnFor,
		parts: readonly ChancePart[],
		decides: boolean,
	): void {
		if (decides) {
			const hops = parts.filter(({ kind }) => kind === "next-hop");
			const late = parts.filter((part) => "routed" in part && part.routed);
			const early = parts.filter(
				(part) => !late.includes(part) && !hops.includes(part),
			);
			// By which link it leaves may decide about its source, but comes too late to decide about its destination.
			connection.way = this.drawn(connection, "way", early);
			connection.given = this.drawn(connection, "given", [
				...(late.length > 0 ? late : early),
				...hops,
			]);
		}
		for (const part of parts)
			if (part.kind === "remembered" || isHash(part))
				this.noteWriter(part, connection);
	}

	/** Of a hash, the first is the one for which it was drawn. */
	private noteWriter(
		{ kind, key }: ChancePart & { readonly key: string },
		connection: DrawnFor,
	): void {
		if (kind === "remembered" || !this.writers.has(key))
			this.writers.set(key, connection);
	}

	private drawn(
		connection: DrawnFor,
		of: "way" | "given",
		parts: readonly ChancePart[],
	): Drawn {
		let drawn = connection[of];
		for (const part of parts) {
			const isDrawn =
				part.kind === "match" ||
				(part.kind === "destination-port" && this.portsTellBackends) ||
				(isHash(part) && !this.writers.has(part.key));
			if (isDrawn) drawn = { ...drawn, chance: "drew" };
			else if (part.kind === "recalled" || isHash(part))
				drawn = this.recalled(drawn, of, { connection, key: part.key });
		}
		return drawn;
	}

	private recalled(
		drawn: Drawn,
		of: "way" | "given",
		{
			connection,
			key,
		}: { readonly connection: DrawnFor; readonly key: string },
	): Drawn {
		const writer = this.writers.get(key);
		// What it wrote down itself, with its first SYN, tells it nothing new.
		if (writer === connection) return drawn;
		// What no connection wrote, such as a set that was given, rules decide.
		if (writer === undefined) return drawn;
		const chance = drawn.chance ?? "recalled";
		const before = writer[of];
		const draws = before.chance === "drew" ? [writer.id] : before.drawnFor;
		const others = draws.filter((id) => !drawn.drawnFor.includes(id));
		return { chance, drawnFor: [...drawn.drawnFor, ...others] };
	}
}

function isHash(
	part: ChancePart,
): part is Extract<ChancePart, { readonly kind: "hashed" | "next-hop" }> {
	return part.kind === "hashed" || part.kind === "next-hop";
}
