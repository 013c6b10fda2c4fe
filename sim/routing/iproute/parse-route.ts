/** `ip route add|replace|del|flush …` (ip/iproute.c, iproute2 6.1). */
import {
	type RouteType,
	SCOPE_HOST,
	SCOPE_LINK,
	SCOPE_NOWHERE,
	SCOPE_SITE,
	SCOPE_UNIVERSE,
	TABLE_MAIN,
} from "../fib/fib-entry.ts";
import type { FlushSpec, NexthopSpec, RouteSpec } from "./ip-command.ts";
import {
	IpRefusal,
	NotUnderstood,
	parseNumber,
	prefixOf,
	type Words,
} from "./words.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const TYPES: ReadonlySet<string> = new Set([
	"unicast",
	"local",
	"broadcast",
	"blackhole",
	"unreachable",
	"prohibit",
	"throw",
] satisfies RouteType[]);

const SCOPES: ReadonlyMap<string, number> = new Map([
	["global", SCOPE_UNIVERSE],
	["universe", SCOPE_UNIVERSE],
	["site", SCOPE_SITE],
	["link", SCOPE_LINK],
	["host", SCOPE_HOST],
	["nowhere", SCOPE_NOWHERE],
]);

/** `rtm_to_fib_config` takes none of them (net/ipv4/fib_frontend.c, 6.1). */
const ECN_BITS = 0x03;
const MOST_WEIGHT = 256;
/** `RTPROT_KERNEL` */
const PROTO_KERNEL = ["kernel", "2"];

interface Reading {
	readonly route: Writable<RouteSpec>;
	to: RouteSpec["to"] | null;
	hop: Writable<NexthopSpec>;
	nexthops: NexthopSpec[];
}

/** @throws IpRefusal, NotUnderstood */
export function parseRoute(words: Words): RouteSpec {
	const reading: Reading = {
		route: {
			to: { address: 0, length: 0 },
			type: null,
			table: null,
			scope: null,
			tos: 0,
			metric: 0,
			source: null,
			mtu: 0,
			isKernel: null,
			nexthops: [],
		},
		to: null,
		hop: noHop(),
		nexthops: [],
	};
	while (!words.isAtEnd) readKey(words, reading);
	const { route, to, hop, nexthops } = reading;
	if ((route.tos & ECN_BITS) !== 0)
		throw new IpRefusal("Error: Invalid dsfield (tos): ECN bits must be 0.");
	// Without a destination it is the default route.
	if (to !== null) route.to = to;
	const hasHop = hop.dev !== "" || hop.via !== null;
	route.nexthops = nexthops.length > 0 ? nexthops : hasHop ? [hop] : [];
	return route;
}

function noHop(): Writable<NexthopSpec> {
	return { dev: "", via: null, weight: 1, onlink: false };
}

function readKey(words: Words, reading: Reading): void {
	const { route, hop } = reading;
	if (words.takes("src")) route.source = words.address();
	else if (words.takes("via"))
		hop.via = readVia(words, (reading.to?.length ?? 0) > 0);
	else if (words.takes("dev", "oif")) hop.dev = words.take();
	else if (words.takes("onlink")) hop.onlink = true;
	else if (words.takes("table")) route.table = words.table();
	else if (words.takes("metric", "priority", "preference", "pref"))
		route.metric = words.number('"metric" value is invalid');
	else if (words.takes("tos", "dsfield"))
		route.tos = words.number('"tos" value is invalid', 0xff);
	else if (words.takes("scope")) route.scope = readScope(words);
	else if (words.takes("mtu")) {
		// Path MTUs are not learned: whether it is locked makes no difference.
		words.takes("lock");
		route.mtu = words.number('"mtu" value is invalid');
	} else if (words.takes("proto", "protocol"))
		route.isKernel = PROTO_KERNEL.includes(words.take());
	else if (words.takes("nexthop")) reading.nexthops.push(readNexthop(words));
	else readDestination(words, reading);
}

/** @param isKnown the destination has said of which family it is */
function readVia(words: Words, isKnown = true): number {
	const isNamed = words.takes("inet");
	return words.address(isKnown || isNamed ? "inet" : "any valid");
}

/** @throws IpRefusal */
export function readScope(words: Words): number {
	const text = words.take();
	const scope = SCOPES.get(text) ?? parseNumber(text);
	if (scope === null || scope > SCOPE_NOWHERE)
		throw new IpRefusal(
			`Error: argument "${text}" is wrong: invalid "scope" value`,
		);
	return scope;
}

