import { comparesPorts } from "../../extension/comparisons.ts";
import type { Test } from "../../extension/extension.ts";
import type { Comparison } from "../../extension/traits.ts";
import type { Behaviour } from "../../linux/behaviour.ts";

/** `--sport` and `--dport`, as the kernel keeps them; 0 to 65535 when they were not given. */
export interface PortRange {
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

export const ANY_PORT: PortRange = { min: 0, max: 65535, inverted: false };

/** As iptables-save prints it. A range that is all ports is not printed, up to 1.8.9 not even its `!`. */
export function printPorts(
	option: string,
	ports: PortRange,
	{ savedText, ownWords }: Pick<Behaviour, "savedText" | "ownWords">,
): string {
	const { min, max, inverted } = ports;
	const isSaid = inverted && savedText === "as it was given";
	const isAll = min === 0 && max === 65535;
	if (isAll && !isSaid) return "";
	// A comparison with one end says the same.
	if (inverted && ownWords === "nf_tables" && min === 0 && max !== 0 && !isAll)
		return ` --${option} ${printRange(max + 1, 65535)}`;
	const not = inverted ? " !" : "";
	return `${not} --${option} ${printRange(min, max)}`;
}

/** Is it given to ask for something, and comes to nothing where iptables-nft writes it in nf_tables' own terms? */
export function vanishes(
	{ min, max, inverted }: PortRange,
	{ savedText }: Behaviour,
): boolean {
	return min === 0 && max === 65535 && inverted && savedText === "loses some";
}

/** Does it ask for nothing? */
export const isAnyPort = ({ min, max, inverted }: PortRange): boolean =>
	min === 0 && max === 65535 && !inverted;

function printRange(min: number, max: number): string {
	return min === max ? `${min}` : `${min}:${max}`;
}

/** Tests for what the two ranges ask; none for a range that every port is in. */
export function portTests(source: PortRange, destination: PortRange): Test[] {
	return [...sourceTest(source), ...destinationTest(destination)];
}

/** Octets up to the last port that one of the ranges asks for; 0 where neither does. */
export function portOctets(source: PortRange, destination: PortRange): number {
	const isAny = ({ min, max }: PortRange) => min === 0 && max === 65535;
	return isAny(destination) ? (isAny(source) ? 0 : 2) : 4;
}

/** What the two ranges compare; `null` where none was given. */
export const portComparisons = ({
	source,
	destination,
}: {
	readonly source: PortRange | null;
	readonly destination: PortRange | null;
}): readonly Comparison[] => [
	...(source ? comparesPorts("sourcePort", source) : []),
	...(destination ? comparesPorts("destinationPort", destination) : []),
];

/** Is a port that stands among octets what the range asks for? */
export function isIn(port: number, { min, max, inverted }: PortRange): boolean {
	return (port >= min && port <= max) !== inverted;
}

// The two are not one function with an accessor: the port is read in the innermost loop.

function sourceTest({ min, max, inverted }: PortRange): Test[] {
	if (min === max)
		return [
			inverted
				? (skb) => skb.sourcePort !== min
				: (skb) => skb.sourcePort === min,
		];
	if (inverted) return [(skb) => skb.sourcePort < min || skb.sourcePort > max];
	if (min === 0 && max === 65535) return [];
	return [(skb) => skb.sourcePort >= min && skb.sourcePort <= max];
}

function destinationTest({ min, max, inverted }: PortRange): Test[] {
	if (min === max)
		return [
			inverted
				? (skb) => skb.destinationPort !== min
				: (skb) => skb.destinationPort === min,
		];
	if (inverted)
		return [(skb) => skb.destinationPort < min || skb.destinationPort > max];
	if (min === 0 && max === 65535) return [];
	return [(skb) => skb.destinationPort >= min && skb.destinationPort <= max];
}
