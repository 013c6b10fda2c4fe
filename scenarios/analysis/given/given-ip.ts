/** Routing rules, and the tables that they name, as the commands of iproute2 that would make them. */
import { parseIpCommand } from "../../../sim/routing/iproute/parse-command.ts";
import { hopsOf, isIpv4 } from "./given-routes.ts";
import type { RouteRecord, RuleRecord } from "./ip-records.ts";

/** Names that iproute2 may have for tables are numbers here, from this one on. */
const FIRST_NAMED = 10_000;
const KNOWN = new Set(["local", "main", "default"]);
/** How a key of `ip -j rule` is written, where its value stands as it is. */
const PLAIN: Readonly<Record<string, string>> = {
	iif: "iif",
	oif: "oif",
	tos: "tos",
	ipproto: "ipproto",
	sport: "sport",
	dport: "dport",
	goto: "goto",
	suppress_prefixlength: "suppress_prefixlength",
	suppress_prefixlen: "suppress_prefixlength",
};
const TAKEN_APART: ReadonlySet<string> = new Set([
	"priority",
	"src",
	"srclen",
	"dst",
	"dstlen",
	"fwmark",
	"fwmask",
	"table",
	"action",
	"not",
	"protocol",
	"proto",
	"iif_detached",
	"oif_detached",
]);
const IGNORED_TYPES: ReadonlySet<string> = new Set([
	"broadcast",
	"multicast",
	"anycast",
]);

/** Numbers for the names of tables. */
export class TableNumbers {
	private readonly numbers = new Map<string, number>();

	of(name: string): string {
		if (KNOWN.has(name) || /^\d+$/.test(name)) return name;
		const known = this.numbers.get(name);
		const number = known ?? FIRST_NAMED + this.numbers.size;
		this.numbers.set(name, number);
		return `${number}`;
	}
}

/** `ip rule add …`; `null`: it says what the model does not know. */
export function ruleCommand(
	rule: RuleRecord,
	tables: TableNumbers,
): string | null {
	const { priority, src, srclen, dst, dstlen, fwmark, fwmask } = rule;
	const { table, action } = rule;
	const words = ["ip rule add pref", `${priority}`];
	if ("not" in rule) words.push("not");
	words.push("from", prefix(src, srclen));
	if (dst !== undefined) words.push("to", prefix(dst, dstlen));
	if (fwmark !== undefined)
		words.push(
			"fwmark",
			fwmask === undefined ? `${fwmark}` : `${fwmark}/${fwmask}`,
		);
	for (const [key, value] of Object.entries(rule)) {
		if (TAKEN_APART.has(key)) continue;
		const word = PLAIN[key];
		if (word === undefined) return null;
		words.push(word, `${value}`);
	}
	if (action !== undefined && action !== "to_tbl" && !("goto" in rule))
		words.push(action);
	else if (table !== undefined) words.push("lookup", tables.of(table));
	return understood(words);
}

/** `ip route replace …` for each route of the table `main` that leads over several interfaces. */
export function severalHops(
	routes: readonly RouteRecord[],
	isUsed: (route: RouteRecord) => boolean,
): readonly string[] {
	return routes.flatMap((route) => {
		const { dst, metric } = route;
		const hops = hopsOf(route);
		if (!isUsed(route) || new Set(hops.map(({ dev }) => dev)).size < 2)
			return [];
		const line = understood([
			`ip route replace ${dst}`,
			...(metric === 0 ? [] : ["metric", `${metric}`]),
			...hops.flatMap((one) => ["nexthop", ...hopWords(one)]),
		]);
		return line === null ? [] : [line];
	});
}

/** `ip route append … table N` for each route of a table that rules name. */
export function routeCommands(
	routes: readonly RouteRecord[],
	table: string,
	tables: TableNumbers,
): readonly string[] {
	return routes
		.filter((one) => one.table === table && isIpv4(one))
		.filter(({ type }) => !IGNORED_TYPES.has(type))
		.flatMap((one) => routeCommand(one, tables) ?? []);
}

function routeCommand(
	{
		type,
		dst,
		gateway,
		dev,
		prefsrc,
		metric,
		flags,
		table,
		nexthops,
	}: RouteRecord,
	tables: TableNumbers,
): string | null {
	if (flags.includes("dead")) return null;
	return understood([
		"ip route append",
		...(type === "unicast" ? [] : [type]),
		dst,
		...hopWords({ gateway, dev: leadsNowhere(type) ? undefined : dev }),
		...(prefsrc === undefined ? [] : ["src", prefsrc]),
		...(metric === 0 ? [] : ["metric", `${metric}`]),
		...(flags.includes("onlink") ? ["onlink"] : []),
		"table",
		tables.of(table),
		...(nexthops ?? []).flatMap((one) => ["nexthop", ...hopWords(one)]),
	]);
}

function hopWords(one: {
	readonly gateway?: string | undefined;
	readonly dev?: string | undefined;
	readonly weight?: number | undefined;
}): readonly string[] {
	return [
		...(one.gateway === undefined ? [] : ["via", one.gateway]),
		...(one.dev === undefined ? [] : ["dev", one.dev]),
		...(one.weight === undefined ? [] : ["weight", `${one.weight}`]),
	];
}

function leadsNowhere(type: string): boolean {
	return ["blackhole", "unreachable", "prohibit", "throw"].includes(type);
}

function prefix(address: string, length: number | undefined): string {
	return length === undefined ? address : `${address}/${length}`;
}

function understood(words: readonly string[]): string | null {
	const line = words.join(" ");
	return parseIpCommand(line).kind === "command" ? line : null;
}
