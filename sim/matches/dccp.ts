import { allOf } from "../extension/all-of.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { DCCP } from "../kernel.ts";
import { portAt } from "../packet/skb/payload-ports.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { printRange } from "./sctp/sctp.ts";
import { isIn, type PortRange, portComparisons } from "./shared/port-range.ts";

interface Options {
	readonly source: PortRange | null;
	readonly destination: PortRange | null;
	readonly types: {
		readonly names: readonly string[];
		readonly inverted: boolean;
	} | null;
	readonly option: {
		readonly kind: number;
		readonly inverted: boolean;
	} | null;
}

/** By their numbers. */
const TYPES = [
	"REQUEST",
	"RESPONSE",
	"DATA",
	"ACK",
	"DATAACK",
	"CLOSEREQ",
	"CLOSE",
	"RESET",
	"SYNC",
	"SYNCACK",
	"INVALID",
];

const port = (name: string, sameAs?: string) => ({
	name,
	type: "portRange" as const,
	invertible: true,
	...(sameAs === undefined ? {} : { sameAs }),
});

/** DCCP's ports, packet types and options (iptables 1.8.9 libxt_dccp.c, kernel 6.1 xt_dccp.c). */
export const dccp = defineMatch<Options>({
	name: "dccp",
	onFragments: "needs-header",
	protocols: [DCCP],
	options: [
		port("source-port"),
		port("sport", "source-port"),
		port("destination-port"),
		port("dport", "destination-port"),
		{ name: "dccp-types", type: "string", invertible: true },
		{ name: "dccp-option", type: "uint8", min: 1, invertible: true },
	],
	build(given) {
		const option = given.get("dccp-option", "uint8");
		return {
			source: portRange(given, "source-port"),
			destination: portRange(given, "destination-port"),
			types: readTypes(given),
			option: option ? { kind: option.value, inverted: option.inverted } : null,
		};
	},
	print({ source, destination, types, option }) {
		let text = printRange("sport", source) + printRange("dport", destination);
		if (types)
			text += `${types.inverted ? " !" : ""} --dccp-types ${types.names.join(",")}`;
		return option
			? `${text}${option.inverted ? " !" : ""} --dccp-option ${option.kind}`
			: text;
	},
	compares: portComparisons,
	compile({ source, destination, types, option }) {
		const tests: Test[] = [];
		if (source) tests.push((skb) => isIn(portAt(skb, 0), source));
		if (destination) tests.push((skb) => isIn(portAt(skb, 2), destination));
		if (types) {
			const { names, inverted } = types;
			const asked = names.map((name) => TYPES.indexOf(name));
			tests.push(({ payload }) => asked.includes(typeOf(payload)) !== inverted);
		}
		if (option) {
			const { kind, inverted } = option;
			tests.push((skb) => hasOption(skb, kind) !== inverted);
		}
		const test = allOf(tests);
		return (skb) => {
			if (skb.payload.length >= HEADER_LENGTH) return test(skb);
			skb.hotdrop = true;
			return false;
		};
	},
});

// struct dccp_hdr (include/uapi/linux/dccp.h, 6.1).
const HEADER_LENGTH = 12;
const DATA_OFFSET = 4;
const TYPE = 8;
/** The sequence number has 48 bits, for which there are four octets more. */
const EXTENDED = 1;
const EXTENSION_LENGTH = 4;
/** What stands behind the header and in front of the options, by type; a reset's 12 octets for all others. */
const TYPE_LENGTHS = [4, 12, 0, 8, 8, 8, 8, 12, 8, 8];

function typeOf(payload: string): number {
	return (payload.charCodeAt(TYPE) >> 1) & 0xf;
}

/** `dccp_find_option`, 6.1: options that are cut off make the packet be dropped. */
function hasOption(skb: Skb, kind: number): boolean {
	const { payload } = skb;
	const isExtended = (payload.charCodeAt(TYPE) & EXTENDED) !== 0;
	const from =
		HEADER_LENGTH +
		(isExtended ? EXTENSION_LENGTH : 0) +
		(TYPE_LENGTHS[typeOf(payload)] ?? 12);
	const end = payload.charCodeAt(DATA_OFFSET) * 4;
	if (end < from || (end > from && end > payload.length)) {
		skb.hotdrop = true;
		return false;
	}
	let at = from;
	while (at < end) {
		const found = payload.charCodeAt(at);
		if (found === kind) return true;
		// The kernel reads the length of the last one from beyond the options; it ends the search as well.
		at += found < 2 ? 1 : payload.charCodeAt(at + 1) || 1;
	}
	return false;
}

function portRange(given: GivenOptions, name: string): PortRange | null {
	const range = given.get(name, "portRange");
	if (!range) return null;
	const [min, max] = range.value;
	return { min, max, inverted: range.inverted };
}

function readTypes(given: GivenOptions): Options["types"] {
	const option = given.get("dccp-types", "string");
	if (!option) return null;
	const words = option.text.split(",").filter((word) => word !== "");
	const odd = words.find((word) => !TYPES.includes(word.toUpperCase()));
	if (odd !== undefined)
		return given.refuse(
			`Unknown DCCP type \`${odd}'`,
			`The types are ${TYPES.join(", ")}.`,
			"dccp-types",
		);
	const asked = words.map((word) => word.toUpperCase());
	return {
		names: TYPES.filter((name) => asked.includes(name)),
		inverted: option.inverted,
	};
}
