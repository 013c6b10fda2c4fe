/** What becomes of that which rules remember (nth counters, the credit of `limit`) under each way to change a table. */
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { Operation } from "../../../sim/contract/gateway.ts";
import {
	type GatewaySnapshot,
	ModelGateway,
} from "../../../sim/gateway/model-gateway.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Analysis } from "../services/analysis.ts";

/** A way to change the table of a rule, without changing the rule. */
export const RELOADS = [
	"append",
	"restore",
	"noflush",
	"zero",
] as const satisfies readonly string[];
/** A way to change the table of a rule, without changing the rule. */
export type Reload = (typeof RELOADS)[number];

/** Each in words. */
export const RELOAD_WORDS: Readonly<Record<Reload, string>> = {
	append: "iptables -A of another rule",
	restore: "iptables-restore of the same file",
	noflush: "iptables-restore --noflush of another rule",
	zero: "iptables -Z",
};

/** `unknown`: no packet that was walked moves it, or the way is refused. */
type Life = "kept" | "begins again" | "unknown";

/** What becomes of one rule's counter. */
export interface RuleLife {
	/** `mangle:PREROUTING:rule:2` */
	readonly rule: string;
	readonly by: Readonly<Record<Reload, Life>>;
}

/** First packets of each kind that are tried. */
const TRIES = 3;
/** Packets in all: a ruleset may have thousands of services. */
const MOST_PACKETS = 200;
const FIRST_PORT = 40_000;
const SEED = 1;
/** A rule that no packet meets: the protocol is for experiments (RFC 3692). */
const ANOTHER_RULE = "-A OUTPUT -p 253 -j RETURN";

/** A rule that remembers something of the packets up to a moment. */
export interface Moved {
	readonly at: GatewaySnapshot;
	readonly remembers: string;
}

/**
 * Plays first packets of services until rules remember something, then each way to change their
 * tables, and looks at what they remember then.
 */
export function livesOf(analysis: Analysis): readonly RuleLife[] {
	const { ruleset, world } = analysis;
	const gateway = new ModelGateway(world.setup, {
		choice: seededChoice(SEED),
	});
	const { linux = DEFAULT_LINUX } = world.setup;
	const text = printRuleset(ruleset, { counters: false, linux });
	if (!gateway.operate(restoreOf(text, { noflush: false })).ok) return [];
	const fresh = gateway.remembered();
	if (fresh.size === 0) return [];
	const moved = movedRules(gateway, analysis, fresh);
	return [...fresh].map(([rule, before]) => {
		const life = (way: Reload): Life => {
			const then = moved.get(rule);
			if (then === undefined) return "unknown";
			gateway.restore(then.at);
			if (!gateway.operate(operationOf(way, rule, text)).ok) return "unknown";
			const now = gateway.remembered().get(rule);
			if (now === then.remembers) return "kept";
			return now === before ? "begins again" : "unknown";
		};
		const by = Object.fromEntries(RELOADS.map((way) => [way, life(way)]));
		return { rule, by: by as Record<Reload, Life> };
	});
}

/** By rule: the first moment at which it remembers something. */
export function movedRules(
	gateway: ModelGateway,
	{ services }: Analysis,
	fresh: ReadonlyMap<string, string>,
): ReadonlyMap<string, Moved> {
	const moved = new Map<string, Moved>();
	const classes = services.flatMap((service) => service.classes);
	let packets = 0;
	for (const { packet, interface: name, vectors } of classes) {
		const conditions = vectors[0]?.conditions ?? {};
		for (const [condition, value] of Object.entries(conditions))
			gateway.operate({
				kind: "condition",
				name: condition,
				write: `${value}`,
			});
		for (let tried = 0; tried < TRIES; tried++) {
			if (packets++ >= MOST_PACKETS) return moved;
			gateway.receive(
				name,
				"sourcePort" in packet
					? { ...packet, sourcePort: FIRST_PORT + packets }
					: packet,
			);
			for (const [rule, remembers] of gateway.remembered())
				if (!moved.has(rule) && remembers !== fresh.get(rule))
					moved.set(rule, { at: gateway.snapshot(), remembers });
		}
	}
	return moved;
}

function operationOf(way: Reload, rule: string, text: string): Operation {
	const [table = ""] = rule.split(":");
	switch (way) {
		case "append":
			return { kind: "iptables", command: `-t ${table} ${ANOTHER_RULE}` };
		case "restore":
			return restoreOf(text, { noflush: false });
		case "noflush":
			return restoreOf(`*${table}\n${ANOTHER_RULE}\nCOMMIT\n`, {
				noflush: true,
			});
		case "zero":
			return { kind: "iptables", command: `-t ${table} -Z` };
	}
}

function restoreOf(
	text: string,
	{ noflush }: { readonly noflush: boolean },
): Operation {
	return { kind: "restore", text, file: "", noflush, counters: false };
}
