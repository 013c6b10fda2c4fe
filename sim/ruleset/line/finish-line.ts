/**
 * What iptables does once the last word of a line is read (1.8.9, iptables/xshared.c, end of
 * `do_parse`, `ipv4_post_parse`, `generic_opt_check`; iptables/iptables.c, `do_command4`): the
 * checks that need the whole line, in its order, and the rules that come out.
 */

import type {
	AddressMask,
	MatchUse,
	Rule,
	RuleHeader,
	TargetUse,
} from "../../contract/ruleset.ts";
import { NOWHERE, Refusal } from "../../extension/refusal.ts";
import { unreachable } from "../../invariant.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { matches as known } from "../../matches/index.ts";
import { type Command, NO_COUNTERS } from "../base/command.ts";
import type { LineContext } from "./base-options.ts";
import { optionName } from "./option-name.ts";
import { ANY_ADDRESS, readAddresses } from "./read-address.ts";
import { checkChainLength } from "./read-word.ts";
import { OPTION_LETTERS, optionBit, type RuleDraft } from "./rule-draft.ts";
import { misreadName } from "./whole-interface.ts";

const NO_MATCHES: readonly MatchUse[] = [];

/** The base options that a command does not take (`commands_v_options`). */
const ILLEGAL: Readonly<Record<string, string>> = {
	I: "nx0",
	D: "nx0c",
	"#": "nsdpjxio0cf",
	R: "nx0",
	A: "nx0",
	C: "nx0c",
	L: "sdpjiocf",
	F: "nsdpjxio0cf",
	Z: "nsdpjxio0cf",
	N: "nsdpjxio0cf",
	X: "nsdpjxio0cf",
	P: "nsdpjxio0f",
	E: "nsdpjxio0cf",
	S: "nsdpjxio0cf",
};
/** Two lists multiply: what fits into one line would be a million rules. */
const MOST_RULES_OF_A_LINE = 100_000;

/** The commands that name a rule. */
const RULE_COMMANDS: ReadonlySet<string> = new Set("ADIRC");

const ILLEGAL_BITS = new Map(
	Object.entries(ILLEGAL).map(([command, letters]) => [
		command,
		[...letters].reduce((bits, letter) => bits | optionBit(letter), 0),
	]),
);

/** Words that were left over, by index; NOWHERE when there are none. */
interface Leftovers {
	/** Behind a `--`. */
	readonly unread: number;
	/** A `!` that nothing follows. */
	readonly danglingNot: number;
}

/**
 * @param tolerated gets the faults of extensions: the rest of the line is looked at all the same
 * @throws Refusal
 */
