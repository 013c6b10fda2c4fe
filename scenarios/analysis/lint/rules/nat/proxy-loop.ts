import type { Rule } from "../../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import { TCP, UDP } from "../../../../../sim/packet/packet.ts";
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import { type Visited, visitRules } from "../../../services/candidates.ts";
import { portsText } from "../../../services/ranges-text.ts";
import { sampleOf } from "../../../services/sample.ts";
import {
	type Intervals,
	intersection,
	isAll,
	isWithin,
} from "../../../spaces/intervals.ts";
import { linksOf } from "../../../spaces/links.ts";
import {
	common,
	everything,
	OWN_INTERFACES,
	type Space,
} from "../../../spaces/space.ts";
import type { End } from "../../../walk/decision.ts";
import { endsOf, portOf } from "../../../walk/ends-of.ts";
import { TooManyWaysError } from "../../../walk/walker.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** What programs of the gateway send to others comes back to a program that clients are redirected to, a proxy. */
export const proxyLoop: LintRule = {
	code: "MT605",
	name: "proxy-loop",
	category: "nat",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "none",
	message:
		"The gateway's own requests are redirected to the proxy that clients are redirected to, and those of the proxy itself as well.",
	help: "Exempt the proxy by the user that it runs as: `-m owner ! --uid-owner USER` in the rule of `OUTPUT`. Or mark its packets (`SO_MARK`), and let a rule in front return those with the mark.",
	why: `A rule of \`PREROUTING\` sends what clients ask of other hosts to a port of the gateway: a proxy listens there, and
asks those hosts in their place. Its own packets do not pass \`PREROUTING\`. They pass \`OUTPUT\`, and a rule there that
redirects the same ports sends them to the proxy again. It takes that for the next request, and asks once more, until it
has no sockets left or sees its own name in the request (\`Via\`) and refuses.

Nothing is found where the rule of \`OUTPUT\`, or one in front of it, asks for something that may tell the proxy from other
programs: a user, a group, a mark, an address. The walk is that of a request to another host, by any program.`,
	examples: {
		bad: `*nat
-A PREROUTING -i lan0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128
-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`,
		good: `*nat
-A PREROUTING -i lan0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128
-A OUTPUT -p tcp -m tcp --dport 80 -m owner ! --uid-owner 13 -j REDIRECT --to-ports 3128
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
`,
	},
	check(facts) {
		const ownRedirects = redirectsIn(facts, "OUTPUT").filter((own) =>
			isForAny(own, facts),
		);
		if (ownRedirects.length === 0) return [];
		const ofClients = redirectsIn(facts, "PREROUTING");
		const ownRules = visited(facts, "OUTPUT", ["raw", "mangle", "nat"]);
		const byRule = new Map<Rule, Found>();
		for (const own of ownRedirects) {
			if (isExempting(own, ownRules, facts)) continue;
			for (const clients of ofClients) {
				if (byRule.has(own.rule)) break;
				const loop = loopOf(own, clients, facts);
				if (loop !== null) byRule.set(own.rule, found(loop, facts));
			}
		}
		return [...byRule.values()];
	},
};

/** A rule that translates destinations of first packets to other hosts, and those that it takes. */
type Redirect = Pick<Visited, "rule" | "chain" | "space">;

type Hook = "PREROUTING" | "OUTPUT";

const HAVE_PORTS: Intervals = [
	[TCP, TCP],
	[UDP, UDP],
];
const PORTS: Intervals = [[0, 0xffff]];
/** What Linux gives to programs that ask for no source port (`ip_local_port_range`). */
const LOCAL_PORTS: Intervals = [[32_768, 60_999]];

/** Rules that packets for other hosts may come to, with what decides whether they do. */
function visited(
	{ ruleset, world }: Facts,
	hook: Hook,
	tables: readonly string[],
): readonly Visited[] {
	const { hosts, names } = linksOf(world);
	const interfaces = hook === "OUTPUT" ? OWN_INTERFACES : names;
	// Whatever the source is: not all addresses of the gateway may be known.
	const begin = { ...everything(interfaces), destination: hosts };
	const rules: Visited[] = [];
	visitRules(
		ruleset,
		{ begin, interfaces },
		(one) => rules.push(one),
		tables.map((table) => [table, hook] as const),
	);
	return rules;
}

function redirectsIn(facts: Facts, hook: Hook): readonly Redirect[] {
	return visited(facts, hook, ["nat"]).filter(({ rule }) =>
		translatesDestination(rule),
	);
}

function translatesDestination({ target }: Rule): boolean {
	const translates = translatedBy(target);
	return translates === "destination" || translates === "either";
}

/** Does it take what any program asks of any host that is far, as far as addresses and ports tell? */
function isForAny({ rule, space }: Redirect, { world }: Facts): boolean {
	return (
		isWithin(linksOf(world).farHosts, space.destination) &&
		isAll(space.source) &&
		isWithin(LOCAL_PORTS, space.sourcePort) &&
		asksForPacketsAlone(rule)
	);
}

