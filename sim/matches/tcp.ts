import { allOf } from "../extension/all-of.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import type { AskFact, ExtensionHost } from "../extension/host.ts";
import {
	fitting,
	madeUp,
	NO,
	type ValueAsked,
	YES,
	yesOrNo,
} from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import { type GivenOptions, twoWords } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { ACK, FIN, PSH, RST, SYN, TCP, URG } from "../packet/packet.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { readPortRange } from "./shared/old-ports.ts";
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

interface Options extends PortsAsked {
	readonly flags: {
		readonly mask: number;
		readonly set: number;
		readonly inverted: boolean;
	} | null;
	/** Kind of a TCP option, 1 to 255. */
	readonly option: { readonly kind: number; readonly inverted: boolean } | null;
}

/** In the order in which iptables-save prints them. */
const FLAGS: readonly (readonly [name: string, bit: number])[] = [
	["FIN", FIN],
	["SYN", SYN],
	["RST", RST],
	["PSH", PSH],
	["ACK", ACK],
	["URG", URG],
];
/** Up to the octet that has them. */
const OCTETS_TO_FLAGS = 14;
const ALL_FLAGS = FLAGS.reduce((all, [, bit]) => all | bit, 0);

/**
 * TCP's ports, flags and options (iptables 1.8.9 libxt_tcp.c, kernel 6.1 xt_tcpudp.c). It is older
 * than libxtables' option tables and has words of its own for what goes wrong.
 */
export const tcp = defineMatch<Options>({
	name: "tcp",
	flagCodes: { syn: "3" },
	onFragments: "needs-intact-header",
	octetsRead({ source, destination, flags, option }) {
		if (option !== null) return 0;
		const isFlags = flags !== null && flags.mask !== 0;
		return isFlags ? OCTETS_TO_FLAGS : portOctets(source, destination);
	},
	protocols: [TCP],
	options: [
		{
			name: "source-port",
			type: "string",
			invertible: true,
			repeatable: true,
		},
		{
			name: "sport",
			type: "string",
			invertible: true,
			repeatable: true,
			sameAs: "source-port",
		},
		{
			name: "destination-port",
			type: "string",
			invertible: true,
			repeatable: true,
		},
		{
			name: "dport",
			type: "string",
			invertible: true,
			repeatable: true,
			sameAs: "destination-port",
		},
		{ name: "syn", type: "none", invertible: true, repeatable: true },
		{
			name: "tcp-flags",
			type: "string",
			words: 2,
			invertible: true,
			repeatable: true,
		},
		{
			name: "tcp-option",
			type: "string",
			invertible: true,
			repeatable: true,
		},
	],
	build(given) {
		return {
			source: portRange(given, "source-port"),
			destination: portRange(given, "destination-port"),
			flags: flagTest(given),
			option: optionTest(given),
		};
	},
	print({ source, destination, option, flags }, _header, behaviour) {
		const ports =
			printPorts("sport", source, behaviour) +
			printPorts("dport", destination, behaviour);
		const kind = option
			? `${option.inverted ? " !" : ""} --tcp-option ${option.kind}`
			: "";
		if (!flags || (flags.mask === 0 && !flags.inverted)) return ports + kind;
		const not = flags.inverted ? " !" : "";
		return `${ports}${kind}${not} --tcp-flags ${printFlags(flags.mask)} ${printFlags(flags.set)}`;
	},
	inNfTables(options, behaviour) {
		if (!isNative(options)) return options;
		const { flags } = options;
		const asked = {
			...options,
			...portsInNfTables(options, behaviour),
			flags: flags?.mask === 0 ? null : flags,
		};
		return isNative(asked) ? asked : null;
	},
	readAsOne: (first, then, { twoMatches }) =>
		(isNative(first) || twoMatches === "are read into the first") &&
		isNative(then)
			? {
					...portsReadAsOne(first, then),
					flags: flagsReadAsOne(first.flags, then.flags),
					option: first.option,
				}
			: null,
	readsHeadersAlone: true,
	compares: portComparisons,
	comparesAll: ({ flags, option, isEither }) =>
		flags === null && option === null && isEither === undefined,
	ofAnyPacket(options, { ask }) {
		const { flags, option } = options;
		const tests = portTests(options, {}, "");
		if (flags)
			tests.push((skb) => hasFlags(flags, ask, skb) !== flags.inverted);
		if (option)
			tests.push(
				(skb) =>
					ask(`have option ${option.kind} of TCP`, skb) !== option.inverted,
			);
		return flags === null && option === null ? null : allOf(tests);
	},
	compile(options, ports, { name }) {
		const { flags, option } = options;
		const tests = portTests(options, ports, name);
		if (flags) {
			const { mask, set, inverted } = flags;
			const fits = (some: number) => ((some & mask) === set) !== inverted;
			const test: Test = inverted
				? (skb) => (skb.tcpFlags & mask) !== set
				: (skb) => (skb.tcpFlags & mask) === set;
			tests.push(
				madeUpTest(test, ports, name, (skb, made) => {
					const value = madeUp.flags(skb, made);
					return value && { ...value, holds: fitting(value.may, fits) };
				}),
			);
		}
		if (option)
			tests.push(
				madeUpTest(
					compileOption(option.kind, option.inverted, ports),
					ports,
					name,
					({ tcpFlags }) => optionAsked(option, tcpFlags),
				),
			);
		return allOf(tests);
	},
});

