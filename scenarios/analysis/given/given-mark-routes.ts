/** Routing rules that look at marks, as `ip rule` has them. */
import type { MarkRoute } from "../world/assumed-world.ts";
import { isIpv4, isMain } from "./given-routes.ts";
import type { RouteRecord, RuleRecord } from "./ip-records.ts";

type Note = (text: string) => void;

/** What every machine has, by priority and table. */
const OWN: ReadonlySet<string> = new Set([
	"0 local",
	"32766 main",
	"32767 default",
]);
/** Keys that select no packets. */
const NO_SELECTORS: ReadonlySet<string> = new Set([
	"priority",
	"src",
	"fwmark",
	"fwmask",
	"table",
	"protocol",
	"proto",
]);
const ALL_BITS = 0xffffffff;

export function givenMarkRoutes(
	rules: readonly RuleRecord[],
	routes: readonly RouteRecord[],
	note: Note,
): readonly MarkRoute[] {
	const found: MarkRoute[] = [];
	for (const rule of rules.toSorted((a, b) => a.priority - b.priority)) {
		const { priority, table } = rule;
		if (OWN.has(`${priority} ${table}`)) continue;
		const mark = numberOf(rule.fwmark);
		const others = selectorsOf(rule);
		const leads = table !== undefined && rule.action === undefined;
		if (mark === null || !leads || "not" in rule) {
			note(
				`The routing rule ${words(rule)} is not modelled: packets that it selects follow the table main.`,
			);
			continue;
		}
		if (others.length > 0)
			note(
				`The routing rule ${words(rule)} is taken by its mark alone: ${others.join(", ")} is not heeded.`,
			);
		const mask = numberOf(rule.fwmask) ?? ALL_BITS;
		found.push({ priority, mark, mask, table, ...wayOut(table, routes, note) });
	}
	if (found.length > 0)
		note(
			"Routing by marks is not modelled: a packet follows the table main, and what is said of its mark is which routing rule it would take.",
		);
	return found;
}

/** `0x1`; `null` where it is none. */
function numberOf(text: string | number | undefined): number | null {
	const number = Number(text);
	return text === undefined || !Number.isInteger(number) ? null : number >>> 0;
}

function selectorsOf(rule: RuleRecord): readonly string[] {
	const keys = Object.keys(rule).filter((key) => !NO_SELECTORS.has(key));
	return rule.src === "all" ? keys : ["src", ...keys];
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
			`Of the routing table ${table}, the default route alone is looked at: it has ${behind.length} others with a next hop.`,
		);
	const hop = first?.nexthops?.[0] ?? first;
	return { via: hop?.gateway ?? null, interface: hop?.dev ?? null };
}
