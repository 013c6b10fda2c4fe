import type { Address } from "../packet/packet.ts";

const SIZE = 4096;

/**
 * The last answers to a question about addresses, each in the slot of its address, so that it never
 * grows: sources are asked about too, and there may be millions of them.
 */
export class AddressCache<T> {
	readonly #answers: (T | undefined)[] = new Array(SIZE).fill(undefined);
	readonly #addresses = new Int32Array(SIZE);

	/** @returns `undefined` when it is not remembered */
	get(address: Address): T | undefined {
		const slot = slotOf(address);
		return this.#addresses[slot] === address ? this.#answers[slot] : undefined;
	}

	set(address: Address, answer: T): void {
		const slot = slotOf(address);
		this.#addresses[slot] = address;
		this.#answers[slot] = answer;
	}

	/** Forgets everything. */
	clear(): void {
		this.#answers.fill(undefined);
	}
}

function slotOf(address: Address): number {
	return (address ^ (address >>> 12)) & (SIZE - 1);
}
