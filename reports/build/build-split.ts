import type { RunDetails } from "../../scenarios/details/run-details.ts";
import {
	byClient,
	byService,
	bySource,
} from "../../scenarios/result/groups.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { servingOf } from "../../scenarios/result/serving.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { SplitView, Stretches } from "../contract/report.ts";

/** Bars of a picture. */
const MOST_STRETCHES = 60;
/** With few connections, narrow bars would only show holes. */
const LEAST_STRETCHES = 4;

/** `null` when nobody connected. */
export function buildSplit(
	result: RunResult,
	{ share, shares }: RunDetails,
): SplitView | null {
	const { scenario, account } = result;
	const { connections } = account;
	const first = connections[0];
	const last = connections.at(-1);
	if (first === undefined || last === undefined) return null;
	const backends = scenario.setup.backends.map(({ name }) => name);
	const stretches = stretchesOf(connections, backends, {
		fromMs: first.startedMs,
		toMs: last.startedMs,
	});
	return {
		totals: stretches.counts.map((counts) =>
			counts.reduce((sum, count) => sum + count, 0),
		),
		services: servicesOf(connections, backends),
		sources: [...(bySource(result) ?? [])].map(([name, own]) => ({
			name,
			total: own.length,
		})),
		clients: clientsOf(result, backends),
		shares: shares.map(({ outcome, expected, seen, ...about }) => ({
			...about,
			status: outcome,
			expected: expected.map(rounded),
			seen: seen.map(rounded),
		})),
		stretches,
		running: share && {
			...share,
			points: share.points.map(({ connections, shares, bands }) => ({
				connections,
				shares: shares.map(rounded),
				bands: bands.map(
					([low, high]) => [rounded(low), rounded(high)] as const,
				),
			})),
		},
	};
}

/** Totals of each service, where there are several. */
function servicesOf(
	connections: readonly ConnectionRecord[],
	backends: readonly string[],
): SplitView["services"] {
	const services = [...byService(connections)];
	if (services.length < 2) return [];
	return services.map(([name, own]) => ({
		name,
		protocol: own[0]?.protocol ?? "tcp",
		totals: totalsOf(own, backends),
	}));
}

/** Clients that are shown one by one. */
const MOST_CLIENTS = 24;

function clientsOf(
	result: RunResult,
	backends: readonly string[],
): SplitView["clients"] {
	const found = byClient(result);
	if (found === null) return null;
	const groups = [...found.groups];
	return {
		of: found.of,
		shown: groups.slice(0, MOST_CLIENTS).map(([name, own]) => ({
			name,
			totals: totalsOf(own, backends),
		})),
		omitted: Math.max(0, groups.length - MOST_CLIENTS),
	};
}

/** By backend, and last of all those that met none. */
function totalsOf(
	connections: readonly ConnectionRecord[],
	backends: readonly string[],
): readonly number[] {
	const totals = backends.map(
		(backend) => connections.filter((one) => one.backend === backend).length,
	);
	const met = totals.reduce((sum, count) => sum + count, 0);
	return [...totals, connections.length - met];
}

/** A hundredth of a percent is finer than any picture. */
function rounded(share: number): number {
	return Math.round(share * 10_000) / 10_000;
}

/** Counts new connections in equal stretches of a length that is easy to read: 1, 2 or 5 times a power of ten. */
export function stretchesOf(
	connections: readonly ConnectionRecord[],
	backends: readonly string[],
	{
		fromMs,
		toMs,
		least = LEAST_STRETCHES,
	}: {
		readonly fromMs: number;
		readonly toMs: number;
		/** So many at least, however few connections there are. */
		readonly least?: number;
	},
): Stretches {
	const wanted = Math.min(MOST_STRETCHES, Math.max(least, connections.length));
	const stretchMs = roundLength((toMs - fromMs) / wanted);
	const startMs = Math.floor(fromMs / stretchMs) * stretchMs;
	const many = Math.floor((toMs - startMs) / stretchMs) + 1;
	const zeros = () => new Array<number>(many).fill(0);
	const counts = [...backends.map(zeros), zeros()];
	const lost = counts.map(zeros);
	const late = counts.map(zeros);
	const indexOf = new Map(backends.map((name, index) => [name, index]));
	for (const connection of connections) {
		const at = Math.floor((connection.startedMs - startMs) / stretchMs);
		const index = indexOf.get(connection.backend ?? "") ?? backends.length;
		countIn(counts[index], at);
		const serving = servingOf(connection);
		if (serving === "lost") countIn(lost[index], at);
		if (serving === "late") countIn(late[index], at);
	}
	return { fromMs: startMs, stretchMs, counts, lost, late };
}

function countIn(counts: number[] | undefined, at: number): void {
	if (counts?.[at] !== undefined) counts[at]++;
}

function roundLength(leastMs: number): number {
	if (leastMs <= 1) return 1;
	const power = 10 ** Math.floor(Math.log10(leastMs));
	const factor = [1, 2, 5, 10].find((one) => one * power >= leastMs) ?? 10;
	return factor * power;
}
