/** Do clients stay at their backends from connection to connection? */
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { ExpectationKind, Scenario } from "../language/scenario.ts";
import {
	counted,
	type Finding,
	filterWords,
	finding,
	NONE_FITS,
	nounOf,
	seconds,
	selected,
	showsNothing,
} from "../result/finding.ts";
import { networkOf } from "../result/groups.ts";

type Given = Extract<ExpectationKind, { readonly kind: "sticky" }>;

/** @param setup has the addresses of clients; without it each client is one by its name */
export function judgeSticky(
	given: Given,
	account: Account,
	setup: Pick<Scenario["setup"], "clients"> | undefined,
): Finding {
	const connections = selected(account.connections, given.of);
	const { pairs, moved, unmet } = followed(given, connections, setup);
	const noun = nounOf(connections);
	const [first] = moved;
	const example =
		first === undefined
			? ""
			: `, the first one (#${first.connection.id + 1}) at ${first.connection.backend} ${seconds(first.connection.startedMs - first.before.startedMs)} after #${first.before.id + 1} at ${first.before.backend}`;
	const whose =
		given.prefix === 32 ? "its client" : `its client's /${given.prefix}`;
	const found = finding(pairs > 0 && moved.length === 0, {
		expected: `each ${noun}${filterWords(given.of)} at the backend of the one before it of ${whose}${given.forMs === null ? "" : `, where no more than ${seconds(given.forMs)} lie between them`}`,
		seen:
			connections.length === 0
				? NONE_FITS
				: `${moved.length} of ${counted(pairs, noun)} with one before them went to another backend${example}${unmet === 0 ? "" : `; ${unmet} reached none`}`,
		concerned: moved.map(({ connection }) => connection),
	});
	return pairs === 0 && connections.length > 0
		? showsNothing(found, `no ${noun} had one before it`)
		: found;
}

interface Step {
	readonly before: ConnectionRecord;
	readonly connection: ConnectionRecord;
}

function followed(
	{ prefix, forMs }: Given,
	connections: readonly ConnectionRecord[],
	setup: Pick<Scenario["setup"], "clients"> | undefined,
): {
	readonly pairs: number;
	readonly moved: readonly Step[];
	readonly unmet: number;
} {
	const keys = new Map(
		setup?.clients.map(({ name, address }) => [
			name,
			networkOf(address, prefix),
		]),
	);
	const last = new Map<string, ConnectionRecord>();
	const moved: Step[] = [];
	let pairs = 0;
	let unmet = 0;
	for (const connection of connections) {
		const { client, service = "", backend, startedMs } = connection;
		// Where it would have gone nothing tells; what comes next is held against the last that went somewhere.
		if (backend === null) {
			unmet++;
			continue;
		}
		const key = JSON.stringify([keys.get(client) ?? client, service]);
		const before = last.get(key);
		last.set(key, connection);
		if (before === undefined) continue;
		if (forMs !== null && startedMs - before.startedMs > forMs) continue;
		pairs++;
		if (before.backend !== backend) moved.push({ before, connection });
	}
	return { pairs, moved, unmet };
}
