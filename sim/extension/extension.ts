/**
 * What a match or target is to the rest of the model: options, parsing, printing, what the kernel
 * refuses, and what it does to a packet. One extension, one file (`../matches`, `../targets`), one
 * table of cases beside it.
 */

import type { Need } from "../contract/need.ts";
import type { MatchUse, RuleHeader, TableName } from "../contract/ruleset.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import type { HookName, Skb } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";
import type { AnyPacket, ExtensionHost, NatRange } from "./host.ts";
import type { KernelRefusal } from "./kernel-refusal.ts";
import type { GivenOptions, OptionEntry } from "./options.ts";
import type {
	Comparison,
	ListUse,
	Lookup,
	MarkUse,
	Question,
} from "./traits.ts";

interface Extension<Options extends object> {
	/** As it is written behind `-m` or `-j`. */
	readonly name: string;
	readonly options: readonly OptionEntry[];
	/**
	 * Its options without an argument, by the number or letter that its library knows them by (`id`, `val`): where
	 * `=VALUE` is attached to one, iptables from 1.8.10 on names that in place of the option.
	 */
	readonly flagCodes?: Readonly<Record<string, number | string>>;
	/**
	 * Behind it iptables takes what nobody knows, and what lacks its argument, without a word: its library has no
	 * options of its own, and says yes to all that it is asked (`xtables_option_tpcall`).
	 */
	readonly takesUnknown?: true;
	/**
	 * Its options in the order of their numbers in its library (`id`), where that is not the order of `options`: of
	 * several that must, or must not, be beside one, the first in this order is named. Left out: they are alike.
	 */
	readonly numbered?: readonly string[];
	/**
	 * What its final check (`x6_fcheck`) asks for before the table does: most often one of several
	 * options. What the table promises need not hold yet.
	 */
	checkFirst?(given: GivenOptions): void;
	/**
	 * Makes the plain data that a rule keeps (JSON-able apart from bigint-free numbers).
	 * The rest of the final check belongs here: `given.refuse(...)`. It is also asked where the table refuses
	 * the options, and about the first few options alone, to find out what is refused first: neither the
	 * mandatory ones nor those that `checkFirst` asks for need to be there then, and what misses one of
	 * `checkFirst`'s refuses it (`given.refuse`).
	 */
	build(given: GivenOptions): Options;
	/** As `iptables-save` prints it behind the name; begins with a blank unless empty. */
	print(options: Options, header: RuleHeader, behaviour: Behaviour): string;
	/** Tables the kernel takes it in; any when left out (`struct xt_match.table`). */
	readonly tables?: readonly TableName[];
	/** Where it may stand in all tables all the same: iptables-nft writes it in nf_tables' own words. */
	anyTable?(behaviour: Behaviour): boolean;
	/** Hooks from which it may be reached; any when left out (`struct xt_match.hooks`). */
	readonly hooks?: readonly HookName[];
	/** Protocols that the rule's header must ask for, uninverted; any when left out (`struct xt_match.proto`). */
	readonly protocols?: readonly number[];
	/** What the kernel's `checkentry` finds wrong at COMMIT, in dmesg's words: an invalid argument, unless it says otherwise; `null` is fine. */
	check?(options: Options, place: LoadPlace): string | KernelRefusal | null;
	/** What it has in common with rules that say the same name; nothing when left out. */
	shares?(options: Options, behaviour: Behaviour): Shared;
	/** What it shares that only a target makes; nothing when left out. */
	joins?(options: Options): Joined;
	/** What has to be there already, outside of the ruleset, for the kernel or iptables to take it. */
	needs?(options: Options, header: RuleHeader): readonly Need[];
	/** Sets and countries that it looks up, and sets that it writes to; none when left out. */
	lookups?(options: Options): readonly Lookup[];
	/** The option that makes a use of it one that is not modelled; `null` when there is none. */
	notModelled?(options: Options): string | null;
	/** What it makes, for rules that are loaded after it to find. */
	makes?(options: Options, header: RuleHeader): Need | null;
	/** Makes the kernel start tracking connections (`nf_ct_netns_get` in its checkentry). */
	readonly needsConntrack?: boolean | ((options: Options) => boolean);
	/** Makes the kernel put fragments together before any table, tracked or not (`nf_defrag_ipv4_enable` in its checkentry). */
	readonly needsDefrag?: boolean;
	/** Bits of marks that it reads or writes; none when left out. */
	marks?(options: Options): readonly MarkUse[];
	/** What a use of it says to people and not to the kernel; `null`: nothing. */
	comment?(options: Options): string | null;
	/** The same under its newer name: another extension, of the same kind, that does just this; none when left out. */
	successor?(options: Options): MatchUse;
	/** iptables' library that has it; `libxt_NAME.so`, which only registers it, when left out. */
	readonly library?: Library;
	/** Names of extensions that are gone and that it does the work of, each with what to write instead. */
	readonly replaces?: Readonly<Record<string, string>>;
}

