/** Connections in groups, as the terminal and reports show the split of each. */
import {
	formatAddress,
	parseAddress,
	prefixMask,
} from "../../sim/packet/address.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { filterWords, selected } from "./finding.ts";
import type { RunResult } from "./result.ts";

type Groups = ReadonlyMap<string, readonly ConnectionRecord[]>;

/** Connections by the name of their service, in the order of the first of each; "" is the one without a name. */
export function byService(connections: readonly ConnectionRecord[]): Groups {
	return grouped(connections, ({ service = "" }) => service);
}

/**
 * The source that a connection's backend saw, or would have, had no next hop lost it: as the gateway translated it,
 * else its client's own address; `null` where nothing left for a backend, or the client is not known.
 */
export function sourceOf(
	{ source, met, client }: ConnectionRecord,
	addresses: ReadonlyMap<string, string>,
): string | null {
	if (source !== undefined) return source.address;
	return met.length === 0 ? null : (addresses.get(client) ?? null);
}

export function addressesOf(
	clients: readonly { readonly name: string; readonly address: string }[],
): ReadonlyMap<string, string> {
	return new Map(clients.map(({ name, address }) => [name, address]));
}

/** What is shown as the source of connections that keep their client's address, … */
const UNTRANSLATED = "not translated";
/** … and of those that no backend saw. */
const UNSEEN = "at no backend";

/**
 * Connections by the source that the gateway gave them, in the order of addresses; `null` where there is
 * nothing to tell apart: no expectation is about it, and it translates to one address at most.
 */
export function bySource({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): Groups | null {
	const { connections } = account;
	const expected = scenario.expect.flatMap((one) =>
		one.kind === "split-by-source" ? Object.keys(one.weights) : [],
	);
	const addresses = addressesOf(scenario.setup.clients);
	const translated = new Set(
		connections.flatMap(({ source, client }) =>
			source === undefined || source.address === addresses.get(client)
				? []
				: source.address,
		),
	);
	const isTold = expected.length > 0 || translated.size > 1;
	if (!isTold || connections.length === 0) return null;
	const named = new Set([...translated, ...expected]);
	const found = grouped(connections, (one) => {
		const source = sourceOf(one, addresses);
		if (source === null) return UNSEEN;
		return named.has(source) ? source : UNTRANSLATED;
	});
	const sorted = [...named].sort((one, other) => order(one) - order(other));
	return new Map(
		[...sorted, UNTRANSLATED, UNSEEN].flatMap((name) => {
			const own = found.get(name) ?? [];
			return own.length === 0 && !expected.includes(name)
				? []
				: [[name, own] as const];
		}),
	);
}

function order(address: string): number {
	return (parseAddress(address) ?? 0) >>> 0;
}

/** Connections by client, or by network of clients, that an expectation is about. */
export interface ByClient {
	/** Which connections these are: ` to service names`; "" when it is all of them. */
	readonly of: string;
	readonly groups: Groups;
}

/** As the first expectation about each client alone groups them; `null` where there is none, or one client. */
export function byClient({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): ByClient | null {
	const about = scenario.expect.find(
		(one) =>
			one.kind === "sticky" || (one.kind === "split" && one.per === "client"),
	);
	if (about?.kind !== "sticky" && about?.kind !== "split") return null;
	const prefix = about.kind === "sticky" ? about.prefix : 32;
	const addresses = addressesOf(scenario.setup.clients);
	const groups = grouped(
		selected(account.connections, about.of),
		({ client }) => {
			const address = addresses.get(client);
			return prefix === 32 || address === undefined
				? client
				: networkOf(address, prefix);
		},
	);
	return groups.size < 2 ? null : { of: filterWords(about.of), groups };
}

/** `10.1.0.0/24`. */
export function networkOf(address: string, prefix: number): string {
	const network = (parseAddress(address) ?? 0) & prefixMask(prefix);
	return `${formatAddress(network)}/${prefix}`;
}

/** In the order of the first of each. */
function grouped(
	connections: readonly ConnectionRecord[],
	keyOf: (connection: ConnectionRecord) => string,
): Groups {
	const groups = new Map<string, ConnectionRecord[]>();
	for (const connection of connections) {
		const key = keyOf(connection);
		const others = groups.get(key);
		if (others === undefined) groups.set(key, [connection]);
		else others.push(connection);
	}
	return groups;
}
