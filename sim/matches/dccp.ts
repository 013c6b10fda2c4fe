import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { DCCP } from "../kernel.ts";
import { printRange } from "./sctp/sctp.ts";
import { type PortRange, portComparisons } from "./shared/port-range.ts";

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
	compile: null,
});

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