/** A library of iptables (1.8.9, `extensions/`). */
interface Library {
	/** `libipt_NAME.so`: IPv4's alone. */
	readonly prefix?: "ipt";
	/** It reads files as soon as it is loaded (`/etc/iproute2/rt_realms`). */
	readonly readsFiles?: boolean;
	/**
	 * iptables does not come with it: this package of Debian does, and has its kernel module too. Where it is not
	 * installed a chain may have the name of its targets.
	 */
	readonly package?: "xtables-addons";
}

/** What is made by the first rule that names it. */
interface Shared {
	readonly name: string;
	/** All who name it have to mean the same. */
	readonly as: string;
	/** What the kernel says to one who does not, in dmesg's words. */
	readonly otherwise: string;
}

/** What a rule that was loaded before has made. */
interface Joined {
	/** The target that makes it, by its name. */
	readonly target: string;
	readonly names: readonly string[];
	/** What is wrong where there is none, in the kernel's words or in words as it would choose them. */
	readonly otherwise: string;
}

/** Where a rule that is about to be loaded stands. */
export interface LoadPlace {
	readonly table: TableName;
	readonly chain: string;
	readonly header: RuleHeader;
	/** The rule's matches: TCPMSS asks for `--syn` among them. */
	readonly matches: readonly MatchUse[];
	/** Hooks from which the rule's chain can be reached. */
	readonly hooks: readonly HookName[];
	/** What the kernel and iptables do where they differ. */
	readonly behaviour: Behaviour;
}

/** Does this packet match? */
export type Test = (skb: Skb) => boolean;

/** What is known of an answer that the gateway does not know by itself. */
export interface MadeAnswer {
	/** Does the match hold, its inversion included? */
	readonly holds: boolean;
	/** What it is that has it, and what to do in place of assuming: `a packet that … has put into the set a: give it`. */
	readonly what: string;
}

/** A rule's state in numbers: a piece of the array that holds those of all rules of its table. */
export type NumberCell = Float64Array;

/** What a rule remembers by itself from packet to packet; `null`: nothing. */
export type Cell = NumberCell | Stateful | null;

/** A rule, as one of its matches sees it. */
interface RuleUse<State extends Cell> {
	/** The kernel's name of the rule, `mangle:PREROUTING:rule:1`, for what it draws. */
	readonly name: string;
	/** What `cell` has declared. */
	readonly cell: State;
}

export interface MatchExtension<
	Options extends object = object,
	State extends Cell = Cell,
