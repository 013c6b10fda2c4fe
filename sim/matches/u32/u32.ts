import { defineMatch } from "../../extension/extension.ts";
import { madeUpTest } from "../../extension/made-up-test.ts";
import { hex32 } from "../../packet/numbers.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { knownOctets } from "../shared/known-octets.ts";
import { packetOctets } from "../shared/packet-octets.ts";
import { readTests, type U32Test } from "./u32-expression.ts";
import { wordAsked } from "./u32-walk.ts";

interface Options {
	readonly tests: readonly U32Test[];
	readonly inverted: boolean;
}

/** Computes with the packet's octets (iptables 1.8.9 libxt_u32.c, kernel 6.1 xt_u32.c). */
export const u32 = defineMatch<Options>({
	name: "u32",
	options: [{ name: "u32", type: "string", mandatory: true, invertible: true }],
	build(given) {
		const option = given.get("u32", "string");
		const tests = readTests(option?.text ?? "", (message) =>
			given.refuse(
				`u32: ${message}`,
				"Write `OFFSET & MASK = VALUE`, several of them with `&&` between.",
				"u32",
			),
		);
		return { tests, inverted: option?.inverted ?? false };
	},
	print: ({ tests, inverted }) =>
		`${inverted ? " !" : ""} --u32 "${tests.map(printTest).join("&&")}"`,
	/** dmesg says nothing of it. */
	check({ tests }) {
		const shifts = tests.flatMap(({ steps }) =>
			steps.filter(({ operator }) => operator === "<<" || operator === ">>"),
		);
		return shifts.some(({ number }) => number >= 32)
			? "xt_u32: a shift by 32 bits or more"
			: null;
	},
	readsAnyOctet: true,
	compile({ tests, inverted }, ports, { name }) {
		const viewOf = (skb: Skb) => {
			const bytes = packetOctets(skb, ports);
			return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
		};
		if (ports.decide === undefined)
			return (skb) => {
				const view = viewOf(skb);
				return tests.every((test) => holds(test, view)) !== inverted;
			};
		const asking = tests.map((test) =>
			madeUpTest(
				(skb) => holds(test, viewOf(skb)),
				ports,
				name,
				(skb, made) => wordAsked(test, viewOf(skb), knownOctets(skb, made)),
			),
		);
		return (skb) => asking.every((test) => test(skb)) !== inverted;
	},
});

function printTest({ offset, steps, values }: U32Test): string {
	const location = steps.map(
		({ operator, number }) => `${operator}${hex32(number)}`,
	);
	const ranges = values.map(([min, max]) =>
		min === max ? hex32(min) : `${hex32(min)}:${hex32(max)}`,
	);
	return `${hex32(offset)}${location.join("")}=${ranges.join(",")}`;
}

/** `u32_match_it` (6.1), with unsigned 32-bit values; reading beyond the packet's end never holds. */
function holds({ offset, steps, values }: U32Test, octets: DataView): boolean {
	const { byteLength } = octets;
	if (offset > byteLength - 4) return false;
	let value = octets.getUint32(offset);
	let start = 0;
	for (const { operator, number } of steps) {
		switch (operator) {
			case "&":
				value = (value & number) >>> 0;
				break;
			case "<<":
				value = (value << number) >>> 0;
				break;
			case ">>":
				value >>>= number;
				break;
			case "@":
				start += value;
				if (start + number > byteLength - 4) return false;
				value = octets.getUint32(start + number);
				break;
		}
	}
	return values.some(([min, max]) => min <= value && value <= max);
}