export function finishLine(
	draft: RuleDraft,
	context: LineContext,
	leftovers: Leftovers,
	tolerated: Refusal[],
): Command {
	const { command, chain } = draft;
	if (context.table === "nat") refuseDropInNat(draft);
	if (draft.matchCount > 0 || draft.target !== null)
		mustBeOctet(draft, context.behaviour);
	const given =
		draft.matchCount === 0 ? NO_MATCHES : buildMatches(draft, tolerated);
	const target = buildTarget(draft, tolerated);
	checkLeftovers(leftovers);
	if (command === "")
		throw new Refusal(
			"no command specified",
			"A line of a table is `-A CHAIN …`, `:CHAIN …`, a comment with `#` in its first column, or COMMIT.",
			0,
		);
	const isRule = RULE_COMMANDS.has(command);
	let sources = addresses(draft, "s", context.behaviour);
	let destinations = addresses(draft, "d", context.behaviour);
	const lists = sources.length > 1 || destinations.length > 1;
	if (lists && (draft.isInverted("s") || draft.isInverted("d")))
		throw new Refusal(
			"! not allowed with multiple source or destination IP addresses",
			"Write one rule per address, or a chain that returns for each of them.",
			draft.sourceWord,
		);
	const { replacementAddresses } = context.behaviour;
	if (command === "R" && lists) {
		if (replacementAddresses === "one") refuseAmbiguous(draft);
		sources = sources.slice(0, 1);
		destinations = destinations.slice(0, 1);
	}
	if (sources.length * destinations.length > MOST_RULES_OF_A_LINE)
		throw new Refusal(
			`the lists behind -s and -d make ${sources.length * destinations.length} rules of this line`,
			`marktwin makes at most ${MOST_RULES_OF_A_LINE} of one: match a set (\`-m set\`), or jump to a chain that has a rule for each destination.`,
			draft.sourceWord,
			{ from: "marktwin" },
		);
	checkOptions(draft, context.behaviour);
	if (chain !== null && context.behaviour.usedLongName === "too long")
		checkChainLength(chain, NOWHERE);
	if (isRule) checkInterfaces(draft, chain ?? "", context.behaviour);
	if (isRule && tolerated.length === 0)
		mustNameProtocol(draft, given, context.behaviour);
	const { line } = context;
	draft.counters ??= context.counters;
	if (!isRule) return otherCommand(draft, line);
	const counters = draft.counters ?? NO_COUNTERS;
	const matches = inNfTables(given, context.behaviour);
	const ruleOf = (
		source: AddressMask | undefined,
		destination: AddressMask | undefined,
	): Rule => {
		const header = headerOf(draft, source, destination, context.behaviour);
		return { header, matches, target, counters, line };
	};
	const rules =
		sources.length === 1 && destinations.length === 1
			? [ruleOf(sources[0], destinations[0])]
			: sources.flatMap((source) =>
					destinations.map((destination) => ruleOf(source, destination)),
				);
	return ruleCommand(draft, line, rules);
}

/** Matches that iptables-nft writes in nf_tables' own terms need their protocol (`add_nft_tcpudp`, iptables/nft.c, 1.8.8). */
function mustNameProtocol(
	draft: RuleDraft,
	uses: readonly MatchUse[],
	{ ownWords }: Behaviour,
): void {
	if (ownWords === "xtables" || draft.protocol < 0) return;
	for (const { name, options } of uses) {
		const match = known.get(name);
		if (!match?.octetsRead?.(options)) continue;
		if (match.protocols?.includes(draft.protocol & 0xff)) continue;
		throw new Refusal(
			`${name.toUpperCase()} match requires '-p ${name}'`,
			`Write \`-p ${name}\` in front of \`-m ${name}\`.`,
			NOWHERE,
		);
	}
}

/** As the kernel gets them: some of them in nf_tables' own terms, where iptables-nft writes them. */
function inNfTables(
	uses: readonly MatchUse[],
	behaviour: Behaviour,
): readonly MatchUse[] {
	if (behaviour.ownWords === "xtables" || uses.length === 0) return uses;
	return uses.flatMap((use) => {
		const match = known.get(use.name);
		if (match?.inNfTables === undefined) return [use];
		const options = match.inNfTables(use.options, behaviour);
		return options === null ? [] : [{ ...use, options }];
	});
}

function refuseAmbiguous(draft: RuleDraft): never {
	throw new Refusal(
		"Replacement rule does not specify a unique address",
		"Write a single address.",
		draft.sourceWord,
	);
}

function refuseDropInNat(draft: RuleDraft): void {
	if (draft.jump !== "DROP" && draft.second !== "DROP") return;
	throw new Refusal(
		'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.',
		"Drop in the table filter, or in mangle.",
		draft.jump === "DROP" ? draft.jumpWord : NOWHERE,
	);
}

function buildMatches(
	draft: RuleDraft,
	tolerated: Refusal[],
): readonly MatchUse[] {
	// Made as long as it will be: an array that grows keeps room for more, and rules are many.
	const uses = new Array<MatchUse>(draft.matchCount);
	for (let index = 0; index < uses.length; index++) {
		const given = draft.match(index);
		try {
			uses[index] = {
				name: given.table.extension.name,
				options: given.build(),
			};
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			tolerated.push(refusal);
		}
	}
	return uses;
}

