import { ALL_BITS } from "../../../../../sim/extension/mark-uses.ts";
import type { Decision, RuleRef } from "../../../walk/decision.ts";
import { askedIn, endsOf } from "../../../walk/ends-of.ts";
import { balancersOf } from "../../cascades/balancers.ts";
import { type Counted, countedIn } from "../../cascades/cascade.ts";
import { partAt } from "../../cascades/findings.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
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
				const which = metBy(connection, key);
				if (which === null || found.has(key)) continue;
				found.set(key, foundAt(facts, { at, kind, which }, connection));
			}
		return [...found.values()];
	},
};

/** The packet that comes to it after the first one, in words; `null`: none does. */
function metBy({ later }: Connection, key: string): string | null {
	if (later.next !== null && asks(later.next, key))
		return "each later packet of a client";
	return later.answer !== null && asks(later.answer, key)
		? "each answer of a backend"
		: null;
}

function asks(decision: Decision, key: string): boolean {
	return askedIn(decision).some((asked) => asked.key === key);
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
	{ at, kind, which }: Pick<Counted, "at" | "kind"> & { which: string },
	connection: Connection,
): Found {
	const { backend, service, end } = connection;
	const { ruleset } = facts;
	const over = overwriting(facts, connection);
	const moves = kind === "turn" ? "moves this counter" : "is drawn for";
	return {
		at,
		part: partAt(ruleset, at),
		message: `${which} ${moves}, not only the first one: a connection to ${backend} shows it (${service.key})`,
		happens: `${over === null ? "" : `\`${over.at.text}\` writes ${over.mark} over the connection's mark with each answer of a backend. `}${
			kind === "turn"
				? "Where the next connection goes depends on how many packets others send, so the split is not that of connections."
				: "The mark that it sets may change with each packet of a connection."
		}`,
		remedy:
			over === null
				? "Ask for new connections (`-m conntrack --ctstate NEW`), or restore the connection's mark before it and ask for mark 0."
				: "Let that rule save the marks of packets that have one alone (`-m mark ! --mark 0x0`), or those of new connections (`-m conntrack --ctstate NEW`).",
		related:
			over === null
				? []
				: [{ at: over.at, role: "writes over the connection's mark" }],
		path: end.rules,
		repair: [],
	};
}
