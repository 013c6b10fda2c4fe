import type { ChancePart } from "../../chance/noted.ts";

/** How chance had a part in something of a connection. */
export interface Drawn {
	readonly chance: "drew" | "recalled" | null;
	/** Connections for which draws were made that rules remembered for it. */
	readonly drawnFor: readonly number[];
	/** A draw was made for a packet behind those that decided it. */
	readonly redrawn?: true;
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
	 * @param parts in the order in which the packet met them: what it wrote down before it asked is its own
	 * @param decides the packet may have decided where the connection goes
	 */
	note(
		connection: DrawnFor,
		parts: readonly ChancePart[],
		decides: boolean,
	): void {
		const hasLate = parts.some(isLate);
		for (const part of parts) {
			const isHop = part.kind === "next-hop";
			// By which link it leaves may decide about its source, but comes too late to decide about its destination.
			if (!isHop && !isLate(part)) this.noteWay(connection, part, decides);
			if (decides && (isHop || isLate(part) || !hasLate))
				connection.given = this.drawn(connection, "given", part);
			if (part.kind === "remembered" || isHash(part))
				this.noteWriter(part, connection);
		}
	}

	private noteWay(
		connection: DrawnFor,
		part: ChancePart,
		decides: boolean,
	): void {
		const { way } = connection;
		if (decides) connection.way = this.drawn(connection, "way", part);
		else if (way.redrawn !== true && this.isDrawn(part))
			connection.way = { ...way, redrawn: true };
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
		part: ChancePart,
	): Drawn {
		const drawn = connection[of];
		if (this.isDrawn(part)) return { ...drawn, chance: "drew" };
		return part.kind === "recalled" || isHash(part)
			? this.recalled(drawn, of, { connection, key: part.key })
			: drawn;
	}

	private isDrawn(part: ChancePart): boolean {
		return (
			part.kind === "match" ||
			(part.kind === "destination-port" && this.portsTellBackends) ||
			(isHash(part) && !this.writers.has(part.key))
		);
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
		// What it wrote down itself, with this packet or with its first SYN, tells it nothing new.
		if (writer === connection) return drawn;
		// What no connection wrote, such as a set that was given, rules decide.
		if (writer === undefined) return drawn;
		const chance = drawn.chance ?? "recalled";
		const before = writer[of];
		const draws = before.chance === "drew" ? [writer.id] : before.drawnFor;
		const others = draws.filter((id) => !drawn.drawnFor.includes(id));
		return { ...drawn, chance, drawnFor: [...drawn.drawnFor, ...others] };
	}
}

function isHash(
	part: ChancePart,
): part is Extract<ChancePart, { readonly kind: "hashed" | "next-hop" }> {
	return part.kind === "hashed" || part.kind === "next-hop";
}

/** Behind the routing decision, and so for the source alone. */
function isLate(part: ChancePart): boolean {
	return "routed" in part && part.routed;
}
