/** What each rule of a chain wants of a header, as far as it can be looked up. */
import type { AddressMask, Rule } from "../../contract/ruleset.ts";
import type { Comparison } from "../../extension/traits.ts";
import { matches } from "../../matches/index.ts";
import { TCP, UDP } from "../../packet/packet.ts";
import {
	KEY_WORDS,
	MOST_INTERFACES,
	portsWord,
	type RuleKeys,
	wayWord,
} from "./rule-index.ts";

/** What a compiled rule asks of a header: `null` where nothing. */
interface AsksOfHeader {
	readonly source: AddressMask | null;
	readonly destination: AddressMask | null;
	readonly protocol: {
		readonly number: number;
		readonly inverted: boolean;
	} | null;
	/** By interface index: does it fit? */
	readonly inInterfaces: Uint8Array | null;
	readonly outInterfaces: Uint8Array | null;
}

const PORT = 0xffff;

/**
 * @param nodes those of the rules, in their order
 * @param asksForClients a client's port is not what the packet says alone: no rule is passed over by it
 */
export function keysOf(
	rules: readonly Rule[],
	nodes: readonly AsksOfHeader[],
	asksForClients = false,
): RuleKeys {
	const keys = new Int32Array(rules.length * KEY_WORDS);
	for (const [index, rule] of rules.entries())
		writeKey(
			keys,
			index * KEY_WORDS,
			{ rule, node: nodes[index] as AsksOfHeader },
			asksForClients,
		);
	return keys;
}

function writeKey(
	keys: RuleKeys,
	at: number,
	{ rule, node }: { readonly rule: Rule; readonly node: AsksOfHeader },
	asksForClients: boolean,
): void {
	const { source, destination, protocol } = node;
	if (source !== null && !source.inverted) {
		keys[at] = source.mask;
		keys[at + 4] = source.address;
	}
	if (destination !== null && !destination.inverted) {
		keys[at + 1] = destination.mask;
		keys[at + 5] = destination.address;
	}
	const isPlain = protocol !== null && !protocol.inverted;
	const number = isPlain ? protocol.number : 0;
	const [inside, outside] = [
		onlyOne(node.inInterfaces),
		onlyOne(node.outInterfaces),
	];
	keys[at + 3] = wayWord(
		isPlain ? 0xff : 0,
		inside === null ? 0 : MOST_INTERFACES,
		outside === null ? 0 : MOST_INTERFACES,
	);
	keys[at + 7] = wayWord(number, inside ?? 0, outside ?? 0);
	if (number !== TCP && number !== UDP) return;
	const [from, to] = [
		asksForClients ? null : onlyPort(rule, "sourcePort"),
		onlyPort(rule, "destinationPort"),
	];
	keys[at + 2] = portsWord(from === null ? 0 : PORT, to === null ? 0 : PORT);
	keys[at + 6] = portsWord(from ?? 0, to ?? 0);
}

/** The one interface that fits; `null`: none or several do, or its index has no room in a key. */
function onlyOne(fitting: Uint8Array | null): number | null {
	if (fitting === null || fitting.length > MOST_INTERFACES) return null;
	const first = fitting.indexOf(1);
	return first < 0 || fitting.includes(1, first + 1) ? null : first;
}

/** The one port that the rule wants before it asks for anything that reading headers does not answer. */
function onlyPort(
	{ matches: uses, asWritten }: Rule,
	field: "sourcePort" | "destinationPort",
): number | null {
	if (asWritten !== undefined) return null;
	for (const { name, options } of uses) {
		const match = matches.get(name);
		if (match?.alwaysMatches) continue;
		if (!match?.readsHeadersAlone) return null;
		for (const comparison of match.compares?.(options) ?? []) {
			const port = onlyValue(comparison, field);
			if (port !== null) return port;
		}
	}
	return null;
}

function onlyValue(
	{ fields, ranges, inverted }: Comparison,
	field: Comparison["fields"][number],
): number | null {
	const [range] = ranges;
	if (inverted || fields.length !== 1 || fields[0] !== field) return null;
	if (range === undefined || ranges.length !== 1) return null;
	return range[0] === range[1] ? range[0] : null;
}
