import { ALL_BITS } from "../../../../../sim/extension/mark-uses.ts";
import type { Decision, RuleRef } from "../../../walk/decision.ts";
import { askedIn, endsOf } from "../../../walk/ends-of.ts";
import { onceMore } from "../../../walk/later-packets.ts";
import { doesTake, isAskedOn } from "../../../walk/turns.ts";
import { balancersOf } from "../../cascades/balancers.ts";
import { type Counted, countedIn } from "../../cascades/cascade.ts";
import { partAt } from "../../cascades/findings.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { turnsIn } from "../../moves.ts";
import { markText, stepsOf } from "../marks/mark-rules.ts";

/** Counters and draws that packets of known connections meet. */
export const knownConnectionsCounted: LintRule = {
	code: "MT106",
	name: "known-connections-counted",
	category: "balance",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message:
		"Packets of known connections meet a counter or a draw that is meant for new ones.",
	help: "Ask for new connections (`-m conntrack --ctstate NEW`), or restore the connection's mark first and ask for mark 0 (`-m mark --mark 0x0`).",
	why: `In the table \`nat\` a rule sees the first packet of a connection only. In \`mangle\` and \`raw\` it sees all of them.
A counter there moves with each packet, so where the next connection goes depends on how many packets others have sent
meanwhile: with two backends and connections that send an even number of packets, one backend gets all of them. Where a
mark is set by the counter, it may change in the middle of a connection.`,
	examples: {
		bad: `*mangle
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
COMMIT
*nat
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j DNAT --to-destination 10.20.5.1
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m mark --mark 0x2 -j DNAT --to-destination 10.20.5.2
COMMIT
`,
		good: `*mangle
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
COMMIT
*nat
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j DNAT --to-destination 10.20.5.1
-A PREROUTING -d 203.0.113.72/32 -p tcp -m tcp --dport 80 -m mark --mark 0x2 -j DNAT --to-destination 10.20.5.2
COMMIT
`,
	},
	check: (facts) => {
		const counted = new Map<string, Counted>();
		// The kernel asks this table about first packets alone (nf_nat_core.c, `nf_nat_inet_fn`, 6.1).
		for (const balancer of balancersOf(facts))
			for (const one of countedIn(balancer))
				if (!one.at.rule.startsWith("nat:")) counted.set(one.key, one);
		if (counted.size === 0) return [];
		const found = new Map<string, Found>();
		for (const connection of connectionsOf(facts).all)
			for (const [key, { at, kind }] of counted) {
				const met = metBy(connection, key, facts);
				if (met === null || found.get(key)?.path.length) continue;
				const one = foundAt(facts, { at, kind, met }, connection);
				// Counters keep step: a packet has to take the way that is shown.
				if (one.path.length > 0 || !found.has(key)) found.set(key, one);
			}
		return [...found.values()];
	},
};

/** A packet behind the first one that comes to a counter or a draw. */
interface Met {
	readonly words: string;
	/** It is the first answer, and those behind it do not come there. */
	readonly isOnce: boolean;
	/** The rules that it matches; [] where no packet takes such a way. */
	readonly path: readonly RuleRef[];
}

/** `null`: none does. */
function metBy(
	connection: Connection,
	key: string,
	{ walker }: Facts,
): Met | null {
	const { next, answer } = connection.later;
	if (next !== null && asks(next, key)) {
		const path = pathOf(connection, next, key);
		return { words: "each later packet of a client", isOnce: false, path };
	}
	if (answer === null || !asks(answer, key)) return null;
	const { arrival, end } = connection;
	const others = onceMore(walker, arrival, end, "answer");
	const isOnce = others.length > 0 && !others.some((one) => asks(one, key));
	const words = `${isOnce ? "the first" : "each"} answer of a backend`;
	return { words, isOnce, path: pathOf(connection, answer, key) };
}

function asks(decision: Decision, key: string): boolean {
	return askedIn(decision).some((asked) => asked.key === key);
}

function pathOf(
	connection: Connection,
	later: Decision,
	key: string,
): readonly RuleRef[] {
	const turns = turnsIn(connection);
	if (!doesTake(connection.decision, connection.end, turns)) return [];
	const shown = endsOf(later).find(
		(one) => isAskedOn(later, one, key) && doesTake(later, one, turns),
	);
	return shown?.rules ?? [];
}

/**
 * The rule that writes another mark over that of the connection, for the answer of the backend; `null`: the connection
 * has kept the mark that its first packet had saved, or had saved none.
 */
function overwriting(
	facts: Facts,
	{ end, later }: Connection,
): { readonly at: RuleRef; readonly mark: string } | null {
	if (end.connmark === 0 || later.answer === null) return null;
	const lost = endsOf(later.answer).find(
		({ connmark }) => connmark !== end.connmark,
	);
	const by =
		lost &&
		stepsOf(lost, facts).findLast(({ uses }) =>
			uses.some(({ mark, does }) => mark === "connection" && does === "writes"),
		);
	return by === undefined || lost === undefined
		? null
		: {
				at: by.placed.at,
				mark: markText({ value: lost.connmark, bits: ALL_BITS }),
			};
}

function foundAt(
	facts: Facts,
	{ at, kind, met }: Pick<Counted, "at" | "kind"> & { readonly met: Met },
	connection: Connection,
): Found {
	const { backend, service } = connection;
	const over = met.isOnce ? null : overwriting(facts, connection);
	const moves = kind === "turn" ? "moves this counter" : "is drawn for";
	return {
		at,
		part: partAt(facts.ruleset, at),
		message: `${met.words} ${moves}, not only the first ${met.isOnce ? "packet of a client" : "one"}: a connection to ${backend} shows it (${service.key})`,
		happens: `${over === null ? "" : `\`${over.at.text}\` writes ${over.mark} over the connection's mark with each answer of a backend. `}${happensBy(kind, met, connection)}`,
		remedy: remedyFor(met, over !== null),
		related:
			over === null
				? []
				: [{ at: over.at, role: "writes over the connection's mark" }],
		path: met.path,
		repair: [],
	};
}

function happensBy(
	kind: Counted["kind"],
	{ isOnce }: Met,
	{ end }: Connection,
): string {
	if (kind === "turn")
		return "Where the next connection goes depends on how many packets others send, so the split is not that of connections.";
	if (!isOnce)
		return "The mark that it sets may change with each packet of a connection.";
	const mark = markText({ value: end.routingMark, bits: ALL_BITS });
	const first = end.routingMark === 0 ? "without one" : `with ${mark}`;
	return `The connection has the mark that its first answer draws from then on, and its first packet was routed ${first}.`;
}

function remedyFor({ isOnce }: Met, isOverwritten: boolean): string {
	if (isOnce)
		return "Let packets of new connections alone come to the rules that set marks (`-m conntrack --ctstate NEW`), or those of clients (`-m conntrack --ctdir ORIGINAL`).";
	return isOverwritten
		? "Let that rule save the marks of packets that have one alone (`-m mark ! --mark 0x0`), or those of new connections (`-m conntrack --ctstate NEW`)."
		: "Ask for new connections (`-m conntrack --ctstate NEW`), or restore the connection's mark before it and ask for mark 0.";
}
