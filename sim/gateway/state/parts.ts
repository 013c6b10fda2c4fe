/**
 * The parts of a gateway's record that change, each with how it is copied, put back and seen. Whatever
 * a packet, time or an operation can change is in one of them. What else stands in the record is fixed
 * (the setup), follows from the parts (compiled rules, caches, the order of hooks), or is scratch.
 */
import { invariant } from "../../invariant.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { copyOfSkb } from "../../packet/skb/skb-packet.ts";
import type { Stateful } from "../../stateful.ts";
import { FragmentQueue } from "./fragment-queue.ts";
import type {
	GatewayState,
	GatewayTimer,
	IcmpBucket,
	IcmpPeer,
	Neighbour,
	TimedOut,
	WaitingFragments,
} from "./gateway-state.ts";

/** As `Stateful`, of a gateway that no packet walks through at the moment. */
interface Part<Saved = unknown> {
	save(gateway: GatewayState): Saved;
	restore(gateway: GatewayState, saved: Saved): void;
	/** Left out: what `save` gives. */
	seen?(gateway: GatewayState): unknown;
}

/** Copies of all parts, by their names. */
export type SavedParts = ReadonlyMap<string, unknown>;

const TABLES = "tables";

/** In the order in which they are put back: what a part needs stands before it. */
export const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
	["time", owned((gateway) => gateway.timers)],
	["choice", owned((gateway) => gateway.choice.state)],
	["settings", owned((gateway) => gateway.settings.sysctls)],
	["routes", owned((gateway) => gateway.routes)],
	["own-ports", owned((gateway) => gateway.ownPorts)],
	["sets", owned((gateway) => gateway.sets)],
	[TABLES, owned((gateway) => gateway.tables)],
	["conntrack", owned((gateway) => gateway.conntrack)],
	[
		"neighbours",
		part({
			save: saveNeighbours,
			restore: restoreNeighbours,
			seen: seenNeighbours,
		}),
	],
	[
		"fragments",
		part({
			save: saveFragments,
			restore: restoreFragments,
			seen: seenFragments,
		}),
	],
	["icmp-limits", part({ save: saveIcmpLimits, restore: restoreIcmpLimits })],
	["syn-cookies", owned((gateway) => gateway.synCookies)],
	[
		"packets",
		part({ save: savePackets, restore: restorePackets, seen: seenPackets }),
	],
]);

export function saveParts(gateway: GatewayState): SavedParts {
	return new Map([...PARTS].map(([name, one]) => [name, one.save(gateway)]));
}

export function restoreParts(gateway: GatewayState, saved: SavedParts): void {
	for (const [name, one] of PARTS) one.restore(gateway, saved.get(name));
	// Which table is walked where follows from the tables.
	gateway.hooks = null;
}

/** Puts rules back alone: tracking begins where they ask for it and those that stand do not. */
export function restoreRules(gateway: GatewayState, saved: SavedParts): void {
	const { tables, conntrack } = gateway;
	const tracked = tables.needsConntrack;
	PARTS.get(TABLES)?.restore(gateway, saved.get(TABLES));
	gateway.hooks = null;
	if (!tracked && tables.needsConntrack) conntrack.resume();
}

/** All that can be seen of the parts, as data for `hashOf`. */
export function seenParts(gateway: GatewayState): unknown {
	return new Map(
		[...PARTS].map(([name, one]) => [
			name,
			one.seen?.(gateway) ?? one.save(gateway),
		]),
	);
}

/** A part that copies itself. */
function owned<Saved>(of: (gateway: GatewayState) => Stateful<Saved>): Part {
	return part<Saved>({
		save: (gateway) => of(gateway).save(),
		restore: (gateway, saved) => of(gateway).restore(saved),
		seen: of,
	});
}

/** Forgets what a part saves: only the part itself asks. */
function part<Saved>(one: Part<Saved>): Part {
	return one as Part<unknown>;
}

interface SavedNeighbours {
	readonly known: readonly Neighbour[];
	readonly reachableMs: number | null;
	readonly givenUp: number;
	readonly timedOut: readonly TimedOut[];
}

function saveNeighbours({ neighbours }: GatewayState): SavedNeighbours {
	const { known, reachableMs, givenUp, timedOut } = neighbours;
	const saved = listed(known).map(copyOfNeighbour);
	return { known: saved, reachableMs, givenUp, timedOut };
}

function restoreNeighbours(
	{ neighbours, timers }: GatewayState,
	{ known, reachableMs, givenUp, timedOut }: SavedNeighbours,
): void {
	neighbours.known.length = 0;
	for (const saved of known) {
		const { interfaceIndex, address } = saved;
		neighbours.known[interfaceIndex] ??= new Map();
		neighbours.known[interfaceIndex].set(address, copyOfNeighbour(saved));
	}
	for (const timer of timers.waiting) {
		if (timer.task.kind !== "neighbour") continue;
		const { interfaceIndex, address } = timer.task;
		const neighbour = neighbours.known[interfaceIndex]?.get(address);
		if (neighbour !== undefined) neighbour.timer = timer;
	}
	for (const cache of neighbours.recent) cache?.clear();
	neighbours.reachableMs = reachableMs;
	neighbours.givenUp = givenUp;
	neighbours.timedOut = timedOut;
}

