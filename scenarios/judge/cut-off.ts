/**
 * Expectations in plays that ended too soon: connections that they mean had not begun, or it was not
 * known yet how they would go.
 */

import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { serviceOf } from "../../sim/world/setup/services.ts";
import type {
	ConnectionFilter,
	CountedOutcome,
	Expectation,
	Scenario,
} from "../language/scenario.ts";
import { counted, type Finding, nounOf, selected } from "../result/finding.ts";
import { isUndecided } from "./judge-in-time.ts";

interface Play {
	readonly steps: Scenario["steps"];
	readonly setup: Scenario["setup"] | undefined;
	readonly account: Account;
}

/** Finds what an expectation with other bounds comes to in the same play. */
type Find = (expectation: Expectation) => Finding;

/**
 * An expectation about all connections holds where it would hold however the missing ones had gone:
 * a lower bound that is reached does, and an upper one that has room for all of them. Otherwise it is
 * unknown. What is violated stays so. Connections that did not begin are named in either case.
 */
export function unlessCutOff(
	expectation: Expectation,
	found: Finding,
	{ find, ...play }: Play & { readonly find: Find },
): Finding {
	const of = connectionsMeant(expectation, play.account);
	if (of === null) return found;
	const { begun, planned } = arrivalsMeant(of, play);
	const missing = Math.max(0, planned - begun);
	const undecided = undecidedOf(expectation, of, play);
	const unheard = unheardOf(expectation, of, play);
	const noun = nounOf(play.account.connections);
	const words = [
		...(missing === 0
			? []
			: [`only ${begun} of ${counted(planned, noun)} began before the end`]),
		...(undecided === 0
			? []
			: [
					`the play ended before it was known how ${counted(undecided, noun)} would end`,
				]),
		...(unheard === 0
			? []
			: [
					`what was said on ${counted(unheard, noun)} was not acknowledged by the end`,
				]),
	];
	const isOpen =
		found.outcome === "holds" &&
		!hasRoomFor({ more: missing + undecided, unheard }, expectation, find);
	if (!isOpen)
		return missing === 0
			? found
			: { ...found, seen: `${found.seen}; ${words[0]}` };
	return {
		...found,
		outcome: "unknown",
		seen: `${found.seen}; ${words.join(", and ")}: let it last longer (endMs)`,
	};
}

/** @param unheard connections that are `open` now, and may come to another end */
function hasRoomFor(
	{ more, unheard }: { readonly more: number; readonly unheard: number },
	expectation: Expectation,
	find: Find,
): boolean {
	if (more + unheard === 0) return true;
	switch (expectation.kind) {
		case "outcomes": {
			const [fewer, others] =
				expectation.outcome === "open" ? [unheard, more] : [0, more + unheard];
			const atLeast = expectation.atLeast + fewer;
			const atMost = expectation.atMost - others;
			return find({ ...expectation, atLeast, atMost }).outcome === "holds";
		}
		case "moved":
		case "gateway-answered": {
			const atMost = expectation.atMost - more;
			return find({ ...expectation, atMost }).outcome === "holds";
		}
		// Of packets a connection has as many as it likes.
		case "packets-counted":
		case "conntrack":
			return expectation.atMost >= Number.MAX_SAFE_INTEGER;
		default:
			return false;
	}
}

/** `null`: it is not about connections. */
function connectionsMeant(
	expectation: Expectation,
	account: Account,
): ConnectionFilter | null {
	switch (expectation.kind) {
		case "order":
		case "split":
		case "split-by-source":
		case "sticky":
		case "connected-within":
		case "avoided":
		case "affinity":
		case "moved":
		case "outcomes":
		case "gateway-answered":
			return expectation.of;
		case "failover-gap": {
			const { service } = expectation;
			return service === undefined ? {} : { service };
		}
		case "counts-agree":
			return {};
		// It asks for packets after the failure itself.
		case "abandoned":
			return null;
		// What is counted while the play lasts; at its end, what is there then.
		case "packets-counted":
			return expectation.toMs >= account.endedMs ? {} : null;
		case "conntrack":
		case "counter":
			return expectation.at === "" ? {} : null;
		case "packets-out":
		case "packets-past":
		case "condition":
		case "mail-kept":
		case "operation":
			return null;
	}
}

/** How many connections began by the end, and how many were to begin. */
function arrivalsMeant(
	of: ConnectionFilter,
	{ steps, account, setup }: Play,
): { readonly begun: number; readonly planned: number } {
	const { step, client, service, toMs } = of;
	const beforeMs = toMs ?? Number.POSITIVE_INFINITY;
	// Those that begin after the end are none of those that are meant.
	if (beforeMs <= account.endedMs) return { begun: 0, planned: 0 };
	const planned = steps.reduce((sum, one) => {
		const isMeant =
			(one.kind === "connect" || one.kind === "send") &&
			isStepMeant(of, one, setup);
		return isMeant ? sum + plannedBefore(beforeMs, one) : sum;
	}, 0);
	const begun = selected(account.connections, {
		...(step === undefined ? {} : { step }),
		...(client === undefined ? {} : { client }),
		...(service === undefined ? {} : { service }),
	}).length;
	return { begun, planned };
}

type Arriving = Extract<
	Scenario["steps"][number],
	{ readonly kind: "connect" | "send" }
>;

/** Do the connections of a step fit, as far as it says itself? */
function isStepMeant(
	{ step, client, service }: ConnectionFilter,
	one: Arriving,
	setup: Play["setup"],
): boolean {
	return (
		(step === undefined || one.label === step) &&
		(client === undefined || one.client === client) &&
		(service === undefined || serviceNameOf(one, setup) === service)
	);
}

