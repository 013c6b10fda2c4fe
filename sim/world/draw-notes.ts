import type { ChancePart } from "../chance/noted.ts";
import { and, type Connection } from "./connections.ts";

/**
 * Which draw each connection went by: one that was made for it, or one for an earlier connection that a rule
 * remembered (`-m recent`) or that has the same hash (HMARK, DNAT to a range).
 */
export class DrawNotes {
	/** Backends share an address: which one is met is a question of the port. */
	private readonly portsTellBackends: boolean;
	/** By what rules wrote down, the last connection that it was written of. */
	private readonly writers = new Map<string, Connection>();

	constructor(portsTellBackends: boolean) {
		this.portsTellBackends = portsTellBackends;
	}

	/**
	 * @param connection whose packet this was
	 * @param decides the packet may have decided where the connection goes
	 */
	note(
		connection: Connection,
		parts: readonly ChancePart[],
		decides: boolean,
	): void {
		if (decides) for (const part of parts) this.noteDraw(connection, part);
		for (const part of parts)
			if (part.kind === "remembered") this.writers.set(part.key, connection);
	}

	private noteDraw(connection: Connection, part: ChancePart): void {
		switch (part.kind) {
			case "match":
				connection.chance = "drew";
				return;
			case "destination-port":
				if (this.portsTellBackends) connection.chance = "drew";
				return;
			case "hashed":
				// The first of each hash is the one for which it was drawn.
				if (this.writers.has(part.key)) this.noteRecall(connection, part.key);
				else {
					this.writers.set(part.key, connection);
					connection.chance = "drew";
				}
				return;
			case "recalled":
				this.noteRecall(connection, part.key);
				return;
			case "remembered":
				return;
			default:
				part satisfies never;
		}
	}

	private noteRecall(connection: Connection, key: string): void {
		const writer = this.writers.get(key);
		// What it wrote down itself, with its first SYN, tells it nothing new.
		if (writer === connection) return;
		connection.chance ??= "recalled";
		if (writer === undefined) return;
		const draws = writer.chance === "drew" ? [writer.id] : writer.drawnFor;
		for (const id of draws)
			if (!connection.drawnFor.includes(id))
				connection.drawnFor = and(connection.drawnFor, id);
	}
}
