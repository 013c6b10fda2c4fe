import { defineTarget } from "../../extension/extension.ts";
import { ALL_BITS, writesMark } from "../../extension/mark-uses.ts";
import type { GivenOptions } from "../../extension/options.ts";
import type { MarkUse } from "../../extension/traits.ts";
import { prefixLength } from "../../packet/address.ts";
import { compileHashMark, type HashMarkOptions } from "./hmark-hash.ts";

/** Parts of `--hmark-tuple` by the order in which abbreviations are looked up. */
const PARTS = ["ct", "src", "dst", "sport", "dport", "proto", "spi"] as const;
type Part = (typeof PARTS)[number];

/**
 * Sets the mark to a hash of addresses and ports (iptables 1.8.9 libxt_HMARK.c, kernel 6.1
 * xt_HMARK.c).
 */
export const hmark = defineTarget<HashMarkOptions>({
	name: "HMARK",
	usualTable: "mangle",
	options: [
		{ name: "hmark-tuple", type: "string" },
		{ name: "hmark-src-prefix", type: "prefixLength" },
		{ name: "hmark-dst-prefix", type: "prefixLength" },
		{ name: "hmark-sport-mask", type: "uint16" },
		{ name: "hmark-dport-mask", type: "uint16" },
		{ name: "hmark-spi-mask", type: "uint32" },
		{ name: "hmark-sport", type: "uint16" },
		{ name: "hmark-dport", type: "uint16" },
		{ name: "hmark-spi", type: "uint32" },
		{ name: "hmark-proto-mask", type: "uint16" },
		{ name: "hmark-rnd", type: "uint32" },
		// Mandatory, too; but the words for that are its own.
		{ name: "hmark-mod", type: "uint32", min: 1 },
		{ name: "hmark-offset", type: "uint32" },
	],
	build,
	print: (options) =>
		prefix("src", options.sourceMask) +
		prefix("dst", options.destinationMask) +
		hex("sport-mask", options.sourcePortMask, 4) +
		hex("dport-mask", options.destinationPortMask, 4) +
		hex("spi-mask", options.spiMask, 8) +
		hex("sport", options.sourcePort, 4) +
		hex("dport", options.destinationPort, 4) +
		hex("spi", options.spi, 8) +
		hex("proto-mask", options.protocolMask, 2) +
		hex("rnd", options.seed, 8) +
		` --hmark-mod ${options.modulus >>> 0}` +
		(options.offset === null ? "" : ` --hmark-offset ${options.offset >>> 0}`) +
		(options.connection ? " --hmark-tuple ct" : ""),
	check: ({ spi, sourcePort, destinationPort }) =>
		spi !== null && (sourcePort !== null || destinationPort !== null)
			? "xt_HMARK: spi-set and port-set can't be combined"
			: null,
	marks: writesHash,
	compile: compileHashMark,
});

/** The mark lies between the offset and the modulus above it, so the bits above those that vary are constant. */
function writesHash({ modulus, offset }: HashMarkOptions): readonly MarkUse[] {
	const least = (offset ?? 0) >>> 0;
	const greatest = least + (modulus >>> 0) - 1;
	const varies =
		greatest > ALL_BITS ? ALL_BITS : bitsBelow(Math.clz32(least ^ greatest));
	return [
		...writesMark("packet", ~varies, least),
		...writesMark("packet", varies, null),
	];
}

/** All but this many upper bits. */
const bitsBelow = (upper: number) => (upper === 32 ? 0 : ALL_BITS >>> upper);

function build(given: GivenOptions): HashMarkOptions {
	const parts = readTuple(given);
	const tuple = given.get("hmark-tuple", "string")?.word ?? 0;
	// A part of the tuple counts as its own option: it overrules that, and forbids it behind.
	const number = (name: string, part?: Part, whole: number | null = null) => {
		const option = given.get(name, "uint32");
		const byTuple = part !== undefined && parts.has(part);
		if (option && byTuple && option.word > tuple)
			return given.refuse(
				`HMARK: option "--${name}" can only be used once.`,
				`Take ${part} out of \`--hmark-tuple\`, or write the tuple behind it.`,
				name,
			);
		if (byTuple) return whole;
		return option ? option.value | 0 : null;
	};
	const options = {
		sourceMask: number("hmark-src-prefix", "src", -1),
		destinationMask: number("hmark-dst-prefix", "dst", -1),
		sourcePortMask: number("hmark-sport-mask", "sport", 0xffff),
		destinationPortMask: number("hmark-dport-mask", "dport", 0xffff),
		spiMask: number("hmark-spi-mask", "spi", -1),
		sourcePort: number("hmark-sport"),
		destinationPort: number("hmark-dport"),
		spi: number("hmark-spi"),
		protocolMask: number("hmark-proto-mask", "proto", 0xffff),
		offset: number("hmark-offset"),
	};
	const { sourcePortMask, destinationPortMask, spiMask } = options;
	const modulus = number("hmark-mod");
	const seed = number("hmark-rnd");
	if (modulus === null)
		return given.refuse(
			"--hmark-mod is mandatory",
			"Say how many marks there are: `--hmark-mod 2`.",
		);
	if (seed === null)
		return given.refuse(
			"--hmark-rnd is mandatory",
			"Give the hash a seed: `--hmark-rnd 0xcafe`.",
		);
	if (
		spiMask !== null &&
		(sourcePortMask !== null || destinationPortMask !== null)
	)
		return given.refuse(
			"you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time",
			"Take one of the two away.",
		);
	const connection = parts.has("ct");
	const { offset: _, ...inHash } = options;
	if (!connection && Object.values(inHash).every((value) => value === null))
		return given.refuse(
			"you have to specify --hmark-tuple at least",
			"Say what to hash: `--hmark-tuple src,dst,sport,dport,proto`.",
		);
	return { ...options, modulus, seed, connection };
}

function readTuple(given: GivenOptions): ReadonlySet<Part> {
	const parts = new Set<Part>();
	let text = given.get("hmark-tuple", "string")?.text;
	while (text !== undefined) {
		const comma = text.indexOf(",");
		const name = comma < 0 ? text : text.slice(0, comma);
		if (text === "")
			return given.refuse(
				'"--hmark-tuple" requires a list of types with no spaces, e.g. src,dst,sport,dport,proto',
				`Take any of ${PARTS.join(", ")}, with commas between them.`,
				"hmark-tuple",
			);
		const part = PARTS.find((known) => known.startsWith(name.toLowerCase()));
		if (part === undefined || name === "")
			return given.refuse(
				`Bad type "${text}"`,
				`Take any of ${PARTS.join(", ")}, with commas between them.`,
				"hmark-tuple",
			);
		parts.add(part);
		text = comma < 0 ? undefined : text.slice(comma + 1);
	}
	return parts;
}

function prefix(name: string, mask: number | null): string {
	return mask === null
		? ""
		: ` --hmark-${name}-prefix ${prefixLength(mask) ?? -1}`;
}

function hex(name: string, value: number | null, digits: number): string {
	if (value === null) return "";
	const text = (value >>> 0).toString(16).padStart(digits, "0");
	return ` --hmark-${name} 0x${text}`;
}
