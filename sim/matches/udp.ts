import { allOf } from "../extension/all-of.ts";
import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { UDP } from "../packet/packet.ts";
import {
	ANY_PORT,
	isAnyPort,
	type PortRange,
	type PortsAsked,
	portComparisons,
	portOctets,
	portsInNfTables,
	portsReadAsOne,
	portTests,
	printPorts,
} from "./shared/port-range.ts";

/** UDP's ports (iptables 1.8.9 libxt_udp.c, kernel 6.1 xt_tcpudp.c). */
export const udp = defineMatch<PortsAsked>({
	name: "udp",
	onFragments: "needs-header",
	octetsRead: ({ source, destination }) => portOctets(source, destination),
	protocols: [UDP],
	options: [
		{ name: "source-port", type: "portRange", invertible: true },
		{
			name: "sport",
			type: "portRange",
			invertible: true,
			sameAs: "source-port",
		},
		{ name: "destination-port", type: "portRange", invertible: true },
		{
			name: "dport",
			type: "portRange",
			invertible: true,
			sameAs: "destination-port",
		},
	],
	build: (given) => ({
		source: portRange(given, "source-port"),
		destination: portRange(given, "destination-port"),
	}),
	print: ({ source, destination }, _header, behaviour) =>
		printPorts("sport", source, behaviour) +
		printPorts("dport", destination, behaviour),
	inNfTables(options, behaviour) {
		if (asksNothing(options)) return options;
		const asked = portsInNfTables(options, behaviour);
		return asksNothing(asked) ? null : asked;
	},
	readAsOne: (first, then, { twoMatches }) =>
		(asksNothing(first) && twoMatches !== "are read into the first") ||
		asksNothing(then)
			? null
			: portsReadAsOne(first, then),
	readsHeadersAlone: true,
	compares: portComparisons,
	comparesAll: ({ isEither }) => isEither === undefined,
	compile: (options, ports, { name }) => allOf(portTests(options, ports, name)),
});

/** It stays a match of xtables then (`udp_all_zero`, iptables/nft.c). */
const asksNothing = ({ source, destination }: PortsAsked): boolean =>
	isAnyPort(source) && isAnyPort(destination);

/** A range whose ends are the wrong way round is accepted, and matches nothing. */
function portRange(given: GivenOptions, option: string): PortRange {
	const range = given.get(option, "portRange");
	if (!range) return ANY_PORT;
	const [min, max] = range.value;
	return { min, max, inverted: range.inverted };
}
