import type {
	Chain,
	Rule,
	Table,
} from "../../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import { eachRule } from "../../each-rule.ts";
import type { Found, LintRule } from "../../finding.ts";

/** A chain that balances or translates, and to which no packet comes. */
export const chainNeverCalled: LintRule = {
	code: "MT504",
	name: "chain-never-called",
	category: "reachability",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message: "No rule leads to a chain that balances or translates.",
	help: "Add the rule that calls it, or delete the chain.",
	why: `A chain of one's own does nothing until a rule calls it (\`-j CHAIN\`), from a built-in chain or from another
chain that is called. Tools like ufw, Docker and kube-proxy leave chains uncalled on purpose, which accept, drop or log;
found are only those with a rule that translates destinations, takes turns or draws.`,
	examples: {
		bad: `*nat
:WEB - [0:0]
-A WEB -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
		good: `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.1/32 -j WEB
-A WEB -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	},
	check({ ruleset }) {
		const called = new Map(
			ruleset.tables.map((table) => [table.name, calledIn(table)]),
		);
		const seen = new Set<Chain>();
		return eachRule(ruleset).flatMap(({ table, chain, rule, at }) => {
			const isCalled = called.get(table.name)?.has(chain.name) ?? true;
			if (isCalled || seen.has(chain) || !hasASay(rule)) return [];
			seen.add(chain);
			const one: Found = {
				at,
				message: `no rule leads to the chain ${chain.name}`,
				happens: `No packet comes to its ${chain.rules.length === 1 ? "rule" : `${chain.rules.length} rules`}.`,
				remedy: `Call it where its packets come by, with \`-j ${chain.name}\`, or delete it.`,
				related: [],
				path: [],
				repair: [],
			};
			return [one];
		});
	},
};

/** Names of chains that packets come to: the built-in ones, and those that these lead to. */
export function calledIn({ chains }: Table): ReadonlySet<string> {
	const byName = new Map(chains.map((chain) => [chain.name, chain]));
	const open = chains.filter(({ policy }) => policy !== null);
	const called = new Set(open.map(({ name }) => name));
	for (let chain = open.pop(); chain !== undefined; chain = open.pop())
		for (const { target } of chain.rules) {
			if (target?.kind !== "jump" && target?.kind !== "goto") continue;
			const next = byName.get(target.chain);
			if (next === undefined || called.has(next.name)) continue;
			called.add(next.name);
			open.push(next);
		}
	return called;
}

function hasASay({ target, matches: uses }: Rule): boolean {
	const translates = translatedBy(target);
	return (
		translates === "destination" ||
		translates === "either" ||
		uses.some(({ name, options }) => {
			const kind = matches.get(name)?.question?.(options)?.kind;
			return kind === "turn" || kind === "draw";
		})
	);
}
