import { formatAddress } from "../../../../../sim/packet/address.ts";
import { type Links, linksOf } from "../../../spaces/links.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Connections whose first packet gets through, and whose later ones do not. */
export const answersDropped: LintRule = {
	code: "MT302",
	name: "answers-dropped",
	category: "affinity",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "none",
	message:
		"The first packet of a connection reaches its backend, and a later one is dropped, or led to another uplink.",
	help: "Accept packets of known connections before the rule that drops: `-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`.",
	why: `A firewall that accepts the first packet of a connection has to accept its answers too, which come from the
backend's interface and have the backend's port as their source. A rule for packets of known connections does that for all
connections at once. Without it, the backend sees connections that never come about: the client's SYN is answered, and the
answer does not reach the client.

A router with several uplinks has to send answers out by the one by which the connection came in. The main table knows
one default route, and the provider behind it takes no packets from addresses of another provider. So the connection
keeps a mark of its uplink (\`-j CONNMARK --save-mark\`), its answers get it back where they come in
(\`-j CONNMARK --restore-mark\` in \`mangle\` \`PREROUTING\`), and \`ip rule\` sends them to the table of that uplink. This is
only looked at where addresses, routes and routing rules of the router are given.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -d 10.20.0.11/32 -i eth0 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.20.0.11/32 -i eth0 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
`,
	},
	check(facts) {
		const byPlace = new Map<string, Dropped[]>();
		for (const connection of connectionsOf(facts).all) {
			const one = droppedOf(connection);
			if (one === null) continue;
			const key = `${one.which} ${one.by}`;
			byPlace.set(key, [...(byPlace.get(key) ?? []), one]);
		}
		return [
			...[...byPlace.values()].flatMap((some) => found(some, facts)),
			...ledAstray(facts),
		];
	},
};

interface Dropped {
	readonly connection: Connection;
	readonly which: "answers" | "packets behind the first answer";
	/** A rule or a policy. */
	readonly by: string;
	readonly end: End;
}

function droppedOf(connection: Connection): Dropped | null {
	const { answer, next } = connection.later;
	const answers = dropOf(answer);
	if (answers !== null) return { connection, which: "answers", ...answers };
	const others = dropOf(next);
	return (
		others && {
			connection,
			which: "packets behind the first answer",
			...others,
		}
	);
}

/** Where rules drop a packet on every way. */
function dropOf(decision: Decision | null): Pick<Dropped, "by" | "end"> | null {
	const ends = decision === null ? [] : endsOf(decision);
	const drops = ends.flatMap((end) => {
		const { fate } = end;
		return fate.kind === "dropped" && fate.by.includes(":")
			? [{ by: fate.by, end }]
			: [];
	});
	const [first] = drops;
	return first !== undefined && drops.length === ends.length ? first : null;
}

function found(some: readonly Dropped[], facts: Facts): readonly Found[] {
	const [{ connection, which, by, end }] = some as readonly [Dropped];
	const dropping = rulesByName(facts.ruleset).get(by)?.at ?? null;
	const sending = connection.end.rules.at(-1);
	const at: RuleRef | undefined = dropping ?? sending;
	if (at === undefined) return [];
	const backends = [...new Set(some.map((one) => one.connection.backend))];
	const [backend = "", ...others] = backends;
	const names =
		others.length === 0 ? backend : `${backend} and ${others.length} more`;
	const whose =
		which === "answers"
			? `answers of ${names}`
			: `${which} of connections to ${names}`;
	const how = end.answered === null ? "dropped" : "rejected";
	return [
		{
			at,
			message: `the ${whose} are ${how}${dropping === null ? ` by the policy of ${by.split(":")[1]}` : ""}`,
			happens: `No connection of ${connection.service.key} to ${names} comes about: its first packet is sent on, and then ${which} are ${how} by ${by}.`,
			remedy:
				"Accept packets of known connections in front: `-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`.",
			related:
				dropping !== null && sending !== undefined
					? [{ at: sending, role: "it sends the first packet on" }]
					: [],
			path: end.rules,
			repair: [],
		},
	];
}

interface Astray {
	readonly connection: Connection;
	/** By which uplink all answers leave. */
	readonly by: string;
	readonly end: End;
}

/** Of each two uplinks, connections that come in by the one, and whose answers leave by the other. */
function ledAstray(facts: Facts): readonly Found[] {
	const { world } = facts;
	if (!world.isRoutingTold) return [];
	const links = linksOf(world);
	const perUplinks = new Map<string, Astray[]>();
	for (const connection of connectionsOf(facts).all) {
		const one = astrayOf(connection, links);
		if (one === null) continue;
		const key = `${connection.arrival.interface} ${one.by}`;
		perUplinks.set(key, [...(perUplinks.get(key) ?? []), one]);
	}
	return [...perUplinks.values()].flatMap(foundAstray);
}

function astrayOf(
	connection: Connection,
	{ uplinks, own }: Links,
): Astray | null {
	const { later, arrival } = connection;
	const ends = later.answer === null ? [] : endsOf(later.answer);
	const ways = ends.flatMap((end) => {
		const { fate, packet } = end;
		if (fate.kind !== "forwarded" || packet === null) return [];
		const by = fate.interface;
		const hasIts = own.some(
			(one) => one.interface === by && one.address === packet.source >>> 0,
		);
		const isAstray = by !== arrival.interface && uplinks.has(by) && !hasIts;
		return isAstray ? [{ connection, by, end }] : [];
	});
	const [first] = ways;
	const isKnown = uplinks.has(arrival.interface);
	return isKnown && first !== undefined && ways.length === ends.length
		? first
		: null;
}

function foundAstray(some: readonly Astray[]): readonly Found[] {
	const [{ connection, by, end }] = some as readonly [Astray];
	const { arrival, service } = connection;
	const at = connection.end.rules.at(-1);
	if (at === undefined) return [];
	const from = formatAddress(arrival.packet.destination);
	const came = arrival.interface;
	return [
		{
			at,
			message: `answers of connections that come in by ${came} leave by ${by}`,
			happens: `A client asks ${from} of ${service.key} by ${came}, and the answer from ${from} leaves by ${by}, whose provider takes no such address: no connection by ${came} comes about.`,
			remedy: `Let connections keep a mark of the uplink by which they came (\`CONNMARK --save-mark\`), give it back to their answers in \`mangle\` \`PREROUTING\` (\`CONNMARK --restore-mark\`), and send it to the table of ${came} with \`ip rule\`.`,
			related: [],
			path: end.rules.length > 0 ? end.rules : connection.end.rules,
			repair: [],
			assumes: `the provider of ${by} takes no packets from ${from}`,
		},
	];
}