> extends Extension<Options> {
	/**
	 * Declares what a rule with this match remembers by itself, as it is when the rule is loaded: numbers,
	 * or a part where numbers do not do. The table holds it (`netfilter/cells.ts`), so that it can be
	 * copied, hashed, and kept or lost when the table is replaced. Left out: it remembers nothing.
	 */
	cell?(
		options: Options,
		ports: ExtensionHost,
	): State extends NumberCell ? readonly number[] : State;
	/**
	 * Compiles one use of the match. It is called whenever the rule's table has changed, and keeps nothing
	 * that changes with packets: a rule's own state is `use.cell`, state that has a name (conditions, recent
	 * and hashlimit tables) comes from `ports.named`.
	 * `null`: parsed and printed, but not modelled; a packet that reaches it has an unknown outcome.
	 */
	readonly compile:
		| ((options: Options, ports: ExtensionHost, use: RuleUse<State>) => Test)
		| null;
	/**
	 * Loading a rule with it has effects of its own: it makes a state that has a name, or begins to
	 * count. It is compiled at once then, and not when a packet comes, as all others are; with a `cell` of
	 * its own once more when a packet comes, and before that with `null`.
	 */
	readonly actsAtLoad?: boolean;
	/** What it says depends on when a timer of the kernel's ran, which its rules have. */
	readonly hasTimer?: boolean;
	/** Being asked changes what it says the next time, so it is not asked where the kernel might not ask. */
	readonly stateful?: boolean;
	/** Does its answer follow from what packets of other connections have left in a list? It does not, when left out. */
	asksWhoCame?(options: Options): boolean;
	/** The list of addresses that it writes or asks; `null`: it only deletes. Left out: it keeps none. */
	keepsList?(options: Options): ListUse | null;
	/** The kernel keeps a pointer among its options, so `iptables -D` and `-C` never find a rule with it. */
	readonly neverEqual?: boolean;
	/** What `iptables -D` and `-C` compare of its options; all of them when left out. */
	compared?(options: Options): object;
	/**
	 * The options as the kernel has them in its table by now, where packets change them there: iptables-save
	 * prints these, and a change of the table loads them anew. As they were loaded, when left out.
	 */
	optionsNow?(options: Options, cell: State): Options;
	/** Matches every packet: nothing is asked, and what stands behind it decides. */
	readonly alwaysMatches?: boolean;
	/** Does a use of it draw whether it matches? Never, when left out. */
	draws?(options: Options): boolean;
	/**
	 * On what its answer depends besides the packet and its connection; nothing when left out.
	 * @param ports of the gateway; left out: of the rule alone
	 */
	question?(options: Options, ports?: ExtensionHost): Question | null;
	/** Does the gateway know the answer to `question`? A walk that takes every way asks all questions, when left out. */
	answers?(options: Options, ports: ExtensionHost): boolean;
	/**
	 * For a walk that takes every way: on what it depends that the answer is this one and not the other, which packets
	 * of other connections may bring about; nothing when left out.
	 * @param ports of the gateway
	 */
	byOthers?(
		options: Options,
		ports: ExtensionHost,
	): (skb: Skb, answer: boolean) => Question | null;
	/**
	 * Where the gateway does not know the answer: what rules have made of it while it ran, which nothing that is
	 * assumed can change; `null` where they have not. Left out: no rule does.
	 */
	made?(
		options: Options,
		ports: ExtensionHost,
	): (skb: Skb) => MadeAnswer | null;
	/**
	 * Uses that are printed alike have one answer: about the same addresses and ports (`packet`), or as long as a
	 * packet is on its way (`way`). Left out: each has an answer of its own.
	 */
	readonly hasOneAnswer?: "packet" | "way";
	/** Options of the use that asks this question, as `question` gives it; `null`, and when left out: none does. */
	asking?(question: Question): Options | null;
	/** It reads headers of the packet at hand and nothing else, so where a comparison does not hold, asking it has no effect. */
	readonly readsHeadersAlone?: boolean;
	/** It may read any octet of the packet, those of addresses and ports among them, which it does not state. */
	readonly readsAnyOctet?: boolean;
	/** Which header fields it compares with constants; none when left out. */
	compares?(options: Options): readonly Comparison[];
	/** Are these comparisons all that a use of it asks, besides a header to read the fields in? They are not, when left out. */
	comparesAll?(options: Options): boolean;
	/**
	 * Its test of a packet that stands for any with its addresses, ports, protocol, interface and marks
	 * (`ExtensionHost.standsForAny`); `null`: it says of all of them what it says of one. Left out: what it asks, besides its
	 * comparisons, is one fact of the packet, unless it has a question, a state or marks.
	 */
	ofAnyPacket?(options: Options, any: AnyPacket): Test | null;
	/** What it says of fragments that nothing has put together; the same as of any packet when left out. */
	readonly onFragments?: OnFragments;
	/**
	 * Octets of the header behind IPv4's that the use reads where iptables-nft writes it in nf_tables' own terms
	 * (`add_match`, iptables/nft.c), which drop nothing that is too short; 0: it stays a match of xtables.
	 */
	octetsRead?(options: Options): number;
	/**
	 * What is left of a use of it where iptables-nft writes it in nf_tables' own terms, and reads it back from them;
	 * `null`: nothing, and there is no `-m NAME` any more. As it was given, when left out.
	 */
	inNfTables?(options: Options, behaviour: Behaviour): Options | null;
	/**
	 * Two uses in one rule, the first in front, as one: iptables-nft reads them back so from nf_tables' own terms,
	 * which ask for both. `null`, and when left out: they stay two.
	 */
	readAsOne?(
		first: Options,
		then: Options,
		behaviour: Behaviour,
	): Options | null;
	/** Does a use of it ask for the destination to be an address of the gateway's own? It does not, when left out. */
	asksForOwnDestination?(options: Options): boolean;
}