function hasFlags(
	{ mask, set }: NonNullable<Options["flags"]>,
	ask: AskFact,
	skb: Skb,
): boolean {
	if ((set & ~mask) !== 0) return false;
	return FLAGS.every(
		([name, bit]) =>
			(mask & bit) === 0 ||
			ask(`have the flag ${name}`, skb) === ((set & bit) !== 0),
	);
}

/** Does iptables-nft write it in nf_tables' own terms (`add_nft_tcp`, iptables/nft.c)? */
function isNative({ source, destination, flags, option }: Options): boolean {
	const isZero =
		flags === null || (flags.mask === 0 && flags.set === 0 && !flags.inverted);
	const asksNothing = isZero && isAnyPort(source) && isAnyPort(destination);
	return option === null && !asksNothing;
}

/** `nft_parse_tcp_flags` */
function flagsReadAsOne(
	first: Options["flags"],
	then: Options["flags"],
): Options["flags"] {
	if (first === null || then === null) return then ?? first;
	return { ...then, inverted: first.inverted || then.inverted };
}

function portRange(given: GivenOptions, option: string): PortRange {
	return readPortRange(given, option, "tcp") ?? ANY_PORT;
}

function flagTest(given: GivenOptions): Options["flags"] {
	if (!given.has("syn") && !given.has("tcp-flags")) return null;
	const [syn, secondSyn] = given.all("syn", "none");
	const [flags, secondFlags] = given.all("tcp-flags", "string");
	if (secondSyn || secondFlags || (syn && flags))
		return given.refuse(
			"Only one of `--syn' or `--tcp-flags'  allowed",
			"Say all that is asked of the flags in one `--tcp-flags MASK SET`.",
			flags ? "tcp-flags" : "syn",
		);
	if (syn)
		return { mask: SYN | RST | ACK | FIN, set: SYN, inverted: syn.inverted };
	if (!flags) return null;
	const [mask, set] = twoWords(flags.text);
	return {
		mask: readFlags(given, mask),
		set: readFlags(given, set),
		inverted: flags.inverted,
	};
}

function readFlags(given: GivenOptions, text: string): number {
	let bits = 0;
	for (const word of text.split(",").filter((part) => part !== "")) {
		const name = word.toUpperCase();
		const bit = FLAGS.find(([flag]) => flag === name)?.[1];
		if (bit === undefined && name !== "ALL" && name !== "NONE")
			return given.refuse(
				`Unknown TCP flag \`${word}'`,
				"The flags are SYN ACK FIN RST URG PSH, or ALL or NONE.",
				"tcp-flags",
			);
		bits |= bit ?? (name === "ALL" ? ALL_FLAGS : 0);
	}
	return bits;
}

function printFlags(bits: number): string {
	const names = FLAGS.filter(([, bit]) => bits & bit).map(([name]) => name);
	return names.join(",") || "NONE";
}

function optionTest(given: GivenOptions): Options["option"] {
	const option = given.get("tcp-option", "string");
	if (!option) return null;
	if (given.all("tcp-option", "string").length > 1)
		return given.refuse(
			"Only one `--tcp-option' allowed",
			"Write a second `-m tcp` for the other option.",
			"tcp-option",
		);
	const kind = readUnsigned(option.text, 1, 255);
	if (kind < 0)
		return given.refuse(
			`Bad TCP option "${option.text}"`,
			"Write the option's kind, a number from 1 to 255.",
			"tcp-option",
		);
	return { kind, inverted: option.inverted };
}

/** The kinds of option that a `TcpPacket` can carry. */
const CARRIED: Readonly<Record<number, Test>> = {
	2: ({ tcpOptions }) => tcpOptions.mss !== null,
	3: ({ tcpOptions }) => tcpOptions.windowScale !== null,
	4: ({ tcpOptions }) => tcpOptions.sackPermitted,
	5: ({ tcpOptions }) => tcpOptions.sack.length > 0,
	8: ({ tcpOptions }) => tcpOptions.timestamp !== null,
};
const hasOptions = (skb: Skb): boolean =>
	Object.values(CARRIED).some((carries) => carries(skb));

/** Options that a host may leave out of its SYN, and those that other segments may have. */
const OF_SYN: ReadonlySet<number> = new Set([3, 4, 8]);
const OF_OTHERS: ReadonlySet<number> = new Set([5, 8]);

/** `null`: a segment has it, or has not, whoever sends it. */
function optionAsked(
	{ kind, inverted }: NonNullable<Options["option"]>,
	flags: number,
): ValueAsked | null {
	const some = (flags & SYN) === 0 ? OF_OTHERS : OF_SYN;
	if (!some.has(kind) || (flags & RST) !== 0) return null;
	const value = yesOrNo(`the TCP option ${kind}`, `option ${kind}`);
	return { ...value, holds: inverted ? NO : YES };
}

const NO_OPERATION = 1;

function compileOption(
	kind: number,
	inverted: boolean,
	ports: ExtensionHost,
): Test {
	// How options are padded is the sender's affair, and not part of a TcpPacket.
	if (kind === NO_OPERATION)
		return (skb) =>
			hasOptions(skb)
				? ports.unknown("padding between TCP options is not modelled")
				: inverted;
	const carries = CARRIED[kind] ?? (() => false);
	return inverted ? (skb) => !carries(skb) : carries;
}
