import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import type { ClientClass, Service } from "../../../services/service.ts";
import { ALL, intersection } from "../../../spaces/intervals.ts";
import { linksOf } from "../../../spaces/links.ts";
import { common, takenBy } from "../../../spaces/space.ts";
import type { End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { oncePerRule } from "../../cascades/findings.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { type Translated, translatedWays } from "./translated.ts";

/** Clients of a service whose packets are exempt from conntrack, and so from the translation that others get. */
export const untrackedNotTranslated: LintRule = {
	code: "MT604",
	name: "untracked-not-translated",
	category: "nat",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "none",
	message:
		"Clients of a service are not tracked, so no rule translates their connections.",
	help: "Take the service out of the rule that exempts packets from conntrack.",
	why: `NAT is a part of conntrack: packets that \`-j CT --notrack\` (or \`-j NOTRACK\`) has exempted in the table \`raw\`
meet no rule of \`nat\`. Where such a rule is for some addresses or for the members of a set, their connections go to the
gateway itself, or are forwarded as they came, while those of all others are translated to a backend.

Where it is for all packets of a service, nothing is translated at all, and no service is found.

Clients that a rule of \`nat\` leaves out by itself, and those that are dropped, are no finding.`,
	examples: {
		bad: `*raw
-A PREROUTING -s 198.51.100.0/24 -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
		good: `*raw
-A PREROUTING -s 198.51.100.0/24 -p udp -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	},
	check(facts) {
		const ways = translatedWays(facts);
		const ofSome = oncePerRule(
			facts.services.flatMap((service) => {
				const translated = ways.find((way) => way.service === service);
				if (translated === undefined || service.openedBy === "gateway")
					return [];
				return service.classes.flatMap((client) => {
					const end = endsOf(client.decision).find(passesBy);
					const at = end === undefined ? null : exempting(end, facts);
					if (end === undefined || at === null) return [];
					if (!areHosts(client, facts)) return [];
					const one = found(at, end, { service, client, translated });
					return [{ service: service.key, found: one }];
				});
			}),
		);
		return [...ofSome, ...exemptFromAll(facts)];
	},
};

/** Rules that would translate, and whose packets are exempt, all that were looked at: by the rule that exempts them. */
function exemptFromAll(facts: Facts): readonly Found[] {
	const { unmet, exempt, world, ruleset } = facts;
	const named = rulesByName(ruleset);
	const { names } = linksOf(world);
	const byRule = new Map<string, { at: RuleRef; end: End; idle: RuleRef[] }>();
	for (const idle of unmet) {
		const rule = named.get(idle.rule)?.rule;
		const translates = translatedBy(rule?.target) !== undefined;
		const taken = rule && takenBy([rule], names)[0];
		if (!translates || !taken) continue;
		const walked = exempt.find(({ space }) => common(space, taken) !== null);
		const end = walked && endsOf(walked.decision).find(passesBy);
		const at = end === undefined ? null : exempting(end, facts);
		if (end === undefined || at === null) continue;
		const known = byRule.get(at.rule) ?? { at, end, idle: [] };
		byRule.set(at.rule, known);
		known.idle.push(idle);
	}
	return [...byRule.values()].map(({ at, end, idle }) => ({
		at,
		message: `packets of ${idle.length === 1 ? "a rule" : `${idle.length} rules`} of nat are not tracked, so none is translated`,
		happens: `They are ${whereTo(end)}: no rule of \`nat\` is asked about them.`,
		remedy: "Take packets that are to be translated out of this rule.",
		related: idle.map((one) => ({
			at: one,
			role: "would translate them",
		})),
		path: end.rules,
		repair: [],
		assumes: "these packets are meant to be translated",
	}));
}

/** Untracked, and not kept from going on: what is dropped may be meant to be. */
function passesBy({ fate, isUntracked }: End): boolean {
	return (
		isUntracked && (fate.kind === "delivered" || fate.kind === "forwarded")
	);
}

function whereTo({ fate }: End): string {
	return fate.kind === "forwarded"
		? `forwarded by ${fate.interface} as they came`
		: "delivered to the gateway itself";
}

function areHosts({ sources }: ClientClass, { world }: Facts): boolean {
	return intersection(sources ?? ALL, linksOf(world).hosts).length > 0;
}

/** The rule of `raw` that ended tracking: the last one with a target that does something. */
function exempting({ rules }: End, { ruleset }: Facts): RuleRef | null {
	const named = rulesByName(ruleset);
	const acts = ({ rule }: RuleRef) => {
		const target = named.get(rule)?.rule.target;
		return (
			rule.startsWith("raw:") &&
			target?.kind === "extension" &&
			targets.get(target.name)?.onlyReports !== true
		);
	};
	return rules.findLast(acts) ?? null;
}

function found(
	at: RuleRef,
	end: End,
	{
		service,
		client,
		translated,
	}: {
		readonly service: Service;
		readonly client: ClientClass;
		readonly translated: Translated;
	},
): Found {
	return {
		at,
		message: `connections to ${service.key} from ${client.name} are not tracked, and so not translated`,
		happens: `They are ${whereTo(end)}, while those of others are translated to ${translated.place}.`,
		remedy: "Take packets for the service out of this rule.",
		related: [{ at: translated.rule, role: "translates those of others" }],
		path: end.rules,
		repair: [],
		assumes: "these clients are meant to reach a backend as well",
	};
}
