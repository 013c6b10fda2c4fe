import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import {
	type Connection,
	connectionsOf,
	isToProgram,
} from "../../connections.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { byUnansweredSources } from "./unanswered-sources.ts";
import { byWrongUplinks } from "./wrong-uplinks.ts";

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
		"The first packet of a connection gets through, and a later one is dropped, or does not find its way back.",
	help: "Accept packets of known connections before the rule that drops: `-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`, and the same in `OUTPUT` for answers of the router's own programs. Answers that leave by another uplink need the mark of their connection (`-j CONNMARK --restore-mark` in `mangle` `PREROUTING`, and in `OUTPUT` for those of its own programs), and `ip rule` for that mark. What leaves by an uplink needs a source that is an address of that uplink (`-j MASQUERADE`), and that the router has.",
	why: `A firewall that accepts the first packet of a connection has to accept its answers too, which come from the
backend's interface and have the backend's port as their source. A rule for packets of known connections does that for all
connections at once. Without it, the backend sees connections that never come about: the client's SYN is answered, and the
answer does not reach the client. Answers of the router's own programs, to which \`REDIRECT\` leads, pass \`OUTPUT\`; of
these it is assumed that a program listens.

A router with several uplinks has to send answers out by the one by which the connection came in. The main table knows
one default route, and the provider behind it takes no packets from addresses of another provider. So the connection
keeps a mark of its uplink (\`-j CONNMARK --save-mark\`), its answers get it back where they come in
(\`-j CONNMARK --restore-mark\` in \`mangle\` \`PREROUTING\`; in \`OUTPUT\` for those of its own programs), and \`ip rule\` sends
them to the table of that uplink.

For the same reason no answer comes to connections that leave by an uplink with an address of another one as their
source, or with a private one that no rule of \`nat\` \`POSTROUTING\` translates.

Nor does an answer come to a source that lies on the network of the link and that no interface has, such as an address
that \`--to-source\` takes out of the network of the uplink: the next router asks for it by ARP, and the gateway answers
for its own addresses alone, unless the address is proxied (\`proxy_arp\`, \`ip neigh add proxy\`) or routed to it.

Uplinks are only looked at where addresses, routes and routing rules of the router are given, and such sources where its
addresses are.`,
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
		const { all, toPrograms } = connectionsOf(facts);
		for (const connection of [...all, ...toPrograms]) {
			const one = droppedOf(connection);
			if (one === null) continue;
			const key = `${one.which} ${one.by}`;
			byPlace.set(key, [...(byPlace.get(key) ?? []), one]);
		}
		return [
			...[...byPlace.values()].flatMap((some) => found(some, facts)),
			...byWrongUplinks(facts),
			...byUnansweredSources(facts),
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
	const isOwn = isToProgram(connection);
	const [, chain = ""] = by.split(":");
	return [
		{
			at,
			message: `the ${whose} are ${how}${dropping === null ? ` by the policy of ${chain}` : ""}`,
			happens: `No connection of ${connection.service.key} to ${names} comes about: its first packet is ${isOwn ? "delivered" : "sent on"}, and then ${which} are ${how} by ${by}.`,
			remedy: `Accept packets of known connections in front: \`${dropping === null ? `-A ${chain} ` : ""}-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\`.`,
			related:
				dropping !== null && sending !== undefined
					? [{ at: sending, role: "it sends the first packet on" }]
					: [],
			path: end.rules.length > 0 ? end.rules : connection.end.rules,
			repair: [],
			...(isOwn
				? { assumes: "a program of the gateway's own listens there" }
				: {}),
		},
	];
}
