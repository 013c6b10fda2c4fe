/** What a fuzz has met, counted, and what it should have met: plain data, so that shards can be added up. */

import {
	FLAG_CLASSES,
	type FlagClass,
	TCP_TRANSITIONS,
} from "../../sim/conntrack/tcp/tcp-states.ts";
import type { ConntrackLine, Operation } from "../../sim/contract/gateway.ts";
import type { Need } from "../../sim/contract/need.ts";
import type { Rule, Ruleset } from "../../sim/contract/ruleset.ts";
import {
	TCP_STATE_NAMES,
	type TcpStateName,
} from "../../sim/contract/tcp-state-name.ts";
import { matches } from "../../sim/matches/index.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import {
	ACK,
	FIN,
	RST,
	SYN,
	type TcpPacket,
	type UdpPacket,
} from "../../sim/packet/packet.ts";
import { TABLE_HOOKS } from "../../sim/ruleset/base/tables.ts";
import { targets } from "../../sim/targets/index.ts";
import type { MatchUse, TargetUse } from "./extensions/use.ts";
import { MATCH_USES, TARGET_USES } from "./extensions/uses.ts";
import { SET_TYPES, typeOfSet } from "./world/sets.ts";

/** In each: how often what was met. */
export interface Coverage {
	readonly matches: Counts;
	readonly targets: Counts;
	/** `raw PREROUTING`: rules or the policy of that built-in chain were met by a packet. */
	readonly hooks: Counts;
	/** `original syn SYN_SENT`: a segment of this class met an entry in this state, in this direction. */
	readonly transitions: Counts;
	/** `reply UNREPLIED`: a datagram in this direction met an entry that was so. */
	readonly datagrams: Counts;
	readonly operations: Counts;
	/** `match hash:ip`, `SET hash:ip`: by the type of the set that the rule names. */
	readonly sets: Counts;
	/** What was sent. */
	readonly packets: Counts;
	/** What the model did not know. */
	readonly unknown: Counts;
}
type Counts = Map<string, number>;
export type CoverageKind = keyof Coverage;

export const COVERAGE_KINDS = [
	"matches",
	"targets",
	"hooks",
	"transitions",
	"datagrams",
	"operations",
	"sets",
	"packets",
	"unknown",
] as const satisfies readonly CoverageKind[];

export function noCoverage(): Coverage {
	return {
		matches: new Map(),
		targets: new Map(),
		hooks: new Map(),
		transitions: new Map(),
		datagrams: new Map(),
		operations: new Map(),
		sets: new Map(),
		packets: new Map(),
		unknown: new Map(),
	};
}

export function count(counts: Counts, what: string, times = 1): void {
	counts.set(what, (counts.get(what) ?? 0) + times);
}

export function addCoverage(to: Coverage, from: Coverage): void {
	for (const kind of COVERAGE_KINDS)
		for (const [what, times] of from[kind]) count(to[kind], what, times);
}

/** Which rules packets have met, told by their counters: to be called before these are lost. */
export function coverRules(coverage: Coverage, { tables }: Ruleset): void {
	for (const { name: table, chains } of tables)
		for (const { name: chain, policy, counters, rules } of chains) {
			const isMet = (one: { readonly packets: number }) => one.packets > 0;
			if (
				policy !== null &&
				(isMet(counters) || rules.some((rule) => isMet(rule.counters)))
			)
				count(coverage.hooks, `${table} ${chain}`);
			for (const rule of rules) {
				if (!isMet(rule.counters)) continue;
				for (const match of rule.matches) count(coverage.matches, match.name);
				coverSets(coverage, rule);
				const { target } = rule;
				if (target === null) count(coverage.targets, "none");
				else if (target.kind === "extension" || target.kind === "verdict")
					count(coverage.targets, target.name);
				else count(coverage.targets, target.kind);
			}
		}
}

