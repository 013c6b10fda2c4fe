/** Entries and packets that nothing in a play could make: that there was none of them shows nothing. */
import type { ConntrackFilter } from "../../../sim/contract/gateway.ts";
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import type { MarkUse } from "../../../sim/extension/traits.ts";
import { ICMP } from "../../../sim/kernel.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { formatAddress, parseAddress } from "../../../sim/packet/address.ts";
import { checkRuleset } from "../../../sim/ruleset/parse.ts";
import { comparisonsOf, marksOf } from "../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import { LOOPBACK } from "../../../sim/world/setup/services.ts";
import type { Expectation, Scenario } from "../../language/scenario.ts";
import { counted, nounOf } from "../../result/finding.ts";

export interface Play {
	readonly setup: Scenario["setup"];
	readonly steps: Scenario["steps"];
	readonly account: Account;
	/** Is there a sign of a packet of one of these protocols, by the time that is judged? */
	wasSent(protocols: ReadonlySet<number>): boolean;
}

type About<Kind extends Expectation["kind"]> = Extract<
	Expectation,
	{ readonly kind: Kind }
>;

/** Why no entry could be more than are allowed; `null`: one could. */
export function whyNeverTracked(
	{ filter, atLeast, atMost }: About<"conntrack">,
	play: Play,
): string | null {
	if (atLeast > 0) return null;
	if (atMost > 0) return whyNeverMore(atMost, play);
	const mark = (filter.mark ?? 0) >>> 0;
	if (mark !== 0 && !mayBeMarked("connection", mark, play))
		return `no rule gives a connection the mark ${mark}`;
	return strangerAmong(addressesOf(filter), play);
}

/** Why no packet of the play fits what a rule asks for; `null`: one may. */
export function whyNeverFits(rule: Rule, play: Play): string | null {
	for (const { mark: whose, does, inverted, value } of marksOf(rule)) {
		if (does !== "reads" || inverted || value === null) continue;
		if (value !== 0 && !mayBeMarked(whose, value >>> 0, play))
			return `no rule gives a ${whose} the mark ${value >>> 0}`;
	}
	const asked = comparisonsOf(rule).filter(
		({ fields, inverted }) =>
			!inverted &&
			fields.every((field) => field === "source" || field === "destination"),
	);
	const known = asked.length === 0 ? null : knownRanges(play);
	if (known === null) return null;
	const isKnown = ([from, to]: Range) =>
		known.some(([least, most]) => least <= to && from <= most);
	for (const { ranges } of asked) {
		const [first] = ranges;
		if (first !== undefined && !ranges.some(isKnown))
			return `no host, rule or step has ${addressWords(first)}`;
	}
	return null;
}

function addressWords([least, most]: Range): string {
	const from = formatAddress(least | 0);
	return least === most
		? `the address ${from}`
		: `an address of ${from}-${formatAddress(most | 0)}`;
}

/** Why no packet could fit any of the patterns; `null`: one could. */
export function whyNeverSent(
	{ packets, atMost }: About<"packets-counted">,
	play: Play,
): string | null {
	if (atMost > 0) return null;
	const found = packets.map((pattern) => strangerAmong(endsIn(pattern), play));
	return found.every((why) => why !== null) ? (found[0] ?? null) : null;
}

/**
 * A flow has an entry, or two where its answers belong to none that there is; so has what is sent by hand, and what a
 * health checker asks.
 */
function whyNeverMore(
	atMost: number,
	{ steps, account: { connections, events, observations, packets } }: Play,
): string | null {
	const byHand = steps.reduce((sum, step) => {
		if (step.kind === "packet") return sum + 1;
		return step.kind === "race" ? sum + step.packets.length : sum;
	}, 0);
	const probes = events.filter(({ kind }) => kind === "probe").length;
	const seen = observations.map(({ observation }) => observation.conntrack);
	const most = Math.max(
		2 * (connections.length + byHand + probes),
		packets.length,
		...seen.map(({ length }) => length),
	);
	return atMost >= most
		? `${counted(connections.length, nounOf(connections))} and ${counted(byHand + probes, "other packet")} make no more entries than ${most}`
		: null;
}

/**
 * May rules that the play has at any time give a packet, or a connection, all bits of a mark? Those for protocols of
 * which nothing was sent give none.
 */
function mayBeMarked(
	whose: MarkUse["mark"],
	mark: number,
	play: Play,
): boolean {
	const rulesets = rulesetsOf(play);
	if (rulesets === null) return true;
	let bits = 0;
	for (const { tables } of rulesets)
		for (const { chains } of tables)
			for (const { rules } of chains)
				for (const use of rules
					.filter((rule) => mayBeMet(rule, play))
					.flatMap(marksOf))
					if (use.mark === whose && use.does === "writes")
						bits |= use.value ?? use.bits;
	return (mark & ~bits) === 0;
}

/** Why the gateway sends no SYN/ACK of its own; `null`: it may. */
export function whyNeverSynAck(
	play: Pick<Play, "setup" | "steps" | "account">,
): string | null {
	const { backends, gateway } = play.setup;
	const rulesets = rulesetsOf(play);
	const isOwn =
		gateway.listeners.length > 0 ||
		backends.some((one) => one.interface === LOOPBACK);
	if (rulesets === null || isOwn) return null;
	const mayAnswer = rulesets.some(({ tables }) =>
		tables.some(({ chains }) =>
			chains.some(({ rules }) => rules.some(answersSyn)),
		),
	);
	return mayAnswer
		? null
		: "no rule answers a SYN, and no program of the gateway listens";
}

