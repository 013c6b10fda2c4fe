import type { Address } from "../packet/packet.ts";

const SIZE = 4096;

/**
 * The last answers to a question about addresses, each in the slot of its address, so that it never
 * grows: sources are asked about too, and there may be millions of them.
 */
export class AddressCache<T> {
	readonly #answers: (T | undefined)[] = new Array(SIZE).fill(undefined);
	readonly #addresses = new Int32Array(SIZE);
	/** Slots that have an answer. */
	readonly #used: number[] = [];

	/** @returns `undefined` when it is not remembered */
	get(address: Address): T | undefined {
		const slot = slotOf(address);
		return this.#addresses[slot] === address ? this.#answers[slot] : undefined;
	}

	set(address: Address, answer: T): void {
		const slot = slotOf(address);
		if (this.#answers[slot] === undefined) this.#used.push(slot);
		this.#addresses[slot] = address;
		this.#answers[slot] = answer;
	}

	/** Forgets everything. Mostly that is little, since a copy of a gateway is put back after a few packets. */
	clear(): void {
		for (const slot of this.#used) this.#answers[slot] = undefined;
		this.#used.length = 0;
	}
}

function slotOf(address: Address): number {
	return (address ^ (address >>> 12)) & (SIZE - 1);
}
