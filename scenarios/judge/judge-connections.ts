/** Expectations about where connections went and how they ended. */

import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { ANSWER_NAMES } from "../../sim/world/account/answer-names.ts";
import type { CountedOutcome, ExpectationKind } from "../language/scenario.ts";
import { matchesPattern } from "../language/schema/match-pattern.ts";
import {
	bounds,
	counted,
	type Finding,
	filterWords,
	finding,
	NONE_FITS,
	nounOf,
	selected,
	showsNothing,
} from "../result/finding.ts";
import { isLate, servingOf } from "../result/serving.ts";
import { type Planned, whyNoneEnds } from "./never/never-ends.ts";
import { whyNeverSynAck } from "./never/never-seen.ts";

type Of<Kind extends ExpectationKind["kind"]> = Extract<
	ExpectationKind,
	{ readonly kind: Kind }
>;

/** A line of backends longer than this is cut around its first difference. */
const MOST_BACKENDS_SHOWN = 24;

export function judgeOrder(given: Of<"order">, account: Account): Finding {
	const connections = selected(account.connections, given.of);
	const seen = connections.map((connection) => connection.backend);
	const length = Math.max(seen.length, given.backends.length);
	let first = 0;
	while (first < length && seen[first] === given.backends[first]) first++;
	const holds = first === length;
	const which = filterWords(given.of);
	const noun = nounOf(connections);
	const from = Math.max(
		0,
		Math.min(first - MOST_BACKENDS_SHOWN / 2, length - MOST_BACKENDS_SHOWN),
	);
	const difference = holds
		? ""
		: ` (${noun} ${first + 1} is the first that differs)`;
	return finding(holds, {
		expected: `${sequence(given.backends, holds ? 0 : from)}${which === "" ? "" : ` (the ${noun}s${which})`}`,
		seen: `${sequence(seen, holds ? 0 : from)}${difference}`,
		concerned: holds ? [] : connections.slice(first, first + 1),
	});
}

export function judgeAvoided(given: Of<"avoided">, account: Account): Finding {
	const connections = selected(account.connections, given.of);
	const there = connections.filter(({ met, backend }) =>
		[...met, backend].includes(given.backend),
	);
	const found = finding(connections.length > 0 && there.length === 0, {
		expected: `none of the ${nounOf(connections)}s${filterWords(given.of)} at ${given.backend}`,
		seen: share(there, connections, firstAt(there, given.backend)),
		concerned: there,
	});
	return unlessUnmet(found, connections);
}

/** Where connections go is shown by those alone that reached a backend. */
function unlessUnmet(
	found: Finding,
	connections: readonly ConnectionRecord[],
): Finding {
	const isUnmet = connections.every(
		({ met, backend }) => met.length === 0 && backend === null,
	);
	return found.outcome === "holds" && isUnmet
		? showsNothing(found, `no ${nounOf(connections)} reached any backend`)
		: found;
}

export function judgeAffinity(
	given: Of<"affinity">,
	account: Account,
): Finding {
	const connections = selected(account.connections, given.of);
	const moved = connections.filter(({ met }) => met.length > 1);
	const found = finding(connections.length > 0 && moved.length === 0, {
		expected: `one backend for all packets of each ${nounOf(connections)}${filterWords(given.of)}`,
		seen: describeMoved(moved, connections),
		concerned: moved,
	});
	return unlessAlone(unlessUnmet(found, connections), connections, 0);
}

export function judgeMoved(given: Of<"moved">, account: Account): Finding {
	const connections = selected(account.connections, given.of);
	const moved = connections.filter(({ met }) => met.length > 1);
	const found = finding(within(given, moved.length, connections.length), {
		expected: `${bounds(given.atLeast, given.atMost)} of the ${nounOf(connections)}s${filterWords(given.of)} at more than one backend`,
		seen: describeMoved(moved, connections),
		// Of too few there is nobody to name: every other one stayed where it was.
		concerned: moved.length < given.atLeast ? [] : moved,
	});
	const open = unlessOpen(found, given, connections.length);
	const met = unlessUnmet(open, connections);
	return given.atLeast > 0 ? met : unlessAlone(met, connections, given.atMost);
}

/** A packet that is the only one of its connection goes to one backend, whatever the rules are. */
function unlessAlone(
	found: Finding,
	connections: readonly ConnectionRecord[],
	atMost: number,
): Finding {
	if (found.outcome !== "holds") return found;
	const several = connections.filter((one) => !isOfOnePacket(one)).length;
	if (several > atMost) return found;
	const noun = nounOf(connections);
	return showsNothing(
		found,
		several === 0
			? `each ${noun} sent one ${noun === "flow" ? "datagram" : "packet"} alone`
			: `${counted(several, noun)} alone sent more than one packet`,
	);
}

/** A SYN that is refused is the only one; of flows that real clients send it is not known. */
function isOfOnePacket({
	protocol,
	datagrams,
	syns,
	connectedMs,
}: ConnectionRecord): boolean {
	if (protocol === "udp") return (datagrams?.sent ?? 2) <= 1;
	return connectedMs === null && syns <= 1;
}

function describeMoved(
	moved: readonly ConnectionRecord[],
	all: readonly ConnectionRecord[],
): string {
	if (all.length === 0) return NONE_FITS;
	const example = moved[0];
	const which = example
		? `, the first one ${example.met.join(", then ")} (port ${example.sourcePort})`
		: "";
	return `${moved.length} of ${counted(all.length, nounOf(all))} met more than one${which}`;
}

