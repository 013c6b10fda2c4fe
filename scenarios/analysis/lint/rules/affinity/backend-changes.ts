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
import type { Asked, Decision, RuleRef } from "../../../walk/decision.ts";
import { askedIn } from "../../../walk/ends-of.ts";
import { doesTake } from "../../../walk/turns.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { type Moves, movesOf, turnsIn } from "../../moves.ts";
import { markedLater } from "./marked-later.ts";

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
			const { key } = connection.service;
			// One for each service: its connections move by the same rules.
			if (found.get(key)?.path.length) continue;
			const moved = movesOf(connection).find(({ end }) => end !== null);
			const one = moved ? foundOf(moved, connection, facts) : null;
			// Counters keep step: a packet has to take the way that is shown.
			if (one !== null && (one.path.length > 0 || !found.has(key)))
				found.set(key, one);
		}
		return [...found.values(), ...markedLater(facts)];
	},
};

const WORDS = {
	next: "later packets of a connection to BACKEND get",
	again: "the first packet, sent once more, of a connection to BACKEND gets",
} as const;

function foundOf(
	moves: Moves,
	connection: Connection,
	facts: Facts,
): Found | null {
	const { backend, service, keyOf, end: first } = connection;
	const { decision } = moves;
	const turns = turnsIn(connection);
	const shown = doesTake(connection.decision, first, turns)
		? moves.ends.find((one) => doesTake(moves.whole, one, turns))
		: undefined;
	const end = shown ?? moves.end;
	if (end === null) return null;
	const writer =
		markWriter(end.rules, facts) ??
		markWriter(first.rules, facts) ??
		end.rules.at(-1) ??
		first.rules.at(-1);
	if (writer === undefined) return null;
	const other = keyOf(end).startsWith("mark ") ? keyOf(end) : "no mark";
	const to = service.balances === "mark" ? other : keyOf(end);
	const chooses = askedIn(decision).find(isChosenAnew);
	const share = movedShare(decision, connection);
	const part = share === null ? "some packets" : shareText(share);
	const related = [
		...(chooses !== undefined && chooses.at.rule !== writer.rule
			? [{ at: chooses.at, role: "it chooses for each packet anew" }]
			: []),
	];
	return {
		at: writer,
		message: `${WORDS[moves.which].replace("BACKEND", () => backend)} ${to}`,
		happens: `${service.key}: ${part} of a known connection go elsewhere than its first one.`,
		remedy:
			"Restore the connection's mark before this choice, let packets that have one pass by, and save the mark behind it.",
		related,
		path: shown?.rules ?? [],
		repair: [],
		...(service.balances === "mark" && facts.world.markRoutes.length === 0
			? { assumes: "routing reads the marks (`ip rule`)" }
			: {}),
	};
}

/** What the machine would tell is no choice. */
function isChosenAnew(asked: Asked): boolean {
	return asked.kind !== "open" || asked.isUnknown !== true;
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

/** The last rule on a way that writes the packet's mark. */
function markWriter(
	rules: readonly RuleRef[],
	{ ruleset }: Facts,
): RuleRef | undefined {
	const named = rulesByName(ruleset);
	return rules.findLast(({ rule }) => {
		const placed = named.get(rule);
		return placed !== undefined && marksOf(placed.rule).some(isPacketWrite);
	});
}

const isPacketWrite = ({ mark, does }: MarkUse) =>
	mark === "packet" && does === "writes";
