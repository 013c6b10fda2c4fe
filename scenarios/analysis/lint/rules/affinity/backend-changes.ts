import type { MarkUse } from "../../../../../sim/extension/traits.ts";
import {
	minus,
	ONE,
	printPercent,
	printRational,
	type Rational,
} from "../../../../../sim/rational.ts";
import { marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import { splitOf } from "../../../split/split-of.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Later packets of a connection that leave by another way than its first one, or reach another backend. */
export const backendChanges: LintRule = {
	code: "MT301",
	name: "backend-changes",
	category: "affinity",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "none",
	message: "Later packets of a connection go elsewhere than its first one.",
	help: "Restore the connection's mark before rules that choose, and let packets that have one pass by: `-j CONNMARK --restore-mark`, then `-m mark ! --mark 0 -j RETURN`. Save it when the choice is made.",
	why: `A rule outside of the table \`nat\` sees every packet, not only the first one of a connection. Where it takes
turns or draws, it chooses anew for each packet. A translated connection stays where it is, since its mapping belongs to
the connection; but a mark that chooses a route is the packet's own. The second packet leaves by another uplink, with
another source address or without its translation, and the connection breaks.

The connection's mark (connmark) is what lasts: it is restored first, and saved when the choice is made.`,
	examples: {
		bad: `*mangle
-A PREROUTING -i lan0 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
COMMIT
*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`,
		good: `*mangle
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -m mark ! --mark 0x0 -j RETURN
-A PREROUTING -i lan0 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
*nat
-A POSTROUTING -o isp1 -j MASQUERADE
-A POSTROUTING -o isp2 -j MASQUERADE
COMMIT
`,
	},
	check(facts) {
		const found = new Map<string, Found>();
		for (const connection of connectionsOf(facts).all) {
			const one = movedOf(connection, facts);
			// One for each service: its connections move by the same rules.
			if (one !== null && !found.has(connection.service.key))
				found.set(connection.service.key, one);
		}
		return [...found.values()];
	},
};

const LATER = [
	["next", "later packets"],
	["again", "the first packet, sent once more,"],
] as const;

function movedOf(connection: Connection, facts: Facts): Found | null {
	for (const [which, words] of LATER) {
		const decision = connection.later[which];
		const end =
			decision && endsOf(decision).find((one) => isMoved(one, connection));
		if (decision && end)
			return found({ decision, end, words }, connection, facts);
	}
	return null;
}

/** It goes on, to another place than the first packet. What drops it is for other rules. */
function isMoved(end: End, { keyOf, backend }: Connection) {
	const { kind } = end.fate;
	if (kind !== "forwarded" && kind !== "delivered") return false;
	return keyOf(end) !== backend;
}

interface Moved {
	readonly decision: Decision;
	readonly end: End;
	/** What moves: `later packets`. */
	readonly words: string;
}

function found(
	{ decision, end, words }: Moved,
	connection: Connection,
	facts: Facts,
): Found | null {
	const { backend, service, keyOf, end: first } = connection;
	const writer = decisive(end.rules, facts) ?? decisive(first.rules, facts);
	if (writer === null) return null;
	const other = keyOf(end).startsWith("mark ") ? keyOf(end) : "no mark";
	const to = service.balances === "mark" ? other : keyOf(end);
	const asked = decision.kind === "fork" ? decision.asked : null;
	const share = movedShare(decision, connection);
	const part = share === null ? "some packets" : shareText(share);
	const related = [
		...(asked !== null && asked.at.rule !== writer.rule
			? [{ at: asked.at, role: "it chooses for each packet anew" }]
			: []),
	];
	return {
		at: writer,
		message: `${words} of a connection to ${backend} get ${to}`,
		happens: `${service.key}: ${part} of a known connection go elsewhere than its first one.`,
		remedy:
			"Restore the connection's mark before this choice, let packets that have one pass by, and save the mark behind it.",
		related,
		path: end.rules,
		repair: [],
		...(service.balances === "mark" && facts.world.markRoutes.length === 0
			? { assumes: "routing reads the marks (`ip rule`)" }
			: {}),
	};
}

/** Of later packets that are not dropped; `null`: it has no exact part. */
function movedShare(
	decision: Decision,
	{ keyOf, backend, client }: Connection,
): Rational | null {
	const conditions = new Map(
		Object.entries(client.vectors[0]?.conditions ?? {}),
	);
	const { parts } = splitOf(decision, {
		keyOf: (end) => (keyOf(end) === backend ? "stays" : "moves"),
		conditions,
	});
	const stays = parts.find(({ key }) => key === "stays")?.share;
	if (stays === undefined) return ONE;
	return stays.kind === "exact" ? minus(ONE, stays.value) : null;
}

function shareText(share: Rational): string {
	const text = printRational(share);
	return text === "1"
		? "all packets"
		: `${text} (${printPercent(share)}) of the packets`;
}

/** The last rule on a way that writes the packet's mark; where none does, the last one. */
function decisive(
	rules: readonly RuleRef[],
	{ ruleset }: Facts,
): RuleRef | null {
	const named = rulesByName(ruleset);
	const writes = ({ rule }: RuleRef) => {
		const placed = named.get(rule);
		return placed !== undefined && marksOf(placed.rule).some(isPacketWrite);
	};
	return rules.findLast(writes) ?? rules.at(-1) ?? null;
}

const isPacketWrite = ({ mark, does }: MarkUse) =>
	mark === "packet" && does === "writes";
