import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENTRY_SHIFT, STATUS, TIMEOUT, USE } from "./layout.ts";
import { IPS_CONFIRMED, IPS_SRC_NAT_DONE } from "./status.ts";
import { EntryTable } from "./table.ts";
import { invertTuple, scratchTuple, type Tuple } from "./tuple.ts";

function linkBoth({ index, words }: EntryTable, entry: number): void {
	for (const node of [entry * 2, entry * 2 + 1])
		index.link(words, node, index.chainOfNode(words, node));
}

/** Few addresses, so that tuples meet again. */
const tuple = fc.record({
	source: fc.integer({ min: 1, max: 6 }),
	destination: fc.integer({ min: 1, max: 3 }),
	ports: fc.integer({ min: 1, max: 4 }),
	protocol: fc.constantFrom(6, 17),
});

const operation = fc.oneof(
	fc.record({
		kind: fc.constant("insert" as const),
		tuple,
		zone: fc.integer({ min: 0, max: 1 }),
		lifetime: fc.integer({ min: 1, max: 50 }),
		mapped: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant("kill" as const),
		tuple,
		zone: fc.integer({ min: 0, max: 1 }),
	}),
	fc.record({
		kind: fc.constant("wait" as const),
		jiffies: fc.integer({ min: 0, max: 30 }),
	}),
	fc.record({
		kind: fc.constant("resize" as const),
		buckets: fc.integer({ min: 1, max: 2000 }),
	}),
);

interface Known {
	readonly entry: number;
	readonly expiresAt: number;
	readonly keys: readonly string[];
}

function keyOf({ source, destination, ports, protocol }: Tuple, zone: number) {
	return [source, destination, ports, protocol, zone].join("/");
}

function inverseOf(original: Tuple): Tuple {
	const reply = scratchTuple();
	invertTuple(reply, original);
	return reply;
}

/** The table beside a plain Map that says the same more slowly. */
class Twins {
	readonly table: EntryTable;
	readonly known = new Map<string, Known>();

	constructor(startAt: number) {
		this.table = new EntryTable(512);
		this.table.now = startAt;
		this.table.indexBySource();
	}

	#living(key: string): Known | undefined {
		const known = this.known.get(key);
		if (known === undefined) return undefined;
		return ((known.expiresAt - this.table.now) | 0) > 0 ? known : undefined;
	}

	/** Both are asked. @returns the node that the table found */
	find(wanted: Tuple, zone: number): number {
		const zones = (zone << 16) | zone;
		const node = this.table.findNode(wanted, zones);
		const known = this.#living(keyOf(wanted, zone));
		expect(node >> 1).toBe(known?.entry ?? 0);
		return node;
	}

	insert(original: Tuple, zone: number, lifetime: number, mapped: boolean) {
		const { table } = this;
		const reply = inverseOf(original);
		if (this.find(original, zone) !== 0 || this.find(reply, zone) !== 0) return;
		const zones = (zone << 16) | zone;
		const entry = table.allocate(original, reply, zones, false);
		const at = entry << ENTRY_SHIFT;
		linkBoth(table, entry);
		table.words[at + TIMEOUT] = table.now + lifetime;
		if (mapped) table.bySource?.link(table.words, entry);
		table.words[at + STATUS] = IPS_CONFIRMED | (mapped ? IPS_SRC_NAT_DONE : 0);
		expect(table.words[at + USE]).toBe(1);
		const keys = [keyOf(original, zone), keyOf(reply, zone)];
		const known = {
			entry,
			expiresAt: table.now + lifetime,
			keys,
		};
		for (const key of keys) this.known.set(key, known);
	}

	kill(wanted: Tuple, zone: number): void {
		const node = this.find(wanted, zone);
		if (node === 0) return;
		for (const key of this.known.get(keyOf(wanted, zone))?.keys ?? [])
			this.known.delete(key);
		this.table.kill(node >> 1);
	}
}

describe("the table", () => {
	it("says what a Map says, whatever is inserted, killed, resized and left to expire", () => {
		fc.assert(
			fc.property(
				fc.array(operation, { maxLength: 120 }),
				// Near the end of what 32 bits count, too: jiffies wrap.
				fc.constantFrom(0, 1000, 0x7fffffe0, -20),
				(operations, startAt) => {
					const twins = new Twins(startAt);
					for (const one of operations) {
						if (one.kind === "wait")
							twins.table.now = (twins.table.now + one.jiffies) | 0;
						else if (one.kind === "resize") twins.table.resize(one.buckets);
						else if (one.kind === "kill") twins.kill(one.tuple, one.zone);
						else twins.insert(one.tuple, one.zone, one.lifetime, one.mapped);
					}
					for (const key of twins.known.keys()) {
						const [
							source = 0,
							destination = 0,
							ports = 0,
							protocol = 0,
							zone = 0,
						] = key.split("/").map(Number);
						twins.find({ source, destination, ports, protocol }, zone);
					}
				},
			),
			{ numRuns: 300 },
		);
	});

	it("uses slots again", () => {
		const table = new EntryTable(512);
		const one = { source: 1, destination: 2, ports: 3, protocol: 6 };
		const first = table.allocate(one, inverseOf(one), 0, false);
		table.put(first);
		expect(table.count).toBe(0);
		expect(table.allocate(one, inverseOf(one), 0, false)).toBe(first);
	});

	it("keeps an entry that was killed until its last packet is gone", () => {
		const table = new EntryTable(512);
		const one = { source: 1, destination: 2, ports: 3, protocol: 6 };
		const entry = table.allocate(one, inverseOf(one), 0, false);
		linkBoth(table, entry);
		table.words[(entry << ENTRY_SHIFT) + STATUS] = IPS_CONFIRMED;
		table.get(entry);
		table.kill(entry);
		expect(table.count).toBe(1);
		expect(table.allocate(one, inverseOf(one), 0, false)).not.toBe(entry);
		table.put(entry);
		expect(table.count).toBe(1);
	});

	it("grows", () => {
		const table = new EntryTable(512);
		table.allocateCounters();
		for (let source = 1; source <= 5000; source++) {
			const one = { source, destination: 2, ports: 3, protocol: 6 };
			const entry = table.allocate(one, inverseOf(one), 0, true);
			expect(entry).toBe(source);
		}
		expect(table.words[(17 << ENTRY_SHIFT) + 0]).toBe(17);
		expect(table.words.length >> ENTRY_SHIFT).toBeGreaterThanOrEqual(5000);
	});
});
