import { behaviourOf } from "../../sim/linux/behaviour.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import { parseRuleset } from "../../sim/ruleset/parse.ts";
import { printRule } from "../../sim/ruleset/print.ts";

/** A rule or a policy, and where it stands. @public */
export interface RulePlace {
	/** In the kernel's spelling, `mangle:MAILMARK:rule:2`. */
	readonly place: string;
	/** The rules file, as it was named; "" when the rule is not in it. */
	readonly file: string;
	/** From 1; 0 when the rule is not in the file. */
	readonly line: number;
	/** `-A MAILMARK …`, `-P INPUT DROP`, or "". */
	readonly text: string;
}

/** A ruleset, and the Linux that reads and prints it: as scenarios set them up. */
interface RulesOnLinux {
	readonly ruleset: { readonly name: string; readonly text: string };
	readonly gateway: { readonly linux?: Linux };
}

/** Finds rules in the ruleset that a scenario begins with: what is loaded later may have others there. */
export interface RuleBook {
	/**
	 * @param place in the kernel's spelling, `mangle:MAILMARK:rule:2`
	 * @param text what stood there when a packet met it; another text in the file is another rule
	 */
	find(place: string, text?: string): RulePlace;
	/** The only rule of the chain with this text, which stands at this place by now: others were added or deleted. */
	findMoved(place: string, text: string): RulePlace;
}

/** @throws RulesetError when the rules cannot be read */
export function ruleBook({
	ruleset: source,
	gateway: { linux = DEFAULT_LINUX },
}: RulesOnLinux): RuleBook {
	const { tables } = parseRuleset(source.text, { file: source.name, linux });
	const behaviour = behaviourOf(linux);
	const lines = source.text.split("\n");
	return {
		find(place, text) {
			const [tableName = "", chainName = "", kind, number] = place.split(":");
			const chain = tables
				.find(({ name }) => name === tableName)
				?.chains.find(({ name }) => name === chainName);
			const rule = chain?.rules[Number(number) - 1];
			// The kernel calls an unconditional `-j DROP` a policy as well.
			const found = rule
				? { text: printRule(rule, chainName, behaviour), line: rule.line }
				: kind === "policy" && chain?.policy
					? {
							text: `-P ${chainName} ${chain.policy}`,
							line: policyLine(lines, tableName, chainName),
						}
					: null;
			if (found !== null && (text === undefined || text === found.text)) {
				const file = found.line > 0 ? source.name : "";
				return { place, file, ...found };
			}
			return { place, file: "", line: 0, text: text ?? "" };
		},
		findMoved(place, text) {
			const [tableName, chainName = ""] = place.split(":");
			const rules =
				tables
					.find(({ name }) => name === tableName)
					?.chains.find(({ name }) => name === chainName)?.rules ?? [];
			const alike = rules.filter(
				(one) => printRule(one, chainName, behaviour) === text,
			);
			const line = alike.length === 1 ? (alike[0]?.line ?? 0) : 0;
			return { place, file: line > 0 ? source.name : "", line, text };
		},
	};
}

/**
 * All rules of a ruleset, in the order of its tables and chains.
 * @throws RulesetError when the rules cannot be read
 */
export function rulesOf({
	ruleset: rules,
	gateway: { linux = DEFAULT_LINUX },
}: RulesOnLinux): readonly RulePlace[] {
	const { tables } = parseRuleset(rules.text, { file: rules.name, linux });
	const behaviour = behaviourOf(linux);
	return tables.flatMap((table) =>
		table.chains.flatMap((chain) =>
			chain.rules.map(
				(rule, index): RulePlace => ({
					place: `${table.name}:${chain.name}:rule:${index + 1}`,
					file: rules.name,
					line: rule.line,
					text: printRule(rule, chain.name, behaviour),
				}),
			),
		),
	);
}

/** For one rule; whoever looks for many makes a book. */
export function rulePlace(place: string, setup: RulesOnLinux): RulePlace {
	return ruleBook(setup).find(place);
}

/** `:INPUT DROP [0:0]` below `*filter`, or `iptables -P INPUT DROP`; 0 where the file leaves the default. */
function policyLine(
	lines: readonly string[],
	table: string,
	chain: string,
): number {
	let current = "filter";
	let found = 0;
	for (const [index, line] of lines.entries()) {
		const words = line.trim().split(/\s+/);
		const [first = ""] = words;
		if (first.startsWith("*")) current = first.slice(1);
		else if (first === `:${chain}` && current === table) found = index + 1;
		else {
			const at = words.findIndex(
				(word) => word === "-P" || word === "--policy",
			);
			if (at < 0 || words[at + 1] !== chain) continue;
			const option = words.findIndex(
				(word) => word === "-t" || word === "--table",
			);
			const named = option < 0 ? current : words[option + 1];
			if (named === table) found = index + 1;
		}
	}
	return found;
}

/** `mangle:MAILMARK:rule:2  recipe.rules:5  -A MAILMARK …`. */
export function printRulePlace({ place, file, line, text }: RulePlace): string {
	return file === "" ? place : `${place}  ${file}:${line}  ${text}`;
}