/** One that failed is left out by multipath routes. How many were given up, and when, has no effect on packets. */
function seenNeighbours(gateway: GatewayState): unknown {
	const { known, reachableMs } = gateway.neighbours;
	const seen = listed(known).map(
		({ interfaceIndex, address, state, probes, queue }) => {
			const isAsked = state === "incomplete" || state === "probe";
			return {
				interfaceIndex,
				address,
				state,
				probes: isAsked ? probes : 0,
				queue: queue.map((skb) => seenSkb(gateway, skb)),
			};
		},
	);
	return { known: new Set(seen), reachableMs };
}

function listed(known: GatewayState["neighbours"]["known"]): Neighbour[] {
	return known.flatMap((ofLink) => [...ofLink.values()]);
}

/** Its timer is among those of the gateway. */
function copyOfNeighbour(neighbour: Neighbour): Neighbour {
	return {
		...neighbour,
		timer: null,
		queue: neighbour.queue.map(copyOfSkb),
	};
}

interface SavedFragments {
	readonly waiting: readonly {
		readonly key: string;
		readonly by: WaitingFragments["by"];
		readonly sender: WaitingFragments["sender"];
		readonly sentBefore: number;
		readonly queue: ReturnType<FragmentQueue["save"]>;
	}[];
	readonly sentBy: ReadonlyMap<number, number>;
}

function saveFragments({ fragments }: GatewayState): SavedFragments {
	const { waiting, sentBy } = fragments;
	return {
		waiting: [...waiting].map(([key, { by, sender, sentBefore, queue }]) => {
			return { key, by, sender, sentBefore, queue: queue.save() };
		}),
		sentBy: new Map(sentBy),
	};
}

function restoreFragments(
	{ fragments, timers }: GatewayState,
	{ waiting, sentBy }: SavedFragments,
): void {
	const byKey = new Map<string, GatewayTimer>();
	for (const timer of timers.waiting)
		if (timer.task.kind === "fragments") byKey.set(timer.task.key, timer);
	fragments.waiting.clear();
	for (const { key, by, sender, sentBefore, queue: saved } of waiting) {
		const queue = new FragmentQueue();
		queue.restore(saved);
		const timer = byKey.get(key);
		invariant(timer !== undefined, `fragments ${key} wait for ever`);
		fragments.waiting.set(key, { by, sender, sentBefore, queue, timer });
	}
	fragments.sentBy.clear();
	for (const [sender, sent] of sentBy) fragments.sentBy.set(sender, sent);
}

function seenFragments(gateway: GatewayState): unknown {
	const { waiting, sentBy } = saveFragments(gateway);
	const seen = waiting.map(({ queue, ...rest }) => {
		const pieces = queue.pieces.map((piece) => {
			return { ...piece, skb: seenSkb(gateway, piece.skb) };
		});
		return { ...rest, queue: { ...queue, pieces } };
	});
	return { waiting: new Set(seen), sentBy };
}

interface SavedIcmpLimits {
	readonly peers: ReadonlyMap<number, IcmpPeer>;
	readonly buckets: readonly IcmpBucket[];
}

function saveIcmpLimits({ icmpLimits }: GatewayState): SavedIcmpLimits {
	const { peers, bucket, least, most } = icmpLimits;
	return {
		peers: new Map([...peers].map(([address, peer]) => [address, { ...peer }])),
		buckets: [bucket, least, most].map((one) => ({ ...one })),
	};
}

function restoreIcmpLimits(
	{ icmpLimits }: GatewayState,
	saved: SavedIcmpLimits,
): void {
	const { peers, bucket, least, most } = icmpLimits;
	peers.clear();
	for (const [address, peer] of saved.peers) peers.set(address, { ...peer });
	for (const [index, one] of [bucket, least, most].entries())
		Object.assign(one, saved.buckets[index]);
}

/** What was made up and has not walked yet, or not to its end, and what came out and was not fetched. */
interface SavedPackets {
	readonly made: readonly Skb[];
	readonly backlog: readonly Skb[];
	readonly emissions: GatewayState["emissions"];
}

function savePackets({ made, backlog, emissions }: GatewayState): SavedPackets {
	return {
		made: made.map(copyOfSkb),
		backlog: backlog.map(copyOfSkb),
		emissions: [...emissions],
	};
}

function restorePackets(gateway: GatewayState, saved: SavedPackets): void {
	for (const name of ["made", "backlog"] as const)
		gateway[name].splice(0, Infinity, ...saved[name].map(copyOfSkb));
	gateway.emissions = [...saved.emissions];
}

/** Nothing is in the backlog between two answers. */
function seenPackets(gateway: GatewayState): unknown {
	const made = gateway.made.map((skb) => seenSkb(gateway, skb));
	return { made, emissions: gateway.emissions };
}

/** A packet that waits: its connection by what it is, not by where it lies. `original` is the same once more. */
function seenSkb({ conntrack }: GatewayState, skb: Skb): unknown {
	return { ...skb, original: null, entry: conntrack.seenEntry(skb.entry) };
}
