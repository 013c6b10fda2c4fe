/** What the judges share: how a finding is made, and which connections a filter means. */
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { ConnectionFilter } from "../language/scenario.ts";
import type { Judgement } from "./result.ts";

/** A judgement without the expectation that it is about, and with all the connections that show it. */
export interface Finding extends Omit<Judgement, "expectation" | "why"> {
	readonly all: readonly ConnectionRecord[];
}

/** A judgement names at most this many connections; its text has the whole number. */
const MOST_CONNECTIONS_NAMED = 20;

export function finding(
	holds: boolean,
	fields: {
		readonly expected: string;
		readonly seen: string;
		readonly concerned?: readonly ConnectionRecord[];
		readonly rule?: string;
	},
): Finding {
	const concerned = fields.concerned ?? [];
	return {
		outcome: holds ? "holds" : "violated",
		expected: fields.expected,
		seen: fields.seen,
		connections: concerned
			.slice(0, MOST_CONNECTIONS_NAMED)
			.map((connection) => connection.id),
		concerned: concerned.length,
		all: concerned,
		rule: fields.rule ?? null,
	};
}

/** Every filter has to fit at least one connection. */
export const NONE_FITS = "no connection fits: nothing is shown by none";

/** Said where every outcome would have been right: what shows nothing does not hold. */
const NOTHING_VIOLATES = "nothing could violate this, so it shows nothing";

/** A finding that nothing could have violated: it is neither yes nor no. */
export function showsNothing(found: Finding, why: string): Finding {
	return {
		...found,
		outcome: "unknown",
		seen: `${found.seen}; ${NOTHING_VIOLATES}${why === "" ? "" : `: ${why}`}`,
	};
}

/** The connections that a filter means, in the order of their first SYNs. */
export function selected(
	connections: readonly ConnectionRecord[],
	filter: ConnectionFilter,
): readonly ConnectionRecord[] {
	return connections.filter(
		(connection) =>
			(filter.step === undefined || connection.step === filter.step) &&
			(filter.client === undefined || connection.client === filter.client) &&
			(filter.service === undefined ||
				(connection.service ?? "") === filter.service) &&
			(filter.fromMs === undefined || connection.startedMs >= filter.fromMs) &&
			(filter.toMs === undefined || connection.startedMs < filter.toMs),
	);
}

/**
 * What a filter says, to stand behind "the connections": ` of step "load" that began from 6 s on`;
 * "" when it means all of them.
 */
export function filterWords(filter: ConnectionFilter): string {
	const { step, client, service, fromMs, toMs } = filter;
	return [
		...(step === undefined ? [] : [` of step "${step}"`]),
		...(client === undefined ? [] : [` of client ${client}`]),
		...(service === undefined ? [] : [` to service ${service}`]),
		...(fromMs === undefined && toMs === undefined
			? []
			: [` that began ${timeWords(fromMs, toMs)}`]),
	].join("");
}

function timeWords(
	fromMs: number | undefined,
	toMs: number | undefined,
): string {
	if (toMs === undefined) return `from ${seconds(fromMs ?? 0)} on`;
	return fromMs === undefined
		? `before ${seconds(toMs)}`
		: `from ${seconds(fromMs)} to ${seconds(toMs)}`;
}

/** `from 2 s to 3 s`, `from 2 s on`, `before 3 s`; "" where it is the whole play. */
export function windowWords({
	fromMs,
	toMs,
}: {
	readonly fromMs: number;
	readonly toMs: number;
}): string {
	const [from, to] = [fromMs > 0, toMs < Number.MAX_SAFE_INTEGER];
	return from || to
		? timeWords(from ? fromMs : undefined, to ? toMs : undefined)
		: "";
}

/** `6.5 s`, and `250 ms` for less than one. */
export function seconds(ms: number): string {
	return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

/** What these are called: connections, and flows where all of them are of UDP. */
export function nounOf(
	connections: readonly Pick<ConnectionRecord, "protocol">[],
): "connection" | "flow" {
	const areFlows =
		connections.length > 0 &&
		connections.every(({ protocol }) => protocol === "udp");
	return areFlows ? "flow" : "connection";
}

/** `3 connections`, `1 entry`. */
export function counted(
	count: number,
	one: string,
	many: string = `${one}s`,
): string {
	return `${count} ${count === 1 ? one : many}`;
}

/** `exactly 3`, `at least 1`, `at most 2`, `1 to 2`, `any number of`. */
export function bounds(atLeast: number, atMost: number): string {
	if (atLeast === atMost) return `exactly ${atLeast}`;
	if (atMost === Number.MAX_SAFE_INTEGER)
		return atLeast === 0 ? "any number of" : `at least ${atLeast}`;
	return atLeast === 0 ? `at most ${atMost}` : `${atLeast} to ${atMost}`;
}