function readNexthop(words: Words): NexthopSpec {
	const hop = noHop();
	while (!words.isAtEnd && words.next !== "nexthop") {
		if (words.takes("via")) hop.via = readVia(words);
		else if (words.takes("dev")) hop.dev = words.take();
		else if (words.takes("onlink")) hop.onlink = true;
		else if (words.takes("weight")) {
			const weight = words.number('"weight" is invalid', MOST_WEIGHT);
			if (weight === 0)
				throw new IpRefusal(
					'Error: argument "0" is wrong: "weight" is invalid',
				);
			hop.weight = weight;
		} else if (hop.via === null && hop.dev === "")
			throw new IpRefusal(
				`Error: unexpected end of line or garbage "${words.take()}"`,
			);
		else break;
	}
	return hop;
}

/** What iproute2 takes in a route and is not read here, and what it takes abbreviated (`iproute_modify`). */
const KEYWORDS: readonly string[] = [
	"advmss",
	"anycast",
	"as",
	"congctl",
	"cwnd",
	"encap",
	"expires",
	"fastopen_no_cookie",
	"features",
	"from",
	"help",
	"hoplimit",
	"initcwnd",
	"initrwnd",
	"metric",
	"multicast",
	"nat",
	"nexthop",
	"nhid",
	"pref",
	"preference",
	"priority",
	"protocol",
	"quickack",
	"realms",
	"reordering",
	"rto_min",
	"rtt",
	"rttvar",
	"scope",
	"ssthresh",
	"table",
	"ttl-propagate",
	"vrf",
	"window",
	"xresolve",
];

/** The same of `ip route flush` (`iproute_list_flush_or_save`). */
const FLUSH_KEYWORDS: readonly string[] = [
	"cached cloned from help iif match metric preference priority protocol realms scope src",
	"table tos dsfield type vrf",
].flatMap((line) => line.split(" "));

/** An address of IPv6 has a colon. */
function isKeyword(words: Words): boolean {
	return words.next.includes(":") || words.isOneOf(KEYWORDS);
}

function readDestination(words: Words, reading: Reading): void {
	words.takes("to");
	// It stands for anycast here, and a destination has to follow (rtnl_rtntype_a2n).
	if (words.takes("any")) {
		const text = words.take();
		if (prefixOf(text) === null)
			throw new IpRefusal(
				`Error: any valid prefix is expected rather than "${text}".`,
			);
		throw new NotUnderstood('ip route: type "any" (anycast) is not modelled');
	}
	if (TYPES.has(words.next)) {
		reading.route.type = words.take() as RouteType;
		if (words.isAtEnd) return;
	}
	const text = words.next;
	if (reading.to !== null || prefixOf(text) === null) {
		if (!/^[\d./]+$/.test(text) && isKeyword(words))
			throw new NotUnderstood(`ip route: "${text}" is not modelled`);
		if (reading.to !== null)
			throw new IpRefusal(
				`Error: either "to" is duplicate, or "${text}" is a garbage.`,
			);
	}
	reading.to = words.prefix("any valid");
}

/** `ip route flush …`: `null` is the cache, which is none. @throws IpRefusal, NotUnderstood */
export function parseFlush(words: Words): FlushSpec | null {
	const what: Writable<FlushSpec> = {
		table: TABLE_MAIN,
		dev: "",
		via: null,
		to: null,
		isKernel: null,
	};
	if (words.isAtEnd)
		throw new IpRefusal('"ip route flush" requires arguments.');
	while (!words.isAtEnd) {
		if (words.takes("table")) {
			if (words.takes("cache")) return null;
			what.table = words.takes("all", "any") ? null : words.table();
		} else if (words.takes("cache")) return null;
		else if (words.takes("dev", "oif")) what.dev = words.take();
		else if (words.takes("via")) what.via = readVia(words);
		else if (words.takes("proto", "protocol"))
			what.isKernel = PROTO_KERNEL.includes(words.take());
		else {
			words.takes("to");
			const isRoot = words.takes("root");
			if (!isRoot) words.takes("exact");
			if (words.isOneOf(FLUSH_KEYWORDS) && prefixOf(words.next) === null)
				throw new NotUnderstood(
					`ip route flush: "${words.next}" is not modelled`,
				);
			what.to = { ...words.prefix("any valid"), isExact: !isRoot };
		}
	}
	return what;
}