function coverSets(coverage: Coverage, rule: Rule): void {
	const { target, header } = rule;
	const note = (what: string, needs: readonly Need[] | undefined) => {
		for (const { kind, name } of needs ?? []) {
			const type = kind === "set" ? typeOfSet(name) : null;
			if (type !== null) count(coverage.sets, `${what} ${type}`);
		}
	};
	for (const { name, options } of rule.matches)
		note("match", matches.get(name)?.needs?.(options, header));
	if (target?.kind === "extension")
		note(
			target.name,
			targets.get(target.name)?.needs?.(target.options, header),
		);
}

/** Which transition a segment is about to make. */
export function coverSegment(
	coverage: Coverage,
	packet: TcpPacket,
	entries: readonly ConntrackLine[],
): void {
	const flagClass = classOf(packet.flags);
	const found = entryOf(packet, entries);
	const [direction, state] =
		found === null
			? (["original", "NONE"] as const)
			: ([found.direction, found.entry.state as TcpStateName] as const);
	count(coverage.transitions, transitionName(direction, flagClass, state));
}

/** Which entry a datagram is about to meet. */
export function coverDatagram(
	coverage: Coverage,
	packet: UdpPacket,
	entries: readonly ConntrackLine[],
): void {
	const found = entryOf(packet, entries);
	const name =
		found === null
			? "original NONE"
			: `${found.direction} ${datagramState(found.entry)}`;
	count(coverage.datagrams, name);
}

const DATAGRAM_STATES = ["UNREPLIED", "REPLIED", "ASSURED"] as const;

function datagramState({
	unreplied,
	assured,
}: ConntrackLine): (typeof DATAGRAM_STATES)[number] {
	if (unreplied) return "UNREPLIED";
	return assured ? "ASSURED" : "REPLIED";
}

function entryOf(
	packet: TcpPacket | UdpPacket,
	entries: readonly ConntrackLine[],
): {
	readonly entry: ConntrackLine;
	readonly direction: "original" | "reply";
} | null {
	const is = (tuple: ConntrackLine["original"]) =>
		tuple.sourcePort === packet.sourcePort &&
		tuple.destinationPort === packet.destinationPort &&
		tuple.source === formatAddress(packet.source) &&
		tuple.destination === formatAddress(packet.destination);
	for (const entry of entries) {
		if (entry.protocol !== packet.kind) continue;
		if (is(entry.original)) return { entry, direction: "original" };
		if (is(entry.reply)) return { entry, direction: "reply" };
	}
	return null;
}

function classOf(flags: number): FlagClass {
	if ((flags & RST) !== 0) return "rst";
	if ((flags & SYN) !== 0) return (flags & ACK) !== 0 ? "synack" : "syn";
	if ((flags & FIN) !== 0) return "fin";
	return (flags & ACK) !== 0 ? "ack" : "none";
}

function transitionName(
	direction: "original" | "reply",
	flagClass: FlagClass,
	state: TcpStateName,
): string {
	return `${direction} ${flagClass} ${state}`;
}

/** Everything that could be met and is modelled; `null` where nobody can say what all is. */
function universe(kind: CoverageKind): readonly string[] | null {
	switch (kind) {
		case "matches":
			return modelled(matches, MATCH_USES);
		case "targets":
			return [
				...modelled(targets, TARGET_USES),
				"ACCEPT",
				"DROP",
				"RETURN",
				"jump",
				"goto",
				"none",
			];
		case "hooks":
			return Object.entries(TABLE_HOOKS).flatMap(([table, hooks]) =>
				table === "security" ? [] : hooks.map((hook) => `${table} ${hook}`),
			);
		case "transitions":
			return ALL_TRANSITIONS;
		case "datagrams":
			return ALL_DATAGRAMS;
		case "operations":
			return [...Object.values(OPERATIONS_OF).flat(), ...CHANGES];
		case "sets":
			return ["match", "SET"].flatMap((use) =>
				SET_TYPES.map((type) => `${use} ${type}`),
			);
		case "packets":
			return PACKETS;
		case "unknown":
			return null;
	}
}

