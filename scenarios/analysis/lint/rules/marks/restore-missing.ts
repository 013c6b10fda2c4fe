import { matches } from "../../../../../sim/matches/index.ts";
import { printRule } from "../../../../../sim/ruleset/print.ts";
import { marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { isSave, isSet, type UseOfMark, usesOfMarks } from "./mark-rules.ts";

/** A mark that is saved for later packets, and that none of them gets back. */
export const restoreMissing: LintRule = {
	code: "MT401",
	name: "restore-missing",
	category: "marks",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "unsafe",
	message: "A connection's mark is saved, and no rule reads or restores it.",
	help: "Restore it before the rules that set marks, and let packets that have one pass by: `-j CONNMARK --restore-mark`, then `-m mark ! --mark 0 -j RETURN`.",
	why: `A packet begins without a mark. \`CONNMARK --save-mark\` keeps the mark of one packet with its connection, and
\`CONNMARK --restore-mark\` gives it to the next one. Without the second, the first does nothing: rules that set marks meet
every packet anew, counters move with each, and routing or translation by mark may choose differently for each packet.

Nothing outside of iptables is asked: where \`tc\` (\`action connmark\`) or \`conntrack --mark\` reads the connection's mark,
suppress the finding with that reason. The repair lets packets with a mark leave the chain early; look at what stands
behind, which they no longer come to.`,
	examples: {
		bad: `*mangle
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
		good: `*mangle
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark ! --mark 0x0 -j RETURN
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
	},
	check(facts) {
		const all = usesOfMarks(facts.ruleset);
		const read = all.reduce(
			(bits, { use: { mark, does, bits: more } }) =>
				mark === "connection" && does === "reads" ? bits | more : bits,
			0,
		);
		const saves = all.filter(
			({ use }) => isSave(use) && (use.bits & read) === 0,
		);
		const [first, ...others] = saves;
		return first === undefined ? [] : [found(first, others, facts)];
	},
};

function found(
	first: UseOfMark,
	others: readonly UseOfMark[],
	facts: Facts,
): Found {
	const { at, chain } = first.placed;
	const repair = others.length === 0 ? repairOf(first) : [];
	const place = `in ${chain.name}`;
	return {
		at,
		message: "the connection's mark is saved, and no rule reads or restores it",
		happens: `Each packet of a connection comes to the rules ${place} without its connection's mark, and is marked anew${counting(facts) ? ", so that counters move with every packet" : ""}.`,
		remedy:
			"Restore the mark in front of the rules that set marks, and let packets that have one pass by.",
		related: others.map(({ placed }) => ({
			at: placed.at,
			role: "saves it as well",
		})),
		path: [],
		repair,
		assumes:
			"nothing but these rules reads the connection's mark (tc, conntrack)",
	};
}

/** Are there rules that count or draw, and set marks? */
function counting({ ruleset }: Facts): boolean {
	return usesOfMarks(ruleset).some(
		({ placed, use }) =>
			isSet(use) &&
			placed.rule.matches.some(({ name, options }) => {
				const kind = matches.get(name)?.question?.(options)?.kind;
				return kind === "turn" || kind === "draw";
			}),
	);
}

/** In front of the first rule of the chain that sets marks, for the packets that the save is for. */
function repairOf({ placed, use }: UseOfMark): readonly Edit[] {
	const { chain, table, rule, at } = placed;
	const from = chain.rules.indexOf(rule);
	const first = chain.rules
		.slice(0, from)
		.findIndex((one) => marksOf(one).some(isSet));
	if (first < 0 || chain.name === "OUTPUT") return [];
	const where = {
		side: "before",
		rule: at.rule.replace(/\d+$/, `${first + 1}`),
	} as const;
	const head = printRule({ ...rule, matches: [], target: null }, chain.name);
	const mask = `0x${use.bits.toString(16)}`;
	const zero = use.bits === 0xffff_ffff ? "0x0" : `0x0/${mask}`;
	return [
		`${head} -j CONNMARK --restore-mark --nfmask ${mask} --ctmask ${mask}`,
		`${head} -m mark ! --mark ${zero} -j RETURN`,
	].map((text) => ({ kind: "insert", where, table: table.name, text }));
}
