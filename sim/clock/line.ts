import type { Moment } from "./heap.ts";

/** What waits for its moment. */
export interface Due {
	/** Its moment has come. */
	fire(): void;
}

const FIRST_ROOM = 64;

/**
 * Things that are due in the order in which they are put, as packets on a link are: a ring, so putting and taking cost
 * the same however many are on it. Times and orders lie in arrays of numbers, since things of any shape may wait.
 */
export class Line<Thing extends object = Due> implements Moment {
	/** When the first one is due; `Infinity` while there is none. */
	atMs = Number.POSITIVE_INFINITY;
	order = 0;
	length = 0;
	#lastMs = Number.NEGATIVE_INFINITY;
	/** Room is a power of two. */
	#mask = FIRST_ROOM - 1;
	#head = 0;
	#times = new Float64Array(FIRST_ROOM);
	#orders = new Float64Array(FIRST_ROOM);
	#things: (Thing | null)[] = new Array(FIRST_ROOM).fill(null);

	/** Would it be due behind all that wait? */
	takes(atMs: number): boolean {
		return this.length === 0 || atMs >= this.#lastMs;
	}

	/** The one that is due first. */
	get first(): Thing | undefined {
		return this.#things[this.#head] ?? undefined;
	}

	put(atMs: number, order: number, thing: Thing): void {
		if (this.length > this.#mask) this.#grow();
		const place = (this.#head + this.length) & this.#mask;
		this.#times[place] = atMs;
		this.#orders[place] = order;
		this.#things[place] = thing;
		this.#lastMs = atMs;
		if (this.length === 0) {
			this.atMs = atMs;
			this.order = order;
		}
		this.length++;
	}

	/** Takes the first one off; there is one. */
	take(): Thing {
		const head = this.#head;
		const thing = this.#things[head] as Thing;
		this.#things[head] = null;
		const next = (head + 1) & this.#mask;
		this.#head = next;
		this.length--;
		if (this.length === 0) this.atMs = Number.POSITIVE_INFINITY;
		else {
			this.atMs = this.#times[next] as number;
			this.order = this.#orders[next] as number;
		}
		return thing;
	}

	#grow(): void {
		const { length } = this;
		const times = new Float64Array(2 * length);
		const orders = new Float64Array(2 * length);
		const things: (Thing | null)[] = new Array(2 * length).fill(null);
		for (let index = 0; index < length; index++) {
			const place = (this.#head + index) & this.#mask;
			times[index] = this.#times[place] as number;
			orders[index] = this.#orders[place] as number;
			things[index] = this.#things[place] as Thing;
		}
		this.#head = 0;
		this.#mask = 2 * length - 1;
		this.#times = times;
		this.#orders = orders;
		this.#things = things;
	}
}