/** Without the setup, a step that names no service is of the one without a name. */
function serviceNameOf(step: Arriving, setup: Play["setup"]): string {
	const found = setup === undefined ? undefined : serviceOf(setup, step);
	return found?.name ?? step.service ?? "";
}

/** Of connections that begin by chance, all may begin before; what is sent from one socket is one. */
function plannedBefore(beforeMs: number, step: Arriving): number {
	const { atMs, count, arrivals } = step;
	if (atMs >= beforeMs) return 0;
	if (step.kind === "send" && step.sockets === "one") return 1;
	if (arrivals.kind !== "every" || arrivals.intervalMs === 0) return count;
	return Math.min(count, Math.ceil((beforeMs - atMs) / arrivals.intervalMs));
}

/** Dialogues of clients that stay until a step says more. */
const STAYING: ReadonlySet<string | undefined> = new Set(["hold", "silent"]);

/** Connections of which it is not known yet what an expectation asks of them. */
function undecidedOf(
	expectation: Expectation,
	of: ConnectionFilter,
	{ steps, account, setup }: Play,
): number {
	const connections = selected(account.connections, of);
	const isOpen = isOpenIn(steps, setup);
	switch (expectation.kind) {
		case "connected-within":
			return connections.filter((one) =>
				isUndecided(expectation, one, account.endedMs),
			).length;
		case "outcomes":
			// As open they count already, and a port they have.
			if (["open", "no-port"].includes(expectation.outcome)) return 0;
			return connections.filter(
				(one) =>
					isOpen(one) && !(one.accepted && expectation.outcome === "accepted"),
			).length;
		// What they have yet to send may meet another backend.
		case "affinity":
		case "avoided":
		case "moved":
		case "sticky": {
			const asking = askingMore(of, connections, { steps, setup });
			return new Set([...connections.filter(isOpen), ...asking]).size;
		}
		default:
			return 0;
	}
}

/** What a connection that stood at the end may have come to. */
const AFTER_STANDING: ReadonlySet<CountedOutcome> = new Set([
	"open",
	"half-open",
	"read-timeout",
	"reset",
	"cut-short",
	"completed",
	"lost",
]);

/**
 * Of those that only hold: how many there are on which a step had one side say something that the other one has not
 * acknowledged. Where that stays so, they end in a time-out.
 */
function unheardOf(
	expectation: Expectation,
	of: ConnectionFilter,
	{ steps, account, setup }: Play,
): number {
	if (expectation.kind !== "outcomes") return 0;
	if (!AFTER_STANDING.has(expectation.outcome)) return 0;
	const isOpen = isOpenIn(steps, setup);
	return selected(account.connections, of).filter(
		(one) => one.unacknowledged === true && !isOpen(one),
	).length;
}

/**
 * Does a connection wait for an answer, or has it more to say? Then it may still end in any way. One that only
 * holds has come to where it was to come.
 */
function isOpenIn(
	steps: Scenario["steps"],
	setup: Play["setup"],
): (connection: ConnectionRecord) => boolean {
	const opening = steps.filter((step) => step.kind === "connect");
	const stays = (step: Opening) => STAYING.has(step.dialogue?.kind);
	const mayStay = opening.some(stays);
	return (one) => {
		if (one.outcome !== "open") return false;
		if (one.connectedMs === null || !mayStay) return true;
		// Steps may have one label, or none: what may be another step's is not taken for one that stays.
		const own = opening.filter((step) => mayHaveOpened(step, one, setup));
		return own.length === 0 || !own.every(stays);
	};
}

type Opening = Extract<Scenario["steps"][number], { readonly kind: "connect" }>;

/** As far as a record tells: it names the label, the client and the service, and when it began. */
function mayHaveOpened(
	step: Opening,
	{ step: label, client, service = "", startedMs }: ConnectionRecord,
	setup: Play["setup"],
): boolean {
	const { atMs, count, arrivals } = step;
	const lastMs =
		arrivals.kind === "at-once"
			? atMs
			: arrivals.kind === "every"
				? atMs + (count - 1) * arrivals.intervalMs
				: Number.POSITIVE_INFINITY;
	return (
		step.label === label &&
		step.client === client &&
		serviceNameOf(step, setup) === service &&
		startedMs >= atMs &&
		startedMs <= lastMs + ROUNDING_MS
	);
}

/** Times of arrivals are whole microseconds; clients in containers begin a moment later. */
const ROUNDING_MS = 100;

/**
 * Flows whose one socket has requests that it has not sent yet. Labels may be those of several steps, so the flows with
 * the most requests are taken for those of the steps with the most.
 */
function askingMore(
	of: ConnectionFilter,
	connections: readonly ConnectionRecord[],
	{ steps, setup }: Pick<Play, "steps" | "setup">,
): readonly ConnectionRecord[] {
	const counts = new Map<string, number[]>();
	for (const one of steps) {
		if (one.kind !== "send" || one.sockets !== "one") continue;
		if (!isStepMeant(of, one, setup)) continue;
		counts.set(one.label, [...(counts.get(one.label) ?? []), one.count]);
	}
	const sent = ({ datagrams }: ConnectionRecord) => datagrams?.requests ?? 0;
	return [...counts].flatMap(([label, wanted]) => {
		const flows = connections
			.filter((one) => one.step === label && one.datagrams !== undefined)
			.toSorted((one, other) => sent(other) - sent(one));
		return wanted
			.toSorted((one, other) => other - one)
			.flatMap((count, index) => {
				const flow = flows[index];
				return flow !== undefined && sent(flow) < count ? [flow] : [];
			});
	});
}
