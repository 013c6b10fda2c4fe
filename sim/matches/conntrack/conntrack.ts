import {
	IPS_ASSURED,
	IPS_CONFIRMED,
	IPS_EXPECTED,
	IPS_SEEN_REPLY,
} from "../../conntrack/table/status.ts";
import { allOf } from "../../extension/all-of.ts";
import { defineMatch, type Test } from "../../extension/extension.ts";
import { connectionOf, type ExtensionHost } from "../../extension/host.ts";
import type { GivenOptions } from "../../extension/options.ts";
import { formatAddress, prefixLength } from "../../packet/address.ts";
import { NO_ENTRY } from "../../packet/skb/skb.ts";
import { stateOfAny } from "./any-state.ts";
import {
	ADDRESSES,
	type Bits,
	type ConntrackOptions,
	isEmpty,
	type Network,
	type PortOption,
	type Range,
} from "./conntrack-options.ts";
import {
	comparisonsOfFirst,
	compileState,
	entryTests,
	hasEntryTests,
} from "./conntrack-tests.ts";
import {
	printStates,
	readNames,
	refuseList,
	STATE_DNAT,
	STATE_SNAT,
	STATES,
} from "./ct-states.ts";

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
export const conntrack = defineMatch<ConntrackOptions>({
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
		const status = given.get("ctstatus", "string");
		if (protocol?.value === 0 && given.behaviour.emptyRanges === "refused")
			return given.refuse(
				protocol.inverted
					? "conntrack: condition would always match protocol"
					: "conntrack: rule would never match protocol",
				"Name the protocol, or leave the option out.",
				"ctproto",
			);
		// Up to 1.8.9 it means to look for `! --ctproto`, and looks at the bit of `! --ctstatus`.
		if (
			protocol?.value === 0 &&
			status?.inverted &&
			status.word < protocol.word
		)
			return given.refuse(
				"conntrack: rule would never match protocol",
				"Write `--ctproto` in front of `--ctstatus`.",
				"ctproto",
			);
		const options: ConntrackOptions = {
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
	print: printAsked,
	compares: comparisonsOfFirst,
	ofAnyPacket(options, any) {
		const { ctstate, ctstatus, ctexpire, ctdir } = options;
		const tests: Test[] = ctstate === null ? [] : [stateOfAny(ctstate, any)];
		const ofOthers = { ...NOTHING, ctstatus, ctexpire, ctdir };
		if (hasEntryTests(ofOthers)) {
			const fact = `match -m conntrack${printAsked(ofOthers)}`;
			tests.push((skb) => any.ask(fact, skb));
		}
		const told = { ...options, ctstatus: null, ctexpire: null, ctdir: null };
		if (hasEntryTests(told)) {
			const ofEntry = compileAsked({ ...told, ctstate: null }, any.ports);
			tests.push(ofEntry);
		}
		return allOf(tests);
	},
	compile: compileAsked,
});

function printAsked({
	ctstate,
	ctproto,
	addresses,
	ports,
	ctstatus,
	ctexpire,
	ctdir,
}: ConntrackOptions): string {
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
}

function compileAsked(options: ConntrackOptions, ports: ExtensionHost): Test {
	const tests: Test[] = [];
	const { ctstate } = options;
	if (ctstate) tests.push(compileState(ctstate, ports));
	const ofEntry = allOf(entryTests(options, ports));
	// Without an entry only the state counts, and nothing else can match.
	const matchesNoEntry = ctstate !== null;
	if (tests.length === 0 || hasEntryTests(options))
		tests.push((skb) =>
			connectionOf(skb, ports) === NO_ENTRY ? matchesNoEntry : ofEntry(skb),
		);
	return allOf(tests);
}

const NOTHING: ConntrackOptions = {
	ctstate: null,
	ctproto: null,
	addresses: [],
	ports: [],
	ctstatus: null,
	ctexpire: null,
	ctdir: null,
};

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

function networks(given: GivenOptions): ConntrackOptions["addresses"] {
	return ADDRESSES.flatMap(([option]) => {
		const network = given.get(option, "hostMask");
		const [first] = network?.value ?? [];
		if (!network || !first) return [];
		return [{ option, ...first, inverted: network.inverted }];
	});
}

function portRanges(given: GivenOptions): ConntrackOptions["ports"] {
	return ADDRESSES.flatMap(([address]) => {
		const option: PortOption = `${address}port`;
		const range = given.get(option, "portRange");
		if (!range) return [];
		const [min, max] = range.value;
		return [{ option, min, max, inverted: range.inverted }];
	});
}

function direction(given: GivenOptions): ConntrackOptions["ctdir"] {
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
