import {
	IPS_ASSURED,
	IPS_CONFIRMED,
	IPS_DST_NAT,
	IPS_EXPECTED,
	IPS_SEEN_REPLY,
	IPS_SRC_NAT,
} from "../conntrack/status.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import type { Direction, RouterPorts } from "../extension/ports.ts";
import { formatAddress, prefixLength } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";
import { CTINFO_IS_REPLY, NO_ENTRY } from "../packet/skb.ts";
import { allOf } from "./all-of.ts";
import {
	printStates,
	readNames,
	refuseList,
	STATE_DNAT,
	STATE_SNAT,
	STATES,
	stateBit,
} from "./ct-states.ts";

interface Bits {
	readonly bits: number;
	readonly inverted: boolean;
}

interface Range {
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

interface Network {
	readonly address: Address;
	readonly mask: Address;
	readonly inverted: boolean;
}

type AddressOption = "ctorigsrc" | "ctorigdst" | "ctreplsrc" | "ctrepldst";
type PortOption = `${AddressOption}port`;

interface Options {
	readonly ctstate: Bits | null;
	readonly ctproto: {
		readonly number: number;
		readonly inverted: boolean;
	} | null;
	/** In the order of `ADDRESSES`; only those that were given. */
	readonly addresses: readonly (Network & { readonly option: AddressOption })[];
	readonly ports: readonly (Range & { readonly option: PortOption })[];
	readonly ctstatus: Bits | null;
	readonly ctexpire: Range | null;
	readonly ctdir: "ORIGINAL" | "REPLY" | null;
}

/** In the order of iptables-save, with the part of the tuples that each asks for. */
const ADDRESSES: readonly (readonly [
	option: AddressOption,
	direction: Direction,
	end: "source" | "destination",
])[] = [
	["ctorigsrc", "original", "source"],
	["ctorigdst", "original", "destination"],
	["ctreplsrc", "reply", "source"],
	["ctrepldst", "reply", "destination"],
];

const CTSTATES = [
	...STATES,
	["SNAT", STATE_SNAT],
	["DNAT", STATE_DNAT],
] as const;

const STATUSES: readonly (readonly [name: string, bit: number])[] = [
	["NONE", 0],
	["EXPECTED", IPS_EXPECTED],
	["SEEN_REPLY", IPS_SEEN_REPLY],
	["ASSURED", IPS_ASSURED],
	["CONFIRMED", IPS_CONFIRMED],
];

/** What conntrack knows of a packet (iptables 1.8.9 libxt_conntrack.c, kernel 6.1 xt_conntrack.c, revision 3). */
export const conntrack = defineMatch<Options>({
	name: "conntrack",
	needsConntrack: true,
	options: [
		{ name: "ctstate", type: "string", invertible: true },
		{ name: "ctproto", type: "protocol", invertible: true },
		{ name: "ctorigsrc", type: "hostMask", invertible: true },
		{ name: "ctorigdst", type: "hostMask", invertible: true },
		{ name: "ctreplsrc", type: "hostMask", invertible: true },
		{ name: "ctrepldst", type: "hostMask", invertible: true },
		{ name: "ctstatus", type: "string", invertible: true },
		{ name: "ctexpire", type: "uint32Range", invertible: true },
		{ name: "ctorigsrcport", type: "portRange", invertible: true },
		{ name: "ctorigdstport", type: "portRange", invertible: true },
		{ name: "ctreplsrcport", type: "portRange", invertible: true },
		{ name: "ctrepldstport", type: "portRange", invertible: true },
		{ name: "ctdir", type: "string" },
	],
	build(given) {
		const protocol = given.get("ctproto", "protocol");
		const expire = given.get("ctexpire", "uint32Range");
		const options: Options = {
			ctstate: bits(given, "ctstate", CTSTATES),
			ctproto: protocol
				? { number: protocol.value, inverted: protocol.inverted }
				: null,
			addresses: networks(given),
			ports: portRanges(given),
			ctstatus: bits(given, "ctstatus", STATUSES),
			ctexpire: expire
				? {
						min: expire.value[0],
						max: expire.value[1],
						inverted: expire.inverted,
					}
				: null,
			ctdir: direction(given),
		};
		if (
			Object.values(options).every((value) => value === null || isEmpty(value))
		)
			return given.refuse(
				"conntrack: At least one option is required",
				"Say what conntrack should know: `--ctstate NEW`.",
			);
		return options;
	},
	print({ ctstate, ctproto, addresses, ports, ctstatus, ctexpire, ctdir }) {
		const words: string[] = [];
		if (ctstate)
			words.push(`${not(ctstate)} --ctstate ${printStates(ctstate.bits)}`);
		if (ctproto) words.push(`${not(ctproto)} --ctproto ${ctproto.number}`);
		for (const { option, ...network } of addresses)
			words.push(`${not(network)} --${option} ${printNetwork(network)}`);
		for (const { option, ...range } of ports)
			words.push(`${not(range)} --${option} ${printRange(range, true)}`);
		if (ctstatus)
			words.push(`${not(ctstatus)} --ctstatus ${printStatus(ctstatus.bits)}`);
		if (ctexpire)
			words.push(`${not(ctexpire)} --ctexpire ${printRange(ctexpire, false)}`);
		if (ctdir) words.push(` --ctdir ${ctdir}`);
		return words.join("");
	},
	compile(options, ports) {
		const tests: Test[] = [];
		const { ctstate } = options;
		if (ctstate) tests.push(compileState(ctstate, ports));
		const ofEntry = allOf(entryTests(options, ports));
		// Without an entry only the state counts, and nothing else can match.
		const matchesNoEntry = ctstate !== null;
		if (tests.length === 0 || hasEntryTests(options))
			tests.push((skb) =>
				skb.entry === NO_ENTRY ? matchesNoEntry : ofEntry(skb),
			);
		return allOf(tests);
	},
});

const isEmpty = (value: object | string): boolean =>
	Array.isArray(value) && value.length === 0;

const not = ({ inverted }: { readonly inverted: boolean }): string =>
	inverted ? " !" : "";

function bits(
	given: GivenOptions,
	option: string,
	names: readonly (readonly [name: string, bit: number])[],
): Bits | null {
	const list = given.get(option, "string");
	if (!list) return null;
	const refuse = (rest: string) => refuseList(given, option, rest, names);
	return {
		bits: readNames(list.text, names, refuse),
		inverted: list.inverted,
	};
}

function networks(given: GivenOptions): Options["addresses"] {
	return ADDRESSES.flatMap(([option]) => {
		const network = given.get(option, "hostMask");
		const [first] = network?.value ?? [];
		if (!network || !first) return [];
		return [{ option, ...first, inverted: network.inverted }];
	});
}

function portRanges(given: GivenOptions): Options["ports"] {
	return ADDRESSES.flatMap(([address]) => {
		const option: PortOption = `${address}port`;
		const range = given.get(option, "portRange");
		if (!range) return [];
		const [min, max] = range.value;
		return [{ option, min, max, inverted: range.inverted }];
	});
}

function direction(given: GivenOptions): Options["ctdir"] {
	const option = given.get("ctdir", "string");
	if (!option) return null;
	const name = option.text.toUpperCase();
	if (name === "ORIGINAL" || name === "REPLY") return name;
	return given.refuse(
		`conntrack: Bad value for "--ctdir" option: "${option.text}"`,
		"The directions are ORIGINAL and REPLY.",
		"ctdir",
	);
}

function printNetwork({ address, mask }: Omit<Network, "inverted">): string {
	const length = prefixLength(mask);
	if (length === 32) return formatAddress(address);
	return `${formatAddress(address)}/${length ?? formatAddress(mask)}`;
}

/** A range of ports that ends at 0 prints as its first port alone (`conntrack_dump_ports`). */
function printRange({ min, max }: Omit<Range, "inverted">, ofPorts: boolean) {
	return min === max || (ofPorts && max === 0) ? `${min}` : `${min}:${max}`;
}

function printStatus(status: number): string {
	if (status === 0) return "NONE";
	return STATUSES.filter(([, bit]) => status & bit)
		.map(([name]) => name)
		.join(",");
}

function compileState({ bits, inverted }: Bits, ports: RouterPorts): Test {
	const { conntrack } = ports;
	const wanted = !inverted;
	if ((bits & (STATE_SNAT | STATE_DNAT)) === 0)
		return (skb) => ((stateBit(skb) & bits) !== 0) === wanted;
	return (skb) => {
		let found = stateBit(skb);
		if (skb.entry !== NO_ENTRY) {
			const status = conntrack.status(skb.entry);
			if (status & IPS_SRC_NAT) found |= STATE_SNAT;
			if (status & IPS_DST_NAT) found |= STATE_DNAT;
		}
		return ((found & bits) !== 0) === wanted;
	};
}

const hasEntryTests = (options: Options): boolean =>
	Object.entries(options).some(
		([name, value]) => name !== "ctstate" && value !== null && !isEmpty(value),
	);

/** What is asked of the entry, in the kernel's order; each is called with an entry at hand. */
function entryTests(options: Options, { conntrack }: RouterPorts): Test[] {
	const { ctdir, ctproto, ctstatus, ctexpire } = options;
	const tests: Test[] = [];
	if (ctdir) {
		const reply = ctdir === "REPLY";
		tests.push((skb) => skb.ctinfo >= CTINFO_IS_REPLY === reply);
	}
	for (const { option, address, mask, inverted } of options.addresses) {
		const place = ADDRESSES.find(([name]) => name === option);
		if (!place) continue;
		const [, side, end] = place;
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
		const place = ADDRESSES.find(([name]) => `${name}port` === option);
		if (!place) continue;
		const [, side, end] = place;
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