function buildTarget(draft: RuleDraft, tolerated: Refusal[]): TargetUse | null {
	const { jump, target } = draft;
	if (target !== null)
		try {
			const { name } = target.table.extension;
			return { kind: "extension", name, options: target.build() };
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			tolerated.push(refusal);
			return null;
		}
	if (draft.goto) return { kind: "goto", chain: jump };
	switch (jump) {
		case "":
			return null;
		case "ACCEPT":
		case "DROP":
		case "RETURN":
		case "QUEUE":
			return VERDICT_USES[jump];
		default:
			return { kind: "jump", chain: jump };
	}
}

const VERDICT_USES = {
	ACCEPT: { kind: "verdict", name: "ACCEPT" },
	DROP: { kind: "verdict", name: "DROP" },
	RETURN: { kind: "verdict", name: "RETURN" },
	QUEUE: { kind: "verdict", name: "QUEUE" },
} as const satisfies Record<string, TargetUse>;

function checkLeftovers({ unread, danglingNot }: Leftovers): void {
	if (unread !== NOWHERE)
		throw new Refusal(
			"unknown arguments found on commandline",
			"Take away the `--` and what follows it.",
			unread,
		);
	if (danglingNot !== NOWHERE)
		throw new Refusal(
			"nothing appropriate following !",
			"Put the `!` before the option that it inverts.",
			danglingNot,
		);
}

const ANY: readonly AddressMask[] = [ANY_ADDRESS];

function addresses(
	draft: RuleDraft,
	letter: "s" | "d",
	behaviour: Behaviour,
): readonly AddressMask[] {
	const text = letter === "s" ? draft.sourceText : draft.destinationText;
	if (text === null) return ANY;
	try {
		return readAddresses(text, draft.isInverted(letter), behaviour);
	} catch (refusal) {
		if (!(refusal instanceof Refusal)) throw refusal;
		const word = letter === "s" ? draft.sourceWord : draft.destinationWord;
		throw new Refusal(refusal.message, refusal.remedy, word, {
			from: refusal.from,
		});
	}
}

function checkOptions(draft: RuleDraft, behaviour: Behaviour): void {
	const illegal = draft.options & illegalOptions(draft, behaviour);
	if (illegal === 0) return;
	const letter = OPTION_LETTERS[31 - Math.clz32(illegal & -illegal)] ?? "";
	throw new Refusal(
		`Illegal option \`${optionName(letter, behaviour)}' with this command`,
		"Take it away.",
		0,
	);
}

/** Listing and zeroing take what either takes; of 1.8.11 alone what both do (`generic_opt_check`). */
function illegalOptions(
	{ command, commands }: RuleDraft,
	{ listAndZero }: Behaviour,
): number {
	const bits = (letter: string) => ILLEGAL_BITS.get(letter) ?? 0;
	if (commands.length < 2) return bits(command);
	return listAndZero === "options of both"
		? [...commands].reduce((all, letter) => all | bits(letter), 0)
		: [...commands].reduce((all, letter) => all & bits(letter), -1);
}

function checkInterfaces(
	draft: RuleDraft,
	chain: string,
	behaviour: Behaviour,
): void {
	if (!draft.has("i") && !draft.has("o")) return;
	const incoming = chain === "PREROUTING" || chain === "INPUT";
	const outgoing = chain === "POSTROUTING" || chain === "OUTPUT";
	const letter =
		incoming && draft.has("o") ? "o" : outgoing && draft.has("i") ? "i" : "";
	if (letter !== "")
		throw new Refusal(
			`Can't use ${optionName(letter, behaviour)} with ${chain}`,
			letter === "o"
				? "The packet's way out is not known yet: move the rule to FORWARD or POSTROUTING, or take the `-o` away."
				: "The packet's way in is not known any more: move the rule to PREROUTING or FORWARD, or take the `-i` away.",
			draft.interfaceWord,
		);
}

