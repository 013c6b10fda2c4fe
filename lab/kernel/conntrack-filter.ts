/** A filter as `conntrack -D` takes it (conntrack(8), 1.4.7). */
import type { ConntrackFilter } from "../../sim/contract/gateway.ts";
import { SCTP_STATE_NAMES } from "../../sim/contract/sctp-state-name.ts";
import { TCP_STATE_NAMES } from "../../sim/contract/tcp-state-name.ts";

/** Protocols whose entries have ports, and so need one `conntrack -D` each when none is named. */
const WITH_PORTS = ["tcp", "udp", "sctp"] as const;
/** By protocol: the states that its entries have. */
const STATES: readonly (readonly [
	protocol: string,
	states: readonly string[],
])[] = [
	["tcp", TCP_STATE_NAMES],
	["sctp", SCTP_STATE_NAMES],
];

/**
 * The arguments behind `conntrack`, for as many calls as it takes: the program filters by ports only
 * for a protocol that is named.
 */
export function evictionCommands(
	filter: ConntrackFilter,
): readonly (readonly string[])[] {
	const { protocol, state } = filter;
	const hasPorts =
		filter.originalSourcePort !== undefined ||
		filter.originalDestinationPort !== undefined;
	const protocols =
		protocol !== undefined
			? [protocol]
			: state !== undefined
				? STATES.filter(([, states]) => states.includes(state)).map(
						([name]) => name,
					)
				: hasPorts
					? WITH_PORTS
					: [null];
	return protocols.map((one) => [
		"-D",
		...option("-p", one),
		...option("--orig-src", filter.originalSource),
		...option("--orig-dst", filter.originalDestination),
		...option("--reply-src", filter.replySource),
		...option("--reply-dst", filter.replyDestination),
		...option("--orig-port-src", filter.originalSourcePort),
		...option("--orig-port-dst", filter.originalDestinationPort),
		...option("--mark", filter.mark === undefined ? null : filter.mark >>> 0),
		...option("--state", state),
	]);
}

/** How many entries are gone, from what it says on standard error; `null` when it says something else. */
export function evictedCount(words: string): number | null {
	const found = /: (\d+) flow entries have been deleted/.exec(words);
	return found === null ? null : Number(found[1]);
}

/** So often an eviction is asked for that stops on the way. */
const MOST_TRIES = 11;

/**
 * Asks until it does not stop on the way: conntrack of Debian 11 (1.4.6) stops at an entry that is gone before it can
 * delete it, be it that its time was over or that one without ports took all with it. Later ones go on (`delete_cb`).
 * @param words what one says on standard error
 * @returns how it ended, and before that each time that it stopped
 */
export async function untilEvicted<End>(
	ask: () => Promise<End>,
	words: (end: End) => string,
): Promise<{ readonly stopped: readonly End[]; readonly end: End }> {
	const stopped: End[] = [];
	for (;;) {
		const end = await ask();
		const isStopped = words(end).includes("such conntrack doesn't exist");
		if (!isStopped || stopped.length + 1 === MOST_TRIES)
			return { stopped, end };
		stopped.push(end);
	}
}

function option(
	name: string,
	value: string | number | null | undefined,
): readonly string[] {
	return value === undefined || value === null ? [] : [name, `${value}`];
}