/** Does a rule that its packets may meet besides ask for something that may tell the proxy from other programs? */
function isExempting(
	{ rule, space }: Redirect,
	ownRules: readonly Visited[],
	{ world }: Facts,
): boolean {
	const { farHosts } = linksOf(world);
	// A parent proxy may be anywhere, and is asked at a port of its own: where all ports are redirected, only its
	// address exempts it.
	const asked = isWithin(PORTS, space.destinationPort)
		? space
		: { ...space, destination: farHosts };
	return ownRules.some((other) => {
		if (other.rule === rule || common(other.space, asked) === null)
			return false;
		const { target } = other.rule;
		const leadsOn = target?.kind === "jump" || target?.kind === "goto";
		if (leadsOn || translatesDestination(other.rule))
			return !asksForPacketsAlone(other.rule);
		return other.table !== "mangle" && !onlyReports(other.rule);
	});
}

/** Does it ask for nothing but addresses, ports and interfaces? */
function asksForPacketsAlone({ matches: uses, asWritten }: Rule): boolean {
	return (
		asWritten === undefined &&
		uses.every(({ name, options }) => {
			const match = matches.get(name);
			return (
				match?.alwaysMatches === true ||
				match?.comparesAll?.(options) === true ||
				match?.asksForOwnDestination?.(options) === true
			);
		})
	);
}

function onlyReports({ target }: Rule): boolean {
	return (
		target === null ||
		(target.kind === "extension" &&
			targets.get(target.name)?.onlyReports === true)
	);
}

interface Loop {
	readonly own: Redirect;
	readonly clients: Redirect;
	/** Of other hosts, which both the gateway and its clients ask for. */
	readonly ports: Intervals;
	readonly protocol: "tcp" | "udp";
	/** Of the gateway, where the proxy listens. */
	readonly proxy: number;
	/** Of a packet of the gateway's own. */
	readonly end: End;
}

/** `null`: they lead to several places, or elsewhere. */
function loopOf(own: Redirect, clients: Redirect, facts: Facts): Loop | null {
	const { farHosts } = linksOf(facts.world);
	const ports = intersection(
		own.space.destinationPort,
		clients.space.destinationPort,
	);
	const protocol = intersection(
		intersection(own.space.protocol, clients.space.protocol),
		HAVE_PORTS,
	);
	const asked = { destination: farHosts, destinationPort: ports, protocol };
	if (Object.values(asked).some((set) => set.length === 0)) return null;
	const [end, ...more] = endsIn({ ...own.space, ...asked }, facts);
	if (end === undefined || more.length > 0) return null;
	const proxy = proxyAt(end, own, facts);
	const isSame = endsIn({ ...clients.space, ...asked }, facts).some(
		(one) => proxyAt(one, clients, facts) === proxy,
	);
	const kind = end.packet?.kind;
	const hasPorts = kind === "tcp" || kind === "udp";
	if (proxy === null || !isSame || !hasPorts) return null;
	return { own, clients, ports, protocol: kind, proxy, end };
}

function endsIn(space: Space, { world, walker }: Facts): readonly End[] {
	const arrival = sampleOf(space, linksOf(world), []);
	if (arrival === null) return [];
	try {
		return endsOf(walker.walk(arrival));
	} catch (error) {
		// What is too large to be walked is a gap already: the same packets are walked for services.
		if (!(error instanceof TooManyWaysError)) throw error;
		return [];
	}
}

/** The port of the gateway to which this rule has sent it; `null`: it came elsewhere, or by another rule. */
function proxyAt(
	{ fate, packet, rules }: End,
	{ rule: redirect }: Redirect,
	{ world, walker }: Facts,
): number | null {
	if (fate.kind !== "delivered" || packet === null) return null;
	const address = packet.destination >>> 0;
	const isHere = address >>> 24 === 127 || linksOf(world).isOwn(address);
	const isByRule = rules.some(
		({ rule }) => walker.rules.ruleAt(rule) === redirect,
	);
	return isHere && isByRule ? portOf(packet) : null;
}

function found(
	{ own, clients, ports, protocol, proxy, end }: Loop,
	{ walker: { rules } }: Facts,
): Found {
	// A chain that PREROUTING leads to as well may not ask for users.
	const where =
		own.chain === "OUTPUT"
			? "this rule"
			: "the rule of `OUTPUT` that leads to this one";
	const asked = isWithin(PORTS, ports)
		? `any ${protocol} port of other hosts`
		: `${protocol} port ${portsText(ports)} of other hosts`;
	return {
		at: rules.refOf(own.rule),
		message: `the gateway's own requests to ${asked} are sent to its port ${proxy}, as those of clients are, and nothing exempts the program that listens there`,
		happens: `What the proxy at port ${proxy} itself asks of ${asked} comes back to it, again and again.`,
		remedy: `Write \`-m owner ! --uid-owner USER\` into ${where}, with the user that the proxy runs as.`,
		related:
			clients.rule === own.rule
				? []
				: [
						{
							at: rules.refOf(clients.rule),
							role: "sends clients to the same port",
						},
					],
		path: end.rules,
		repair: [],
		assumes: `a proxy listens on port ${proxy}, and asks the hosts in its clients' place`,
	};
}
