import { comparesPorts } from "../../extension/comparisons.ts";
import type { Test } from "../../extension/extension.ts";
import type { ExtensionHost } from "../../extension/host.ts";
import { inRange, madeUp } from "../../extension/made-up.ts";
import { madeUpTest } from "../../extension/made-up-test.ts";
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
	{ min, max, inverted }: PortRange,
	{ savedText }: Behaviour,
): string {
	const isSaid = inverted && savedText === "as it was given";
	if (min === 0 && max === 65535 && !isSaid) return "";
	const not = inverted ? " !" : "";
	return `${not} --${option} ${printRange(min, max)}`;
}

/** What two ranges ask for. */
export interface PortsAsked {
	readonly source: PortRange;
	readonly destination: PortRange;
	/** Both are inverted, and one of them is enough. */
	readonly isEither?: true;
}

/**
 * As iptables-nft writes both ranges in nf_tables' own terms (`add_nft_tcpudp`, `expr_gen_range_cmp16`,
 * iptables/nft.c) and reads them back (`port_match_single_to_range`, iptables/nft-shared.c).
 */
export function portsInNfTables(
	{ source, destination }: PortsAsked,
	behaviour: Behaviour,
): PortsAsked {
	const isOne = ({ min, max, inverted }: PortRange) =>
		inverted && min === max && min !== 0;
	// 1.8.9 compares both at once.
	const isEither =
		behaviour.invertedPorts === "some are not asked" &&
		isOne(source) &&
		isOne(destination);
	return {
		source: rangeInNfTables(source, behaviour),
		destination: rangeInNfTables(destination, behaviour),
		...(isEither ? { isEither } : {}),
	};
}

function rangeInNfTables(
	range: PortRange,
	{ invertedPorts }: Behaviour,
): PortRange {
	const { min, max, inverted } = range;
	if (!inverted || min !== 0 || max === 0) return range;
	if (max === 65535)
		return invertedPorts === "some are not asked" ? ANY_PORT : range;
	// A comparison with one end says the same.
	return { min: max + 1, max: 65535, inverted: false };
}

/** Reads ranges that stand in one rule one after the other: each comparison sets what it has, and a `!` stays. */
export function portsReadAsOne(
	first: PortsAsked,
	then: PortsAsked,
): PortsAsked {
	return {
		source: readOver(first.source, then.source),
		destination: readOver(first.destination, then.destination),
	};
}

function readOver(before: PortRange, { min, max, inverted }: PortRange) {
	if (min === 0 && max === 65535 && !inverted) return before;
	// Ranges from 0 or up to the last port are a comparison with one end.
	const isUpTo = min === 0 && max < 65535 && max > 0 && !inverted;
	return {
		min: isUpTo ? before.min : min,
		max,
		inverted: before.inverted || inverted,
	};
}

/** Does it ask for nothing? */
export const isAnyPort = ({ min, max, inverted }: PortRange): boolean =>
	min === 0 && max === 65535 && !inverted;

function printRange(min: number, max: number): string {
	return min === max ? `${min}` : `${min}:${max}`;
}

/**
 * Tests for what the two ranges ask; none for a range that every port is in.
 * @param rule the kernel's name of it
 */
export function portTests(
	{ source, destination, isEither }: PortsAsked,
	ports: Pick<ExtensionHost, "decide">,
	rule: string,
): Test[] {
	if (isEither)
		return [
			(skb) =>
				skb.sourcePort !== source.min ||
				skb.destinationPort !== destination.min,
		];
	const holds = ({ min, max, inverted }: PortRange) =>
		inRange(min, max, inverted);
	// One port is a service's: no client has it by chance, but where it was made up for a rule that asks for it.
	return [
		...sourceTest(source).map((test) =>
			madeUpTest(test, ports, rule, (skb, made) => {
				const { min, max } = source;
				if (min === max && skb.sourcePort !== min) return null;
				const value = madeUp.sourcePort(skb, made);
				return value && { ...value, holds: holds(source) };
			}),
		),
		...destinationTest(destination).map((test) =>
			destination.min === destination.max
				? test
				: madeUpTest(test, ports, rule, (skb, made) => {
						const value = madeUp.destinationPort(skb, made);
						return value && { ...value, holds: holds(destination) };
					}),
		),
	];
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
	isEither,
}: {
	readonly source: PortRange | null;
	readonly destination: PortRange | null;
	readonly isEither?: true;
}): readonly Comparison[] =>
	isEither
		? []
		: [
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
