import { asksWhoCame } from "../../../services/candidates.ts";
import { NO_BACKEND } from "../../../services/service.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Clients that rules remember, and send elsewhere when they come again. */
export const returningClients: LintRule = {
	code: "MT304",
	name: "returning-clients",
	category: "affinity",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "none",
	message:
		"A client that rules remember goes to another backend when it comes again, or to none.",
	help: "Let the rule that asks a list (`--rcheck`, `--update`) lead to the backend whose rule writes that list (`--set`).",
	why: `With \`recent\` a client keeps its backend: the rule that sends it there writes its address into a list, and a rule
in front, which asks that list, sends it there again. Where the two lead to different backends, each client changes its
backend with its second connection, and what the first backend knows of it is lost. Where the chain of the rule that asks
ends before a translation, its clients are served once and then no more.

For each backend that a first connection may reach, the next connection of the same client is walked, with the lists and
sets as the first one has left them. A host to which no first connection goes, and which takes clients of several backends
when they come again, is taken for one that is meant for these.`,
	examples: {
		bad: `*nat
:B1 - [0:0]
:B2 - [0:0]
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b1 --mask 255.255.255.255 --rsource -j B2
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b2 --mask 255.255.255.255 --rsource -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m statistic --mode nth --every 2 --packet 0 -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -j B2
-A B1 -p udp -m recent --set --name b1 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.21
-A B2 -p udp -m recent --set --name b2 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.22
COMMIT
`,
		good: `*nat
:B1 - [0:0]
:B2 - [0:0]
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b1 --mask 255.255.255.255 --rsource -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b2 --mask 255.255.255.255 --rsource -j B2
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m statistic --mode nth --every 2 --packet 0 -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -j B2
-A B1 -p udp -m recent --set --name b1 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.21
-A B2 -p udp -m recent --set --name b2 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.22
COMMIT
`,
	},
	check(facts) {
		const { all } = connectionsOf(facts);
		const met = new Map<Connection["service"], Met>();
		for (const connection of all) note(connection, met);
		const found = new Map<string, Found>();
		for (const connection of all) {
			const one = movedOf(connection, facts, met.get(connection.service));
			if (one !== null && !found.has(one.message)) found.set(one.message, one);
		}
		return [...found.values()];
	},
};

/** What clients of a service come to. */
interface Met {
	/** Backends to which first connections go. */
	readonly first: Set<string>;
	/** By where next connections go: the backends of the first ones. */
	readonly from: Map<string, Set<string>>;
}

function note(connection: Connection, met: Map<unknown, Met>): void {
	const { service, backend, returning, keyOf } = connection;
	const known = met.get(service) ?? { first: new Set(), from: new Map() };
	met.set(service, known);
	known.first.add(backend);
	if (returning === null) return;
	for (const key of aliveEnds(returning, connection).map(keyOf))
		known.from.set(key, (known.from.get(key) ?? new Set()).add(backend));
}

/**
 * On every way with all backends alive it goes elsewhere. What drops it is meant to: a rate, or a client that may ask
 * once; and so is a host to which no first connection goes and that takes clients of several backends, or another one
 * that is let through as it came.
 */
function movedOf(
	connection: Connection,
	facts: Facts,
	met: Met | undefined,
): Found | null {
	const { returning, service, backend, keyOf } = connection;
	if (returning === null || met === undefined) return null;
	const ends = aliveEnds(returning, connection);
	const [end] = ends;
	if (end === undefined) return null;
	const isOneOfThem = (key: string) =>
		met.first.has(key) || met.from.get(key)?.size === 1;
	const isMoved = ends.every((one) => {
		const { kind } = one.fate;
		const key = keyOf(one);
		if (kind !== "forwarded" && kind !== "delivered") return false;
		return key.startsWith(NO_BACKEND)
			? service.addresses !== null
			: key !== backend && isOneOfThem(key);
	});
	return isMoved ? found(end, connection, facts) : null;
}

/** With the conditions at which most backends get connections. */
function aliveEnds(
	returning: Decision,
	{ client }: Connection,
): readonly End[] {
	const conditions = client.vectors[0]?.conditions ?? {};
	return endsOf(returning, ({ asked, ways }) =>
		asked.kind === "condition"
			? [ways[conditions[asked.name] ?? 0] as Decision]
			: ways,
	);
}

function found(
	end: End,
	{ backend, service, keyOf, end: first }: Connection,
	facts: Facts,
): Found | null {
	const at = asking(end.rules, facts) ?? end.rules.at(-1) ?? first.rules.at(-1);
	const wrote = first.rules.at(-1);
	if (at === undefined) return null;
	const key = keyOf(end);
	const isNone = key.startsWith(NO_BACKEND);
	return {
		at,
		message: isNone
			? `clients of ${backend} reach no backend when they come again`
			: `clients of ${backend} are sent to ${key} when they come again`,
		happens: isNone
			? `${service.key}: the first connection of a client goes to ${backend}, and its next one is ${key.slice(NO_BACKEND.length + 2)}.`
			: `${service.key}: the first connection of a client goes to ${backend}, and its next one to ${key}.`,
		remedy: `Let the rule that asks for clients of ${backend} lead to ${backend}.`,
		related:
			wrote === undefined || wrote.rule === at.rule
				? []
				: [{ at: wrote, role: `it sends the first connection to ${backend}` }],
		path: end.rules,
		repair: [],
		assumes: `clients that ${backend} has served are to be served by it again`,
	};
}

/** The first rule on a way that asks a list of who came before; `null`: none does. */
function asking(
	rules: readonly RuleRef[],
	{ ruleset, walker }: Facts,
): RuleRef | null {
	const named = rulesByName(ruleset);
	const asks = ({ rule: name }: RuleRef) => {
		const placed = named.get(name);
		return placed !== undefined && asksWhoCame(placed.rule, walker);
	};
	return rules.find(asks) ?? null;
}
