/**
 * A hash of plain data, of 64 bits: equal for equal data on every machine and in every run. Objects are
 * taken by their keys, whatever their order; fields that are `undefined` count as left out. Arrays have an
 * order, `Map` and `Set` have none, and a `Stateful` part is what can be seen of it. Each step is the one of MurmurHash3 (Austin Appleby), over two lanes.
 */
import { mix32 } from "../../chance/seeded.ts";
import { invariant } from "../../invariant.ts";
import type { Stateful } from "../../stateful.ts";

/** @throws when the data is not plain: an instance of a class, a function or a symbol */
export function hashOf(data: unknown): string {
	const hash = new Hash();
	hash.add(data);
	return hash.digest();
}

/** What kind of value comes next, so that 1, "1", [1] and true differ. */
const KINDS = [
	"null",
	"false",
	"true",
	"integer",
	"double",
	"text",
	"list",
	"record",
	"unordered",
	"end",
] as const;
type Kind = (typeof KINDS)[number];
const KIND = Object.fromEntries(
	KINDS.map((kind, index) => [kind, index + 1]),
) as Readonly<Record<Kind, number>>;

const double = new DataView(new ArrayBuffer(8));

class Hash {
	private one = 0x9747b28c | 0;
	private other = 0x3c6ef372;
	private words = 0;

	add(data: unknown): void {
		if (typeof data === "number") this.number(data);
		else if (typeof data === "string") this.text(data);
		else if (typeof data === "boolean")
			this.word(data ? KIND.true : KIND.false);
		else if (typeof data === "bigint") this.text(`${data}n`);
		else if (data === null || data === undefined) this.word(KIND.null);
		else {
			invariant(typeof data === "object", `state holds a ${typeof data}`);
			this.object(data);
		}
	}

	digest(): string {
		const { one, other } = this.lanes();
		return hex(one) + hex(other);
	}

	/** Both lanes, mixed to the end. */
	private lanes(): { readonly one: number; readonly other: number } {
		const one = mix32(this.one ^ this.words);
		const other = mix32(this.other ^ Math.imul(one, 0x27d4eb2f));
		return { one: mix32(one ^ other), other };
	}

	private object(data: object): void {
		if (Array.isArray(data) || ArrayBuffer.isView(data))
			this.list(data as Iterable<unknown>);
		else if (data instanceof Map) this.unordered(data.entries());
		else if (data instanceof Set) this.unordered(data.values());
		else if (isStateful(data)) this.add(data.seen?.() ?? data.save());
		else this.record(data as Readonly<Record<string, unknown>>);
	}

	private list(values: Iterable<unknown>): void {
		this.word(KIND.list);
		for (const value of values) this.add(value);
		this.word(KIND.end);
	}

	private record(record: Readonly<Record<string, unknown>>): void {
		const prototype = Object.getPrototypeOf(record);
		invariant(
			prototype === Object.prototype || prototype === null,
			`state holds a ${prototype?.constructor?.name}, which is no plain data`,
		);
		this.word(KIND.record);
		for (const key of Object.keys(record).sort()) {
			if (record[key] === undefined) continue;
			this.text(key);
			this.add(record[key]);
		}
		this.word(KIND.end);
	}

	/** The sum of what each of them hashes to is the same in every order. */
	private unordered(values: Iterable<unknown>): void {
		let one = 0;
		let other = 0;
		let count = 0;
		for (const value of values) {
			const hash = new Hash();
			hash.add(value);
			const lanes = hash.lanes();
			one = (one + lanes.one) | 0;
			other = (other + lanes.other) | 0;
			count++;
		}
		for (const word of [KIND.unordered, count, one, other]) this.word(word);
	}

	private number(value: number): void {
		if ((value | 0) === value) {
			this.word(KIND.integer);
			this.word(value);
			return;
		}
		double.setFloat64(0, value);
		for (const word of [KIND.double, double.getInt32(0), double.getInt32(4)])
			this.word(word);
	}

	private text(text: string): void {
		this.word(KIND.text);
		this.word(text.length);
		for (let at = 0; at < text.length; at++) this.word(text.charCodeAt(at));
	}

	private word(word: number): void {
		this.words++;
		this.one = step(this.one, word, 0xcc9e2d51, 0x1b873593);
		this.other = step(this.other, word ^ this.one, 0x239b961b, 0xab0e9789);
	}
}

function isStateful(data: object): data is Stateful {
	return "save" in data && typeof data.save === "function";
}

function step(
	lane: number,
	word: number,
	first: number,
	second: number,
): number {
	let mixed = Math.imul(word, first);
	mixed = (mixed << 15) | (mixed >>> 17);
	const next = lane ^ Math.imul(mixed, second);
	return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

function hex(lane: number): string {
	return (lane >>> 0).toString(16).padStart(8, "0");
}
