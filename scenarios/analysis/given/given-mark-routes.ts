/** Routing rules, as `ip rule` has them: what they do, and which of them look at marks. */
import type { MarkRoute } from "../world/assumed-world.ts";
import { routeCommands, ruleCommand, TableNumbers } from "./given-ip.ts";
import { isIpv4, isMain } from "./given-routes.ts";
import type { RouteRecord, RuleRecord } from "./ip-records.ts";

type Note = (text: string) => void;

/** What every machine has, by priority and table. */
const OWN: ReadonlySet<string> = new Set([
	"0 local",
	"32766 main",
	"32767 default",
]);
const OWN_TABLES: ReadonlySet<string> = new Set(["local", "main", "default"]);
const ALL_BITS = 0xffffffff;

/** Rules that look at marks, and commands that make all of them, and the tables that they name. */
export interface GivenRules {
	readonly markRoutes: readonly MarkRoute[];
	readonly ip: readonly string[];
}

export function givenRules(
	rules: readonly RuleRecord[],
	routes: readonly RouteRecord[],
	note: Note,
): GivenRules {
	const markRoutes: MarkRoute[] = [];
	const tables = new TableNumbers();
	const ruleLines: string[] = [];
	const named = new Set<string>();
	for (const rule of rules.toSorted((a, b) => a.priority - b.priority)) {
		const { priority, table } = rule;
		if (OWN.has(`${priority} ${table}`)) continue;
		const line = ruleCommand(rule, tables);
		if (line === null) {
			note(
				`The routing rule ${words(rule)} is not modelled: packets that it selects follow the rules behind it.`,
			);
			continue;
		}
		ruleLines.push(line);
		if (table !== undefined) named.add(table);
		const mark = numberOf(rule.fwmark);
		const leads = table !== undefined && rule.action === undefined;
		if (mark === null || !leads || "not" in rule) continue;
		const mask = numberOf(rule.fwmask) ?? ALL_BITS;
		markRoutes.push({
			priority,
			mark,
			mask,
			table,
			...wayOut(table, routes, note),
		});
	}
	const routeLines = [...named]
		.filter((table) => !OWN_TABLES.has(table))
		.flatMap((table) => routeCommands(routes, table, tables));
	const ip = [
		...routeLines,
		...defaultsOf(routes, named, tables),
		...ruleLines,
	];
	return { markRoutes, ip };
}

/**
 * Default routes that no packet follows, and that tell which interfaces are uplinks: those of tables that no rule
 * names, and of `main` those behind the one with the lowest metric.
 */
function defaultsOf(
	routes: readonly RouteRecord[],
	named: ReadonlySet<string>,
	tables: TableNumbers,
): readonly string[] {
	const defaults = routes.filter(
		(one) => one.dst === "default" && one.type === "unicast" && isIpv4(one),
	);
	const others = defaults.filter(
		({ table }) => !named.has(table) && !OWN_TABLES.has(table),
	);
	const behind = defaults
		.filter(isMain)
		.toSorted((a, b) => a.metric - b.metric)
		.slice(1);
	return [...others, ...behind].flatMap((one) =>
		routeCommands([one], one.table, tables),
	);
}

/** `0x1`; `null` where it is none. */
function numberOf(text: string | number | undefined): number | null {
	const number = Number(text);
	return text === undefined || !Number.isInteger(number) ? null : number >>> 0;
}

/** As `ip rule` prints it: `32764 from 192.168.9.0/24 lookup 100`. */
function words(rule: RuleRecord): string {
	const { priority, src, srclen, dst, dstlen, table, action, ...more } = rule;
	const network = (address: string, length: number | undefined) =>
		length === undefined ? address : `${address}/${length}`;
	const others = Object.entries(more).flatMap(([key, value]) =>
		["protocol", "not"].includes(key) || value === undefined
			? []
			: [value === null ? key : `${key} ${value}`],
	);
	return [
		`${priority}${"not" in rule ? " not" : ""} from ${network(src, srclen)}`,
		...(dst === undefined ? [] : [`to ${network(dst, dstlen)}`]),
		...others,
		action ?? `lookup ${table}`,
	].join(" ");
}

/** The default route of a table. */
function wayOut(
	table: string,
	routes: readonly RouteRecord[],
	note: Note,
): Pick<MarkRoute, "via" | "interface"> {
	const own = routes
		.filter(
			(route) => route.table === table || (table === "main" && isMain(route)),
		)
		.filter(isIpv4);
	const [first] = own
		.filter(({ dst, type }) => dst === "default" && type === "unicast")
		.toSorted((a, b) => a.metric - b.metric);
	const behind = own.filter(({ dst, gateway }) => {
		return dst !== "default" && gateway !== undefined;
	});
	if (behind.length > 0 && table !== "main")
		note(
			`A split by marks names the way out of the routing table ${table} by its default route; it has ${behind.length} others with a next hop.`,
		);
	const hop = first?.nexthops?.[0] ?? first;
	return { via: hop?.gateway ?? null, interface: hop?.dev ?? null };
}
