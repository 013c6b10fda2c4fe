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
		"The first packet of a connection reaches its backend, and a later one is dropped.",
	help: "Accept packets of known connections before the rule that drops: `-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`.",
	why: `A firewall that accepts the first packet of a connection has to accept its answers too, which come from the
backend's interface and have the backend's port as their source. A rule for packets of known connections does that for all
connections at once. Without it, the backend sees connections that never come about: the client's SYN is answered, and the
answer does not reach the client.`,
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
		return [...byPlace.values()].flatMap((some) => found(some, facts));
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