/** Of a rule that asks nothing of it: one object for all of them. */
const ANY_HEADER: RuleHeader = {
	source: ANY_ADDRESS,
	destination: ANY_ADDRESS,
	inInterface: null,
	outInterface: null,
	protocol: 0,
	protocolInverted: false,
	fragment: null,
};

/**
 * iptables-nft asks extensions about mptcp, 262, and the kernel about tcp: some of them take neither.
 * @throws Refusal
 */
function mustBeOctet({ protocol }: RuleDraft, { commands }: Behaviour): void {
	if (commands !== "with COMMIT" || protocol <= 0xff) return;
	throw new Refusal(
		"extensions of a rule whose protocol is mptcp",
		"Write `-p tcp`, which is what nf_tables makes of it.",
		undefined,
		{ from: "marktwin" },
	);
}

const HEADER_BITS = [..."sdpiof"].reduce((b, l) => b | optionBit(l), 0);

function headerOf(
	draft: RuleDraft,
	source: AddressMask | undefined,
	destination: AddressMask | undefined,
	{ commands, wholeInterface }: Behaviour,
): RuleHeader {
	if ((draft.options & HEADER_BITS) === 0) return ANY_HEADER;
	// In nf_tables a protocol is an octet: mptcp, 262, comes to tcp.
	const protocol =
		commands === "with COMMIT" && draft.protocol > 0
			? draft.protocol & 0xff
			: draft.protocol;
	const header: RuleHeader = {
		source: source ?? ANY_ADDRESS,
		destination: destination ?? ANY_ADDRESS,
		inInterface: draft.inInterface,
		outInterface: draft.outInterface,
		protocol,
		protocolInverted: draft.isInverted("p"),
		fragment: draft.fragment
			? draft.isInverted("f")
				? "never"
				: "only"
			: null,
	};
	return wholeInterface === "all" ? withMisread(draft, header) : header;
}

/** The interface `+` that is loaded and not compared, with the name that is read in its place. */
function withMisread(draft: RuleDraft, header: RuleHeader): RuleHeader {
	const last = draft.has("o") ? "outInterface" : "inInterface";
	const isWhole = draft[last] === null && (draft.has("o") || draft.has("i"));
	const savedAs = isWhole ? misreadName(header) : null;
	return savedAs === null
		? header
		: { ...header, [last]: { name: "+", inverted: false, savedAs } };
}

/** A command that brings rules. */
function ruleCommand(
	draft: RuleDraft,
	line: number,
	rules: readonly Rule[],
): Command {
	const chain = draft.chain ?? "";
	const number = draft.number ?? 1;
	switch (draft.command) {
		case "A":
			return { kind: "append", chain, rules, line };
		case "D":
			return { kind: "delete", chain, rules, line };
		case "C":
			return { kind: "check", chain, rules, line };
		case "I":
			return { kind: "insert", chain, number, rules, line };
		default:
			return { kind: "replace", chain, number, rules, line };
	}
}

/** A command that brings none. */
function otherCommand(draft: RuleDraft, line: number): Command {
	const { command, chain, number, second, counters } = draft;
	switch (command) {
		case "#":
			return {
				kind: "delete-number",
				chain: chain ?? "",
				number: number ?? 0,
				line,
			};
		case "F":
			return { kind: "flush", chain, isVerbose: draft.has("v"), line };
		case "X":
			return { kind: "delete-chain", chain, line };
		case "Z":
			return {
				kind: "zero",
				chain,
				number,
				listing: /[LS]/.test(draft.commands),
				line,
			};
		case "N":
			return { kind: "new-chain", chain: chain ?? "", line };
		case "E":
			return { kind: "rename", chain: chain ?? "", to: second, line };
		case "P":
			return {
				kind: "policy",
				chain: chain ?? "",
				policy: second,
				counters,
				line,
			};
		case "L":
		case "S":
			return { kind: "list", chain, line };
		default:
			return unreachable(command as never);
	}
}
