import { allOf } from "../extension/all-of.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import type { AddressType, ExtensionHost } from "../extension/host.ts";
import type { GivenOptions } from "../extension/options.ts";

/** In the order of include/uapi/linux/rtnetlink.h; no address is ever of the last three types. */
const TYPES: readonly (AddressType | "THROW" | "NAT" | "XRESOLVE")[] = [
	"UNSPEC",
	"UNICAST",
	"LOCAL",
	"BROADCAST",
	"ANYCAST",
	"MULTICAST",
	"BLACKHOLE",
	"UNREACHABLE",
	"PROHIBIT",
	"THROW",
	"NAT",
	"XRESOLVE",
];

interface TypeTest {
	/** A bit for each of `TYPES`. */
	readonly types: number;
	readonly inverted: boolean;
}

interface Options {
	readonly source: TypeTest | null;
	readonly destination: TypeTest | null;
	readonly limitIn: boolean;
	readonly limitOut: boolean;
}

/** What the routing tables say of an address (iptables 1.8.9 libxt_addrtype.c, kernel 6.1 xt_addrtype.c, revision 1). */
export const addrtype = defineMatch<Options>({
	name: "addrtype",
	flagCodes: { "limit-iface-in": 2, "limit-iface-out": 3 },
	options: [
		{ name: "src-type", type: "string", invertible: true },
		{ name: "dst-type", type: "string", invertible: true },
		{ name: "limit-iface-in", type: "none", excludes: ["limit-iface-out"] },
		{ name: "limit-iface-out", type: "none", excludes: ["limit-iface-in"] },
	],
	checkFirst(given) {
		if (!given.has("src-type") && !given.has("dst-type"))
			given.refuse(
				"addrtype: you must specify --src-type or --dst-type",
				"Say what the address should be: `--dst-type LOCAL`.",
			);
	},
	build(given) {
		return {
			source: readTypes(given, "src-type"),
			destination: readTypes(given, "dst-type"),
			limitIn: given.has("limit-iface-in"),
			limitOut: given.has("limit-iface-out"),
		};
	},
	print: textOf,
	check({ limitIn, limitOut }, { hooks }) {
		const reached = (...names: readonly string[]) =>
			hooks.some((hook) => names.includes(hook));
		if (limitIn && limitOut)
			return "xt_addrtype: both incoming and outgoing interface limitation cannot be selected";
		if (limitOut && reached("PREROUTING", "INPUT"))
			return "xt_addrtype: output interface limitation not valid in PREROUTING and INPUT";
		if (limitIn && reached("POSTROUTING", "OUTPUT"))
			return "xt_addrtype: input interface limitation not valid in POSTROUTING and OUTPUT";
		return null;
	},
	asksForOwnDestination: ({ destination }) =>
		destination?.types === 1 << TYPES.indexOf("LOCAL") && !destination.inverted,
	// Addresses of the gateway's own are told from all others. Of other types are addresses that no host has.
	ofAnyPacket(options, { ask }) {
		const { source, destination } = options;
		if (isOwn(source) && isOwn(destination)) return null;
		const text = textOf(options);
		return (skb) => ask(`match -m addrtype${text}`, skb);
	},
	compile({ source, destination, limitIn, limitOut }, ports) {
		const from: (skb: Parameters<Test>[0]) => number = limitIn
			? (skb) => skb.inInterface
			: limitOut
				? (skb) => skb.outInterface
				: () => 0;
		const tests: Test[] = [];
		if (source) {
			const isOf = typeTest(source, ports);
			tests.push((skb) => isOf(skb.source, from(skb)));
		}
		if (destination) {
			const isOf = typeTest(destination, ports);
			tests.push((skb) => isOf(skb.destination, from(skb)));
		}
		return allOf(tests);
	},
});

function textOf({ source, destination, limitIn, limitOut }: Options): string {
	const limits = `${limitIn ? " --limit-iface-in" : ""}${limitOut ? " --limit-iface-out" : ""}`;
	return (
		printTypes("src-type", source) +
		printTypes("dst-type", destination) +
		limits
	);
}

function isOwn(test: TypeTest | null): boolean {
	return test === null || test.types === 1 << TYPES.indexOf("LOCAL");
}

/** The beginning of a name is enough, in either case; "U" is UNSPEC. */
function readTypes(given: GivenOptions, option: string): TypeTest | null {
	const list = given.get(option, "string");
	if (!list) return null;
	let types = 0;
	let rest = list.text;
	for (const word of list.text.split(",")) {
		const upper = word.toUpperCase();
		const bit = TYPES.findIndex((name) => name.startsWith(upper));
		if (word === "" || bit < 0)
			return given.refuse(
				rest.includes(",")
					? `addrtype: bad type \`${rest}'`
					: `addrtype: bad type "${rest}"`,
				`Separate the types by commas alone; they are ${TYPES.slice(0, 9).join(", ")}.`,
				option,
			);
		types |= 1 << bit;
		rest = rest.slice(word.length + 1);
	}
	return { types, inverted: list.inverted };
}

function printTypes(option: string, test: TypeTest | null): string {
	if (!test) return "";
	const names = TYPES.filter((_, bit) => test.types & (1 << bit)).join(",");
	return `${test.inverted ? " !" : ""} --${option} ${names}`;
}

function typeTest({ types, inverted }: TypeTest, ports: ExtensionHost) {
	const wanted = new Set<string>(TYPES.filter((_, bit) => types & (1 << bit)));
	return (address: number, interfaceIndex: number): boolean =>
		wanted.has(ports.addressType(address, interfaceIndex)) !== inverted;
}
