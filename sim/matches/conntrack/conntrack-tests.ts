import { IPS_DST_NAT, IPS_SRC_NAT } from "../../conntrack/table/status.ts";
import { comparesNetwork, comparesPorts } from "../../extension/comparisons.ts";
import type { Test } from "../../extension/extension.ts";
import type { ExtensionHost } from "../../extension/host.ts";
import type { Comparison } from "../../extension/traits.ts";
import { invariant } from "../../invariant.ts";
import { CTINFO_IS_REPLY, NO_ENTRY, type Skb } from "../../packet/skb/skb.ts";
import {
	ADDRESSES,
	type AddressOption,
	type Bits,
	type ConntrackOptions,
	isEmpty,
	type PortOption,
} from "./conntrack-options.ts";
import { STATE_DNAT, STATE_SNAT, stateBit } from "./ct-states.ts";

/** The test of `--ctstate`. */
export function compileState(
	{ bits, inverted }: Bits,
	ports: ExtensionHost,
): Test {
	const wanted = !inverted;
	if ((bits & (STATE_SNAT | STATE_DNAT)) === 0)
		return (skb) => ((stateBit(skb) & bits) !== 0) === wanted;
	return (skb) => {
		const found = stateBit(skb) | translatedBits(skb, ports);
		return ((found & bits) !== 0) === wanted;
	};
}

/** SNAT and DNAT, where the connection of a packet is translated. */
export function translatedBits(
	{ entry }: Skb,
	{ conntrack }: Pick<ExtensionHost, "conntrack">,
): number {
	if (entry === NO_ENTRY) return 0;
	const status = conntrack.status(entry);
	const source = status & IPS_SRC_NAT ? STATE_SNAT : 0;
	const destination = status & IPS_DST_NAT ? STATE_DNAT : 0;
	return source | destination;
}

/** Is anything asked of the entry itself? */
export const hasEntryTests = (options: ConntrackOptions): boolean =>
	Object.entries(options).some(
		([name, value]) => name !== "ctstate" && value !== null && !isEmpty(value),
	);

/** What is asked of the entry, in the kernel's order; each is called with an entry at hand. */
export function entryTests(
	options: ConntrackOptions,
	{ conntrack }: ExtensionHost,
): Test[] {
	const { ctdir, ctproto, ctstatus, ctexpire } = options;
	const tests: Test[] = [];
	if (ctdir) {
		const reply = ctdir === "REPLY";
		tests.push((skb) => skb.ctinfo >= CTINFO_IS_REPLY === reply);
	}
	for (const { option, address, mask, inverted } of options.addresses) {
		const { side, end } = placeOf(option);
		tests.push(
			(skb) =>
				(((conntrack[end](skb.entry, side) ^ address) & mask) === 0) !==
				inverted,
		);
	}
	if (ctproto) {
		const { number, inverted } = ctproto;
		tests.push(
			(skb) => (conntrack.protocol(skb.entry) === number) !== inverted,
		);
	}
	for (const { option, min, max, inverted } of options.ports) {
		const { side, end } = placeOf(option);
		const read = `${end}Port` as const;
		tests.push((skb) => {
			const port = conntrack[read](skb.entry, side);
			return (port >= min && port <= max) !== inverted;
		});
	}
	if (ctstatus) {
		const { bits, inverted } = ctstatus;
		tests.push(
			(skb) => ((conntrack.status(skb.entry) & bits) !== 0) !== inverted,
		);
	}
	if (ctexpire) {
		const { min, max, inverted } = ctexpire;
		tests.push((skb) => {
			const seconds = conntrack.remainingSeconds(skb.entry);
			return (seconds >= min && seconds <= max) !== inverted;
		});
	}
	return tests;
}

/** The part of the tuples that an option asks for. */
function placeOf(option: AddressOption | PortOption) {
	const place = ADDRESSES.find(
		([name]) => name === option || `${name}port` === option,
	);
	invariant(place !== undefined, `conntrack has no option ${option}`);
	const [, side, end] = place;
	return { side, end };
}

/**
 * The original tuple of a connection is what the header of its first packet had before any NAT, so
 * `--ctorigsrc` and the like compare that, also where the packet was given another destination since. A
 * packet without an entry is compared with nothing, and `--ctstate INVALID,UNTRACKED` lets it pass.
 */
export const comparisonsOfFirst = ({
	addresses,
	ports,
}: ConntrackOptions): readonly Comparison[] => [
	...addresses.flatMap((network) => {
		const { side, end } = placeOf(network.option);
		return side === "original" ? comparesNetwork(end, network) : [];
	}),
	...ports.flatMap((range) => {
		const { side, end } = placeOf(range.option);
		return side === "original" ? comparesPorts(`${end}Port`, range) : [];
	}),
];
