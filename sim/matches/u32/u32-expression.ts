import { scanUnsigned } from "../../extension/values/read-number.ts";

/** One comparison: a word of the packet, what is done to it, and what it may be then. */
export interface U32Test {
	readonly offset: number;
	readonly steps: readonly {
		/** `@` moves on by the value, and reads anew. */
		readonly operator: "&" | "<<" | ">>" | "@";
		readonly number: number;
	}[];
	/** Both ends inclusive. */
	readonly values: readonly (readonly [min: number, max: number])[];
}

/** XT_U32_MAXSIZE (include/uapi/linux/netfilter/xt_u32.h, 6.1): of tests, numbers, values. */
const MOST = 10;

/**
 * Reads `0 >> 28 = 4 && 8 & 0xff = 6, 17` as iptables 1.8.9 does (`u32_parse` in libxt_u32.c).
 * @param refuse is told what is wrong, with the place in `text`
 */
export function readTests(
	text: string,
	refuse: (message: string) => never,
): readonly U32Test[] {
	const cursor = new Cursor(text, refuse);
	const tests: U32Test[] = [];
	for (;;) {
		tests.push({ ...readLocation(cursor), values: readValues(cursor) });
		if (cursor.atEnd()) break;
		if (tests.length > MOST) return cursor.refuse('too many "&&"s');
		cursor.index++;
	}
	return tests.length > MOST ? cursor.refuse('too many "&&"s') : tests;
}

function readLocation(cursor: Cursor): Omit<U32Test, "values"> {
	if (cursor.peek() === "=") return cursor.refuse("location spec missing");
	const numbers: {
		operator: U32Test["steps"][number]["operator"];
		number: number;
	}[] = [];
	const readNumber = (operator: "&" | "<<" | ">>" | "@") => {
		numbers.push({ operator, number: cursor.number() });
		if (numbers.length > MOST) cursor.refuse("too many operators");
	};
	readNumber("@");
	for (;;) {
		const character = cursor.peek();
		if (character === "=") break;
		readNumber(readOperator(cursor, character));
	}
	cursor.index++;
	const [first, ...steps] = numbers;
	return { offset: first?.number ?? 0, steps };
}

function readOperator(cursor: Cursor, character: string) {
	cursor.index++;
	if (character === "&" || character === "@") return character;
	if (character !== "<" && character !== ">") {
		cursor.index--;
		return cursor.refuse("operator expected");
	}
	if (cursor.character() !== character)
		return cursor.refuse(`a second '${character}' was expected`);
	cursor.index++;
	return character === "<" ? "<<" : ">>";
}

/** Stops at the second `&` of the `&&` that ends a test, or at the end. */
function readValues(cursor: Cursor): U32Test["values"] {
	const values: (readonly [number, number])[] = [];
	for (;;) {
		cursor.skipBlanks();
		if (cursor.atEnd())
			return values.length > 0
				? values
				: cursor.refuseWhole("test ended with no value specified");
		if (cursor.character() === "&") {
			cursor.index++;
			if (cursor.character() !== "&")
				return cursor.refuse("a second '&' was expected");
			if (values.length === 0) return cursor.refuse("value spec missing");
			return values;
		}
		if (values.length > 0) {
			if (cursor.character() !== ",")
				return cursor.refuse('expected "," or "&&"');
			cursor.index++;
		}
		const min = cursor.number();
		cursor.skipBlanks();
		if (cursor.character() === ":") {
			cursor.index++;
			values.push([min, cursor.number()]);
		} else {
			values.push([min, min]);
		}
		if (values.length > MOST) return cursor.refuse('too many ","s');
	}
}

/** Walks through the text. A class for its one mutable field. */
class Cursor {
	index = 0;
	readonly text: string;
	readonly refuseWhole: (message: string) => never;

	constructor(text: string, refuse: (message: string) => never) {
		this.text = text;
		this.refuseWhole = refuse;
	}

	refuse(message: string): never {
		return this.refuseWhole(`at char ${this.index}: ${message}`);
	}

	character(): string {
		return this.text.charAt(this.index);
	}

	atEnd(): boolean {
		return this.index >= this.text.length;
	}

	skipBlanks(): void {
		while (/\s/.test(this.character())) this.index++;
	}

	/** The next character of a location, where the text must not end. */
	peek(): string {
		this.skipBlanks();
		if (this.atEnd())
			return this.refuseWhole("abrupt end of input after location specifier");
		return this.character();
	}

	number(): number {
		const { value, end } = scanUnsigned(this.text, this.index);
		if (end < 0 || value > 0xffffffff)
			return this.refuse("not a number or out of range");
		this.index = end;
		return value;
	}
}