function answersSyn({ target }: Rule): boolean {
	return (
		target?.kind === "extension" &&
		targets.get(target.name)?.answersSyn === true
	);
}

function mayBeMet({ header }: Rule, { wasSent }: Play): boolean {
	const { protocol, protocolInverted } = header;
	// The gateway itself, and hosts, send errors about any protocol.
	return (
		protocol === 0 ||
		protocolInverted ||
		protocol === ICMP ||
		wasSent(new Set([protocol]))
	);
}

const known = new WeakMap<Account, readonly Ruleset[] | null>();

/** `null`: they are not all known. */
function rulesetsOf(
	play: Pick<Play, "setup" | "steps" | "account">,
): readonly Ruleset[] | null {
	const before = known.get(play.account);
	if (before !== undefined) return before;
	const found = readRulesets(play);
	known.set(play.account, found);
	return found;
}

function readRulesets({
	setup,
	steps,
	account: { observations },
}: Pick<Play, "setup" | "steps" | "account">): readonly Ruleset[] | null {
	const texts = rulesOf({ setup, steps });
	if (texts === null) return null;
	const { linux = DEFAULT_LINUX } = setup.gateway;
	const saved = observations.map(({ observation }) => observation.ruleset);
	const rulesets = [...new Set([...texts, ...saved])].map(
		(text) => checkRuleset(text, { linux }).ruleset,
	);
	return rulesets.every((one) => one !== null) ? rulesets : null;
}

/** Texts of rules that are loaded; `null`: commands change them, or they stand elsewhere. */
function rulesOf({
	setup,
	steps,
}: Pick<Play, "setup" | "steps">): readonly string[] | null {
	const operations = steps.flatMap((step) =>
		step.kind === "operation" ? [step.operation] : [],
	);
	if (operations.some(({ kind }) => kind === "iptables")) return null;
	const loaded = [
		setup.ruleset,
		...operations.filter((one) => one.kind === "restore"),
	];
	const texts = loaded.flatMap((one) => ("text" in one ? [one.text] : []));
	return texts.length === loaded.length ? texts : null;
}

function addressesOf(filter: ConntrackFilter): readonly string[] {
	return [
		filter.originalSource,
		filter.originalDestination,
		filter.replySource,
		filter.replyDestination,
	].filter((one) => one !== undefined);
}

/** `tcp 10.0.0.1:25 > *`: its addresses that are written in full. */
function endsIn(pattern: string): readonly string[] {
	const [, source = "", , destination = ""] = pattern.split(" ");
	return [source, destination].flatMap((end) => {
		const [address = ""] = end.split(":");
		return parseAddress(address) === null ? [] : [address];
	});
}

/** An address that no host has, and that nothing could give to a packet. */
function strangerAmong(
	addresses: readonly string[],
	play: Play,
): string | null {
	if (addresses.length === 0) return null;
	const ranges = knownRanges(play);
	if (ranges === null) return null;
	for (const text of addresses) {
		const address = parseAddress(text);
		if (address === null) continue;
		const value = address >>> 0;
		if (!ranges.some(([least, most]) => least <= value && value <= most))
			return `no host, rule or step has the address ${formatAddress(address)}`;
	}
	return null;
}

type Range = readonly [least: number, most: number];

/** `10.0.0.1`, `10.0.0.0/24`, `10.0.0.1-10.0.0.9`. */
const ADDRESS = /(\d+\.\d+\.\d+\.\d+)(?:\/(\d{1,2})\b|-(\d+\.\d+\.\d+\.\d+))?/g;
/** What a rule asks for, gives no packet an address. */
const ASKED = /(?:^|\s)(?:-s|-d|--source|--destination|--src|--dst)[\s=]+\S+/g;

/**
 * Addresses of hosts, of what steps send, and of what rules write; ranges and networks of the latter. Networks of
 * interfaces and routes are no addresses.
 */
function knownRanges({ setup, steps, account }: Play): readonly Range[] | null {
	const texts = rulesOf({ setup, steps });
	if (texts === null) return null;
	const { ruleset: _, ...around } = setup;
	const others = JSON.stringify([
		around,
		steps.map((step) =>
			step.kind === "operation" && step.operation.kind === "restore"
				? null
				: step,
		),
		[...new Set(account.connections.map(({ client }) => client))],
		account.observations.map(({ observation }) =>
			observation.conntrack.map(({ text }) => text),
		),
	]);
	const seen = account.packets.flatMap(({ packet }) =>
		[packet.source, packet.destination].map(
			(one): Range => [one >>> 0, one >>> 0],
		),
	);
	const written = texts.flatMap((text) =>
		rangesIn(text.replaceAll(ASKED, " "), true),
	);
	return [...NO_HOSTS, ...seen, ...written, ...rangesIn(others, false)];
}

/** What the gateway and hosts have besides, or send to: 0.0.0.0/8, the loopback, multicast and broadcast. */
const NO_HOSTS: readonly Range[] = [
	[0, 0x00ff_ffff],
	[0x7f00_0000, 0x7fff_ffff],
	[0xe000_0000, 0xffff_ffff],
];

function rangesIn(text: string, areWhole: boolean): readonly Range[] {
	return [...text.matchAll(ADDRESS)].flatMap(([, first = "", bits, last]) => {
		const from = parseAddress(first);
		if (from === null) return [];
		const least = from >>> 0;
		if (!areWhole) return [[least, least] as const];
		if (last !== undefined)
			return [[least, (parseAddress(last) ?? from) >>> 0] as const];
		const size = 2 ** (32 - Number(bits ?? 32));
		const base = Math.floor(least / size) * size;
		return [[base, base + size - 1] as const];
	});
}
