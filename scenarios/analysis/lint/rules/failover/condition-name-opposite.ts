import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { printMatch } from "../../../../../sim/ruleset/print.ts";
import type { ConditionRole, Service } from "../../../services/service.ts";
import { askersOf } from "../../cascades/situations.ts";
import { listText } from "../../cascades/words.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Conditions whose name says the opposite of what their value does. */
export const conditionNameOpposite: LintRule = {
	code: "MT204",
	name: "condition-name-opposite",
	category: "failover",
	since: "0.2.0",
	severity: "note",
	confidence: "certain",
	fix: "none",
	message: "The name of a condition says the opposite of its value.",
	help: "Rename the condition, in the rules and in the checker that writes it: `mail1down` is 1 when the backend is down.",
	why: `A condition is 0 when the rules are loaded. So that backends are used at once, rules ask \`! --condition\`, and
1 takes the backend out of service. With a name like \`mail1up\`, it is 1 when the backend is *not* up. An administrator
who writes 1 to \`/proc/net/nf_condition/mail1up\` to bring the backend back takes it away.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail1up"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.1
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail2up"  -j DNAT --to-destination 10.20.10.2
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail1up"  -j DNAT --to-destination 10.20.10.1
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail1down"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.1
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail2down"  -j DNAT --to-destination 10.20.10.2
-A PREROUTING -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -m condition ! --condition "mail1down"  -j DNAT --to-destination 10.20.10.1
COMMIT
`,
	},
	check: ({ ruleset, services }) => {
		const found = new Map<string, Found>();
		for (const service of services)
			for (const role of service.conditions)
				if (isOpposite(role) && !found.has(role.name)) {
					const one = foundAt(ruleset, service, role);
					if (one !== null) found.set(role.name, one);
				}
		return [...found.values()];
	},
};

const ALIVE = new Set(
	"up alive live ok good healthy online available ready working".split(" "),
);
const DEAD = new Set(
	"down dead ill bad failed failing unhealthy offline unavailable broken".split(
		" ",
	),
);
/** Long enough to be no part of another word. */
const ENDINGS = [
	["alive", 1],
	["online", 1],
	["dead", 0],
	["offline", 0],
] as const;

/** What a name says that 1 means: that it is alive (1), or dead (0); `null`: neither. */
export function valueInName(name: string): 0 | 1 | null {
	const words = name
		.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
		.toLowerCase()
		.split(/[^a-z]+/);
	const says = new Set<0 | 1>();
	for (const word of words) {
		if (ALIVE.has(word)) says.add(1);
		if (DEAD.has(word)) says.add(0);
		for (const [ending, value] of ENDINGS)
			if (word.endsWith(ending)) says.add(value);
	}
	// `notup` and `up_not` are not read.
	if (words.some((word) => word.startsWith("not") || word === "no"))
		return null;
	const [value] = says;
	return says.size === 1 ? (value ?? null) : null;
}

function isOpposite({ name, alive }: ConditionRole): boolean {
	const said = valueInName(name);
	return alive !== null && said !== null && said !== alive;
}

function foundAt(
	ruleset: Ruleset,
	service: Service,
	{ name, backends, alive }: ConditionRole,
): Found | null {
	const [first, ...others] = askersOf(ruleset, name);
	if (first === undefined) return null;
	const { placed, use } = first;
	const which = listText(backends);
	const dead = alive === 1 ? 0 : 1;
	return {
		at: placed.at,
		part: printMatch(use, placed.rule.header).trim(),
		message: `\`${name}\` is ${dead} when ${which} is dead, and its name says the opposite`,
		happens: `While it is ${dead}, no connection to ${service.key} goes to ${which}; it is 0 when the rules are loaded.`,
		remedy: `Rename it, in all rules and in what writes it, to a name that says what 1 means: ${alive === 0 ? "that the backend is dead" : "that the backend is alive"}.`,
		related: others.map((one) => ({
			at: one.placed.at,
			role: "asks for it, too",
		})),
		path: [],
		repair: [],
	};
}
