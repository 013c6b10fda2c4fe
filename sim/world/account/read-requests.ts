/**
 * Which requests of a flow of UDP the program of a backend has read. Each counts once, however often it was sent or
 * doubled on its way.
 */
export class ReadRequests {
	/** All before this one. */
	#upTo = 0;
	/** Those behind it. Nearly all flows have none: there may be a million of them. */
	#beyond: Set<number> | null = null;

	get count(): number {
		return this.#upTo + (this.#beyond?.size ?? 0);
	}

	add(request: number): void {
		if (request > this.#upTo) {
			this.#beyond ??= new Set();
			this.#beyond.add(request);
		} else if (request === this.#upTo) {
			this.#upTo++;
			while (this.#beyond?.delete(this.#upTo)) this.#upTo++;
		}
	}
}
