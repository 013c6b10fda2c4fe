import { defineMatch } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import {
	olderFlag,
	olderOption,
	onlyOnce,
} from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import { scanUnsigned } from "../extension/values/read-number.ts";
import { TCP } from "../packet/packet.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { packetOctets } from "./shared/packet-octets.ts";

const LAYERS = [3, 4, 5, 7] as const;

interface Options {
	readonly layer: (typeof LAYERS)[number];
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

const LENGTH = olderOption("length");
const MOST = 0xffffffff;
const IP_HEADER = 20;
const DCCP = 33;
const SCTP = 132;
/** Octets of the headers that have one length, by protocol (`xtlength_layer5`). */
const HEADERS: ReadonlyMap<number, number> = new Map([
	[1, 8],
	[17, 8],
	[50, 8],
	[51, 12],
	[SCTP, 12],
	[136, 8],
]);

/**
 * The length of a packet, or of what it carries (xtables-addons 3.23: libxt_length2.c, xt_length2.c). Behind
 * `--layer5` and `--layer7` a protocol that the module does not know never matches, inverted or not.
 */
export const length2 = defineMatch<Options>({
	name: "length2",
	flagCodes: { layer3: "3", layer4: "4", layer5: "5", layer7: "7" },
	library: { package: "xtables-addons" },
	options: [...LAYERS.map((layer) => olderFlag(`layer${layer}`)), LENGTH],
	build(given) {
		onlyOnce(given, "length", LENGTH);
		const layers = LAYERS.flatMap((layer) =>
			given.all(`layer${layer}`, "none").map(() => layer),
		);
		if (layers.length > 1)
			return given.refuse(
				'length: "--layer*" option may only be specified once',
				"Take all but one of them away.",
			);
		const length = given.get("length", "string");
		if (length === undefined)
			return given.refuse(
				'length: You must specify "--length"',
				"Say `--length 100` or `--length 100:200`.",
			);
		const { text, inverted } = length;
		return { layer: layers[0] ?? 3, ...readRange(given, text), inverted };
	},
	// Blanks as the library has them.
	print: ({ layer, min, max, inverted }) =>
		` --layer${layer} ${inverted ? " !" : ""} --length ${min === max ? min : `${min}:${max}`} `,
	/** `length2_mt` */
	compile({ layer, min, max, inverted }, ports) {
		return (skb) => {
			const length = lengthOf(skb, layer, ports);
			if (length === null) return false;
			return (length >= min && length <= max) !== inverted;
		};
	},
});

function readRange(
	given: GivenOptions,
	text: string,
): Pick<Options, "min" | "max"> {
	const first = scanUnsigned(text, 0);
	const second =
		first.end >= 0 && text[first.end] === ":"
			? scanUnsigned(text, first.end + 1)
			: first;
	if (second.end !== text.length || first.value > MOST || second.value > MOST)
		return given.refuse(
			`length: Bad value for "--length" option: "${text}"`,
			"Write a number of octets, or two with `:` between them.",
			"length",
		);
	return { min: first.value, max: second.value };
}

/** `null`: there is none, and the match does not hold. */
function lengthOf(
	skb: Skb,
	layer: Options["layer"],
	ports: ExtensionHost,
): number | null {
	const { protocol, length } = skb;
	if (layer === 3) return length;
	const carried = length - IP_HEADER;
	if (layer === 4) return carried;
	if (skb.fragment !== null)
		return ports.unknown("length2 of what a fragment carries");
	if (protocol === TCP) {
		const octets = packetOctets(skb, ports);
		return carried - ((octets[IP_HEADER + 12] ?? 0) >> 4) * 4;
	}
	if (protocol === DCCP || (protocol === SCTP && layer === 7))
		return ports.unknown(`length2 --layer${layer} of protocol ${protocol}`);
	const header = HEADERS.get(protocol);
	return header === undefined ? null : (carried - header) >>> 0;
}