/** An entry is there before a reply can be: NONE has no reply direction. */
const ALL_TRANSITIONS = (["original", "reply"] as const).flatMap((direction) =>
	FLAG_CLASSES.flatMap((flagClass) =>
		TCP_STATE_NAMES.filter(
			(state) => direction === "original" || state !== "NONE",
		)
			.filter((state) => state in TCP_TRANSITIONS[direction][flagClass])
			.map((state) => transitionName(direction, flagClass, state)),
	),
);

const ALL_DATAGRAMS = [
	"original NONE",
	...DATAGRAM_STATES.flatMap((state) => [
		`original ${state}`,
		`reply ${state}`,
	]),
];

const SET_VERBS = [
	"add",
	"del",
	"test",
	"flush",
	"swap",
	"create",
	"destroy",
	"rename",
	"restore",
];

/** By the kind of operation: what those that the fuzz carries out count as. */
const OPERATIONS_OF: Readonly<Record<Operation["kind"], readonly string[]>> = {
	restore: [
		"reload",
		"reload --noflush",
		"reload --counters",
		"another ruleset",
		"half a reload",
	],
	iptables: ["-A", "-I", "-R", "-D", "-F", "-Z", "-N", "-X", "-P"].map(
		(verb) => `iptables ${verb}`,
	),
	condition: ["condition"],
	evict: ["evict"],
	// `full`: the one that makes no entry fit any more.
	sysctl: ["sysctl", "full"],
	link: ["link"],
	ip: ["ip rule", "ip route", "ip addr", "ip link", "ip link mtu", "ip neigh"],
	ipset: SET_VERBS.map((verb) => `ipset ${verb}`),
	"forget-neighbour": ["forget-neighbour"],
	"take-over": ["take-over"],
};

/** What changes around the gateway. */
const CHANGES = [
	"program refuse",
	"program up",
	"neighbour vanish",
	"neighbour silent",
	"neighbour up",
	"carrier lost",
	"carrier back",
	"announce by gateway",
	"announce by other",
];

/** What an operation counts as. */
export function operationName(operation: Operation): string {
	if (operation.kind === "ipset") {
		const words = operation.command.split(" ");
		return `ipset ${words.find((word) => !word.startsWith("-"))}`;
	}
	if (operation.kind === "ip") {
		const command = operation.command.split(" ").slice(0, 2).join(" ");
		return operation.command.startsWith("ip link") &&
			operation.command.includes(" mtu ")
			? `${command} mtu`
			: command;
	}
	if (operation.kind !== "iptables") return operation.kind;
	const verb = /(?:^|\s)(-[A-Z])(?=\s|$)/.exec(operation.command)?.[1] ?? "";
	return `iptables ${verb}`;
}

const PACKETS = [
	"tcp",
	"udp",
	"icmp",
	"icmp error",
	"other",
	"from the box",
	"from a program tcp",
	"from a program udp",
	"from an unbound program tcp",
	"from an unbound program udp",
	"to a program tcp",
	"to a program udp",
	"to a program icmp",
	"checksum wrong",
	"checksum none",
	"fragment",
	"cut for a link",
	"too big for a link",
	"race",
	"lost race",
	"dialogue smtp",
	"dialogue http",
	"dialogue echo",
	"dialogue silent",
];

function modelled(
	extensions: ReadonlyMap<
		string,
		{ readonly name: string; readonly compile: unknown }
	>,
	uses: ReadonlyMap<string, MatchUse | TargetUse>,
): readonly string[] {
	const isLeftOut = ({ leftOut, neverMet }: MatchUse | TargetUse) =>
		(leftOut ?? neverMet) !== undefined;
	const names = [...extensions.values()]
		.filter(
			({ name, compile }) =>
				compile !== null && !isLeftOut(uses.get(name) ?? {}),
		)
		.map(({ name }) => name);
	return [...new Set(names)];
}

/** What should have been met, and was not. */
export function holes(
	coverage: Coverage,
	kind: CoverageKind,
): readonly string[] {
	return (universe(kind) ?? []).filter((what) => !coverage[kind].has(what));
}
