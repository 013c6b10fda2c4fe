import { defineMatch } from "../extension/extension.ts";
import type { GivenOption, GivenOptions } from "../extension/options.ts";
import { protocolName } from "../extension/values/names.ts";
import { AH, ESP } from "../kernel.ts";
import { formatAddress, prefixLength } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

interface Tested<T> {
	readonly value: T;
	readonly inverted: boolean;
}

interface Network {
	readonly address: Address;
	readonly mask: Address;
}

/** One transformation of a policy; in the order of iptables-save. */
interface Element {
	readonly reqid?: Tested<number>;
	readonly spi?: Tested<number>;
	readonly proto?: Tested<number>;
	readonly mode?: Tested<"transport" | "tunnel">;
	readonly "tunnel-dst"?: Tested<Network>;
	readonly "tunnel-src"?: Tested<Network>;
}

interface Options {
	readonly direction: "in" | "out";
	readonly none: boolean;
	readonly strict: boolean;
	readonly elements: readonly Element[];
}

/** XT_POLICY_MAX_ELEM (include/uapi/linux/netfilter/xt_policy.h, 6.1). */
const MOST_ELEMENTS = 4;

const IPCOMP = 108;

/** The options that describe an element, and may come again behind `--next`. */
const PARTS = [
	["reqid", "uint32"],
	["spi", "uint32"],
	["tunnel-src", "hostMask"],
	["tunnel-dst", "hostMask"],
	["proto", "protocol"],
	["mode", "string"],
] as const;
type PartName = (typeof PARTS)[number][0];

/** What IPsec did, or will do (iptables 1.8.9 libxt_policy.c, kernel 6.1 xt_policy.c). */
export const policy = defineMatch<Options>({
	name: "policy",
	flagCodes: { strict: 2, next: 9 },
	options: [
		{ name: "dir", type: "string" },
		{ name: "pol", type: "string" },
		{ name: "strict", type: "none" },
		...PARTS.map(([name, type]) => ({
			name,
			type,
			repeatable: true,
			invertible: true,
		})),
		{ name: "next", type: "none", repeatable: true, requires: ["strict"] },
	],
	checkFirst(given) {
		if (!given.has("dir")) refuseNoDirection(given);
	},
	build(given) {
		const direction = given.get("dir", "string")?.text;
		const kind = given.get("pol", "string")?.text ?? "ipsec";
		const strict = given.has("strict");
		if (direction !== undefined && direction !== "in" && direction !== "out")
			return given.refuse(
				`policy_match: invalid dir "${direction}"`,
				"The directions are `in` and `out`.",
				"dir",
			);
		if (kind !== "none" && kind !== "ipsec")
			return given.refuse(
				`policy match: invalid policy "${kind}"`,
				"The policies are `none` and `ipsec`.",
				"pol",
			);
		const elements = readElements(given);
		if (direction === undefined) return refuseNoDirection(given);
		if (kind === "none" && strict)
			return given.refuseAtEnd(
				"policy match: policy none but --strict given",
				"Take `--strict` away.",
				"strict",
			);
		if (kind === "none") return { direction, none: true, strict, elements: [] };
		checkElements(given, elements, strict);
		return { direction, none: false, strict, elements };
	},
	print({ direction, none, strict, elements }) {
		const flags = ` --dir ${direction} --pol ${none ? "none" : "ipsec"}${strict ? " --strict" : ""}`;
		return flags + elements.map(printElement).join(" --next");
	},
	check({ direction }, { hooks }) {
		const reached = (...names: readonly string[]) =>
			hooks.some((hook) => names.includes(hook));
		if (direction === "out" && reached("PREROUTING", "INPUT"))
			return "xt_policy: output policy not valid in PREROUTING and INPUT";
		if (direction === "in" && reached("POSTROUTING", "OUTPUT"))
			return "xt_policy: input policy not valid in POSTROUTING and OUTPUT";
		return null;
	},
	question: () => ({
		kind: "open",
		on: "the policies of IPsec",
		isUnknown: true,
	}),
	/** The gateway has no IPsec: no packet came through a policy or goes through one (`policy_mt`, 6.1). */
	compile:
		({ none }) =>
		() =>
			none,
});

function refuseNoDirection(given: GivenOptions): never {
	return given.refuse(
		"policy match: neither --dir in nor --dir out specified",
		"Say which way: `--dir in`.",
	);
}

/** Sorts the parts by their places between the `--next`s. */
function readElements(given: GivenOptions): readonly Element[] {
	const ends = given.all("next", "none").map(({ word }) => word);
	if (ends.length >= MOST_ELEMENTS)
		return given.refuse(
			"policy match: maximum policy depth reached",
			`A policy has at most ${MOST_ELEMENTS} elements.`,
			"next",
		);
	const elements = Array.from(
		{ length: ends.length + 1 },
		(): Record<string, Tested<unknown>> => ({}),
	);
	for (const [name, type] of PARTS) {
		for (const option of given.all(name, type)) {
			const element =
				elements[ends.filter((end) => end < option.word).length] ?? {};
			if (element[name])
				return given.refuse(
					`policy match: double --${name} option`,
					"Write `--next` between the elements.",
					name,
				);
			element[name] = {
				value: partValue(given, name, option),
				inverted: option.inverted,
			};
		}
	}
	return elements as readonly Element[];
}

function partValue(
	given: GivenOptions,
	name: PartName,
	{ value, text }: Pick<GivenOption, "value" | "text">,
): unknown {
	if (name === "tunnel-src" || name === "tunnel-dst")
		return (value as readonly Network[])[0];
	if (name === "proto" && value !== AH && value !== ESP && value !== IPCOMP)
		return given.refuse(
			"policy match: protocol must be ah/esp/ipcomp",
			"Write `ah`, `esp` or `ipcomp`.",
			name,
		);
	if (name === "mode" && text !== "transport" && text !== "tunnel")
		return given.refuse(
			`policy match: invalid mode "${text}"`,
			"The modes are `transport` and `tunnel`.",
			name,
		);
	return value;
}

function checkElements(
	given: GivenOptions,
	elements: readonly Element[],
	strict: boolean,
): void {
	for (const [index, element] of elements.entries()) {
		if (strict && Object.keys(element).length === 0)
			given.refuseAtEnd(
				`policy match: empty policy element ${index}. --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.`,
				"Describe each element, or take `--strict` away.",
				"strict",
			);
		const { mode } = element;
		const isTunnel = mode ? (mode.value === "tunnel") !== mode.inverted : false;
		if ((element["tunnel-src"] || element["tunnel-dst"]) && !isTunnel)
			given.refuse(
				"policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode",
				"Add `--mode tunnel`.",
			);
	}
}

function printElement(element: Element): string {
	const { reqid, spi, proto, mode } = element;
	const source = element["tunnel-src"];
	const destination = element["tunnel-dst"];
	const part = <T>(
		name: PartName,
		tested: Tested<T> | undefined,
		print: (value: T) => string,
	) =>
		tested
			? `${tested.inverted ? " !" : ""} --${name} ${print(tested.value)}`
			: "";
	return [
		part("reqid", reqid, String),
		part("spi", spi, (value) => `0x${value.toString(16)}`),
		part("proto", proto, (value) => protocolName(value) ?? `${value}`),
		part("mode", mode, String),
		part("tunnel-dst", destination, printNetwork),
		part("tunnel-src", source, printNetwork),
	].join("");
}

function printNetwork({ address, mask }: Network): string {
	const length = prefixLength(mask);
	if (length === 32) return formatAddress(address);
	return `${formatAddress(address)}/${length ?? formatAddress(mask)}`;
}