export function judgeOutcomes(
	given: Of<"outcomes">,
	account: Account,
	{ steps, setup }: Omit<Planned, "connections">,
): Finding {
	const connections = selected(account.connections, given.of);
	const fitting = connections.filter((it) => endedAs(it, given.outcome));
	const tally = new Map<string, number>();
	for (const { outcome } of connections)
		tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
	const others = [...tally].map(([outcome, count]) => `${outcome} ${count}`);
	const holds = within(given, fitting.length, connections.length);
	const found = finding(holds, {
		expected: `${bounds(given.atLeast, given.atMost)} of the ${nounOf(connections)}s${filterWords(given.of)} ${given.outcome}`,
		seen: share(fitting, connections, ` (${others.join(", ")})`),
		concerned: holds ? [] : telling(given, fitting, connections),
	});
	return unlessImpossible(
		unlessOpen(found, given, connections.length),
		given,
		connections,
		{ steps, setup, connections: account.connections },
	);
}

/** That none came to what none of them can come to. */
function unlessImpossible(
	found: Finding,
	{ outcome }: Of<"outcomes">,
	connections: readonly ConnectionRecord[],
	planned: Planned,
): Finding {
	if (found.outcome !== "holds") return found;
	const why = whyNoneEnds(connections, outcome, planned);
	return why === null ? found : showsNothing(found, why);
}

export function endedAs(
	connection: ConnectionRecord,
	wanted: CountedOutcome,
): boolean {
	if (wanted === "accepted") return connection.accepted;
	if (wanted === "lost") return servingOf(connection) === "lost";
	if (wanted === "late") return isLate(connection);
	return connection.outcome === wanted;
}

export function judgeGatewayAnswered(
	given: Of<"gateway-answered">,
	account: Account,
	{ steps, setup }: Omit<Planned, "connections">,
): Finding {
	const connections = selected(account.connections, given.of);
	const answered = connections.filter(({ gatewayAnswers }) =>
		gatewayAnswers.some((answer) => matchesPattern(answer, given.answer)),
	);
	const all = connections.flatMap(({ gatewayAnswers }) => gatewayAnswers);
	const kinds = [...new Set(all)].join(", ");
	const found = finding(within(given, answered.length, connections.length), {
		expected: `the gateway answers ${given.answer} to ${bounds(given.atLeast, given.atMost)} of the ${nounOf(connections)}s${filterWords(given.of)}`,
		seen: share(answered, connections, kinds ? ` (it said ${kinds})` : ""),
		concerned: telling(given, answered, connections),
	});
	const isOfDatagrams = connections.every(({ protocol }) => protocol === "udp");
	const meant = ANSWER_NAMES.filter((name) =>
		matchesPattern(name, given.answer),
	);
	const isOfTcp = !meant.some((name) => name.startsWith("icmp "));
	if (isOfTcp && isOfDatagrams && found.outcome === "holds")
		return showsNothing(
			found,
			given.answer === "rst"
				? "datagrams are never reset"
				: `nothing says ${given.answer} about datagrams`,
		);
	const isSynAck = meant.every((name) => name === "syn/ack");
	if (isSynAck && found.outcome === "holds" && setup !== undefined) {
		const why = whyNeverSynAck({ setup, steps, account });
		if (why !== null) return showsNothing(found, why);
	}
	return unlessOpen(found, given, connections.length);
}

/** `3 of 8 connections`, and more about them. */
function share(
	some: readonly ConnectionRecord[],
	all: readonly ConnectionRecord[],
	more: string,
): string {
	return all.length === 0
		? NONE_FITS
		: `${some.length} of ${counted(all.length, nounOf(all))}${more}`;
}

/** Where too few fit, it is the others that show it. */
function telling(
	given: { readonly atLeast: number },
	fitting: readonly ConnectionRecord[],
	all: readonly ConnectionRecord[],
): readonly ConnectionRecord[] {
	if (fitting.length >= given.atLeast) return fitting;
	const fits = new Set(fitting);
	return all.filter((connection) => !fits.has(connection));
}

/** Nothing is shown by no connection at all: every filter has to fit at least one. */
function within(
	given: { readonly atLeast: number; readonly atMost: number },
	count: number,
	total: number,
): boolean {
	return total > 0 && count >= given.atLeast && count <= given.atMost;
}

/** `at most 5` of 4 connections lets every number through. */
function unlessOpen(
	found: Finding,
	given: { readonly atLeast: number; readonly atMost: number },
	total: number,
): Finding {
	const isOpen = total > 0 && given.atLeast === 0 && given.atMost >= total;
	return isOpen
		? showsNothing(found, `${given.atMost} and more is all of them`)
		: found;
}

/** It may have gone elsewhere first. */
function firstAt(
	connections: readonly ConnectionRecord[],
	backend: string,
): string {
	const first = connections[0];
	if (first === undefined) return "";
	const { met, startedMs } = first;
	const before = met.slice(0, Math.max(0, met.indexOf(backend)));
	return before.length === 0
		? `, the first one at ${startedMs} ms`
		: `, the first one began at ${startedMs} ms and met ${before.join(", then ")} before`;
}

function sequence(backends: readonly (string | null)[], from: number): string {
	if (backends.length === 0) return "no connection";
	const shown = backends
		.slice(from, from + MOST_BACKENDS_SHOWN)
		.map((backend) => backend ?? "none");
	const before = from > 0 ? ["…"] : [];
	const after = from + MOST_BACKENDS_SHOWN < backends.length ? ["…"] : [];
	return [...before, ...shown, ...after].join(" ");
}