/** What a match says of a fragment, which tables see where connections are not tracked. */
type OnFragments =
	/**
	 * It reads a header behind IPv4's. Further fragments have none and do not match (`par->fragoff`); a
	 * first fragment that ends within the header is dropped (`par->hotdrop`).
	 */
	| "needs-header"
	/** The same, and a fragment that would overwrite the header's flags is dropped as well (RFC 1858). */
	| "needs-intact-header";

/**
 * `accepts`: the packet goes on to the next table (NF_ACCEPT); `drops`: it is gone, with an answer to its
 * sender or without (NF_DROP); `queues`: a program decides (NF_QUEUE).
 */
export type WalkEnd = "accepts" | "drops" | "queues";

/** What a target does; returns one of the verdicts `NF_*` or `XT_CONTINUE`. */
export type Action = (skb: Skb) => number;

export interface TargetExtension<Options extends object = object>
	extends Extension<Options> {
	/** See `MatchExtension.compile`. */
	readonly compile: ((options: Options, ports: ExtensionHost) => Action) | null;
	/** Loading a rule with it makes a state that has a name. It is compiled at once then, and again when a packet comes. */
	readonly actsAtLoad?: boolean;
	/** Packets go on as if the rule were not there, and no later rule can tell that they met it. */
	readonly onlyReports?: boolean;
	/**
	 * One packet does not show what it does: it writes what few packets have or what others have already, or what
	 * somebody reads who is no rule (a queueing discipline, SELinux, who lists a set).
	 */
	readonly actsUnseen?: boolean;
	/** Of what it takes it tells the sender, with a packet of the gateway's own that meets OUTPUT and POSTROUTING. */
	readonly answersItself?: boolean;
	/** It answers a SYN with a SYN/ACK of the gateway's own. */
	readonly answersSyn?: boolean;
	/**
	 * How it ends the walk through its table, so that no packet goes on to the rule behind it; left out: all
	 * or some do.
	 */
	readonly ends?: WalkEnd;
	/** Loads the hooks that look at connections at the end of their way (`nf_synproxy_ipv4_init` in its checkentry). */
	readonly proxies?: boolean;
	/** What it gives connections another of; `either`: the hook decides. */
	readonly translates?: "source" | "destination" | "either";
	/** Addresses that it translates to, unsigned; `null`, and when left out: they do not stand in its options. */
	translatesTo?(
		options: Options,
	): readonly [least: number, greatest: number] | null;
	/** Among which ports it gives a destination; left out: it leaves the port alone. */
	destinationPorts?(
		options: Options,
	): Pick<NatRange, "ports" | "basePort" | "random">;
	/** The table in which it makes sense, where the kernel takes it in several. */
	readonly usualTable?: TableName;
}

/** Keeps the type of the options inside the extension's file, and forgets it outside. */
export function defineMatch<Options extends object, State extends Cell = null>(
	extension: MatchExtension<Options, State>,
): MatchExtension {
	return extension as unknown as MatchExtension;
}

/** The same for targets. */
export function defineTarget<Options extends object>(
	extension: TargetExtension<Options>,
): TargetExtension {
	return extension as unknown as TargetExtension;
}
