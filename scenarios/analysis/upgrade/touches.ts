/**
 * Which rules a difference between Linuxes touches. The map has an entry for each difference of the
 * table: one that is added to the table has to be added here as well.
 */

import { ICMP, SCTP, TCP, UDP } from "../../../sim/kernel.ts";
import type {
	Behaviour,
	DifferenceName,
} from "../../../sim/linux/behaviour.ts";
import { matches } from "../../../sim/matches/index.ts";
import { parseAddress, prefixLength } from "../../../sim/packet/address.ts";
import { isTableName, TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import { printRule } from "../../../sim/ruleset/print.ts";
import { translatedBy } from "../../../sim/ruleset/rule-traits.ts";
import { isShellScript } from "../../../sim/script/check-rules.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { PlacedRule } from "../lint/each-rule.ts";

/**
 * `no rule`: it shows in packets or operations, whatever the rules are. `loading`: it shows in whether a
 * text loads and in the words of its refusal, which an upgrade compares anyhow.
 */
export type Touches =
	| "no rule"
	| "loading"
	/** Of no rule, but of the file as a whole. */
	| { readonly ofText: (text: string) => boolean }
	| ((
			placed: PlacedRule,
			on: { readonly from: Behaviour; readonly to: Behaviour },
	  ) => boolean);

/** By the name of the difference. */
export const TOUCHES: { readonly [Name in DifferenceName]: Touches } = {
	timeoutOfReset: tracks(TCP),
	repeatedInit: tracks(SCTP),
	outOfWindow: tracks(TCP),
	lateEnd: tracks(TCP),
	resetsOutOfStep: tracks(TCP),
	beginsAgain: tracks(TCP),
	portOfClosing: has(/ -j (SNAT|MASQUERADE)\b/),
	crowdedTable: asksForConnections,
	clashOfOthers: asksForConnections,
	clashOfEchoes: tracks(ICMP),
	clashOfOpposites: tracks(UDP),
	settingDefaults: "no rule",
	settingBounds: "no rule",
	defragEnds: ({ rule }) => rule.header.fragment !== null,
	endOfText: has(/ -m string .*--to /),
	errorBucket: "no rule",
	savedTimeout: printsOtherwise("savedTimeout"),
	clusterIp: "loading",
	setMasks: has(/ --(match|add|del|exist|map)-set /),
	ownersOfFragments: has(/ -m owner /),
	lowestAddress: has(/ -j NETMAP| --to-(destination|source) /),
	destroyedAnyway: "no rule",
	evictedOther: "no rule",
	countsInOptions: has(/ -m quota2 /),
	zonesInHashes: has(/ --zone-(orig|reply) /),
	nullAddresses: has(/ --(match|add|del|exist|map)-set /),
	setBuckets: has(/ --(match|add|del|exist|map)-set /),
	addedSettings: "no rule",
	portOfRange: picksPort,
	unlimitedErrors: "no rule",
	errorsAboutOwnPackets: "no rule",
	unsummedDatagrams: ({ rule, at }) =>
		/ -j REJECT\b/.test(at.text) && [0, 17].includes(rule.header.protocol),
	rejectedConnection: has(/ -j REJECT --reject-with tcp-reset\b/),
	connlimitClears: has(/ -m connlimit /),
	headersInFragments: has(/ -m (tcpmss|ecn) /),
	portsOfFragments: has(/ --hashlimit-mode \S*port/),
	zeroing: remembers,
	policyCountersOnEdit: "no rule",
	policyOnRestore: { ofText: leavesPolicies },
	baseChains: "no rule",
	ruleState: remembers,
	words: "loading",
	tableInFile: "loading",
	attachedArgument: "loading",
	emptyRanges: "loading",
	oddPolicyCounters: "loading",
	chainNames: "loading",
	usedLongName: "loading",
	blanksInNames: "loading",
	rulesWithoutAdded: "no rule",
	linkDownOfAll: "no rule",
	redirectsFromBeyond: "no rule",
	commands: "loading",
	refusedRule: "loading",
	clampWithoutSyn: "loading",
	greatestHitcount: "loading",
	hashlimitNames: "loading",
	ownWords: "loading",
	octetsOfFragments: has(/ --([sd]port|tcp-flags) /),
	invertedPorts: has(/ ! --[sd]port /),
	flagsOfNone: has(/ --tcp-flags NONE /),
	twoMatches: has(/ -m (tcp|udp) .*-m \1 /),
	missingSettings: "no rule",
	trace: has(/ -j TRACE\b/),
	tracedReturns: has(/ -j TRACE\b/),
	missingRule: "loading",
	loops: "loading",
	hooksOfCalled: "loading",
	endOfRule: printsOtherwise("endOfRule"),
	missingNumberToZero: "loading",
	replacedAtOnce: "loading",
	declaredTarget: { ofText: declaresTarget },
	undeclaredTarget: { ofText: declaresTarget },
	jumpsLikeTargets: "loading",
	declaredVerdict: "loading",
	renamedToVerdict: "loading",
	countersOfPolicy: "no rule",
	flushOfRestored: { ofText: flushesWhatItRestores },
	usedBaseChain: "loading",
	limitClock: has(/ -m limit\b/),
	shortHeaders: has(/ --[sd]ports? /),
	protocolNames: printsOtherwise("protocolNames"),
	noInterface: printsOtherwise("noInterface"),
	maskWithGaps: { ofText: hasMaskWithGaps },
	wholeInterface: { ofText: hasWholeInterface },
	persistentOfSource: { ofText: hasPersistentInFront },
	replacementAddresses: "loading",
	tablesOfTrace: "loading",
	gapsInAddress: has(/ -[sd] [\d.]+\/\d+\.\d+\./),
	unendedCommit: "loading",
	savedText: printsOtherwise("savedText"),
	libraries: printsOtherwise("libraries"),
	listAndZero: "no rule",
};

/**
 * Has it a table without a line for one of its built-in chains? Policies of nat are ACCEPT alone. A shell script is
 * not restored.
 */
function leavesPolicies(text: string): boolean {
	if (isShellScript(text)) return false;
	const declared = new Map<string, Set<string>>();
	let table = "";
	for (const line of text.split("\n")) {
		const [, named, chain] = /^(?:\*\s*(\S+)|:\s*(\S+))/.exec(line) ?? [];
		if (named !== undefined) table = named;
		const chains = declared.get(table) ?? new Set();
		declared.set(table, chains);
		if (chain !== undefined) chains.add(chain);
	}
	return [...declared].some(
		([name, chains]) =>
			name !== "nat" &&
			isTableName(name) &&
			TABLE_HOOKS[name].some((hook) => !chains.has(hook)),
	);
}

/** Where a version loses such a mask, what iptables-save prints of the rule does not show it. */
function hasMaskWithGaps(text: string): boolean {
	const masks = text.matchAll(
		/ --(?:ct(?:orig|repl)(?:src|dst)|tunnel-(?:src|dst)|vaddr|to|connlimit-mask|hmark-(?:src|dst)-prefix)[ =]+(?:[^\s/]+\/)?([\d.]+)/g,
	);
	return [...masks].some(([, mask = ""]) => {
		const address = parseAddress(mask);
		return address !== null && prefixLength(address) === null;
	});
}

/** iptables-save prints nothing of it, or something else. */
function hasWholeInterface(text: string): boolean {
	return / (-i|--in-interface|-o|--out-interface)[ =]*\+(?=\s|$)/.test(text);
}

/** What iptables-save prints has it behind the address, or not at all. */
function hasPersistentInFront(text: string): boolean {
	return / --persistent .*--to-source /.test(text);
}

/** Does it declare a chain by the name of a target? */
function declaresTarget(text: string): boolean {
	const declared = text.matchAll(/^:\s*(\S+)/gm);
	return [...declared].some(([, name = ""]) => targets.has(name));
}

/** Does `-F` stand alone below a rule of its table? */
function flushesWhatItRestores(text: string): boolean {
	if (isShellScript(text)) return false;
	let hasRule = false;
	for (const line of text.split("\n")) {
		if (line.startsWith("*")) hasRule = false;
		else if (/^(\[\d+:\d+\] )?-[AI] /.test(line)) hasRule = true;
		else if (/^(-F|--flush)\s*$/.test(line) && hasRule) return true;
	}
	return false;
}

/** Are these words in it, as iptables-save prints it? */
function has(words: RegExp): Touches {
	return ({ at }) => words.test(at.text);
}

/** Does iptables-save print it in another way, since this differs? */
function printsOtherwise(name: DifferenceName): Touches {
	return ({ rule, chain }, { from, to }) => {
		const changed = { ...from, [name]: to[name] };
		return (
			printRule(rule, chain.name, from) !== printRule(rule, chain.name, changed)
		);
	};
}

/** May a packet of this protocol meet it, and has it to do with connections? */
function tracks(wanted: number): Touches {
	return (placed) => {
		const { protocol, protocolInverted } = placed.rule.header;
		const isOther =
			protocol !== 0 && (protocol === wanted) === protocolInverted;
		return !isOther && asksForConnections(placed);
	};
}

/** Does it have a match or a target for which the kernel tracks connections? */
function asksForConnections({ rule }: PlacedRule): boolean {
	const { target } = rule;
	const asks = (
		use: { readonly name: string; readonly options: never },
		extensions: ReadonlyMap<string, { readonly needsConntrack?: unknown }>,
	): boolean => {
		const needs = extensions.get(use.name)?.needsConntrack;
		return typeof needs === "function"
			? needs(use.options) === true
			: needs === true;
	};
	return (
		rule.matches.some((use) => asks(use as never, matches as never)) ||
		(target?.kind === "extension" && asks(target as never, targets as never))
	);
}

/** Does it send connections to one of several ports, none of which it draws itself? */
function picksPort({ rule, at }: PlacedRule): boolean {
	if (translatedBy(rule.target) !== "destination") return false;
	const range = /:(\d+)-(\d+)(?= |$)| --to-ports (\d+)-(\d+)(?= |$)/.exec(
		at.text,
	);
	const [, least, greatest, first = least, last = greatest] = range ?? [];
	return first !== last && !/ --random\b/.test(at.text);
}

/** Does it have a match that remembers something from packet to packet? */
function remembers({ rule }: PlacedRule): boolean {
	return rule.matches.some(({ name }) => matches.get(name)?.cell !== undefined);
}
