import { printRule } from "../../../../../sim/ruleset/print.ts";
import { marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { isRestore, isSet, type UseOfMark, usesOfMarks } from "./mark-rules.ts";

/** A mark that is restored for packets of known connections, and that no connection has. */
export const saveMissing: LintRule = {
	code: "MT407",
	name: "save-missing",
	category: "marks",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "unsafe",
	message: "A connection's mark is restored, and no rule saves or sets it.",
	help: "Save it behind the rules that set the packet's mark: `-j CONNMARK --save-mark`.",
	why: `\`CONNMARK --restore-mark\` gives a packet the mark that its connection has. A connection begins with 0 and keeps
it until a rule saves another (\`CONNMARK --save-mark\`, \`--set-mark\`). Without one, each packet gets 0 back: rules that set
marks meet every packet anew, and counters move with each.

Nothing outside of iptables is asked: where \`nft\`, \`tc\` or a program (\`conntrack --mark\`) sets the connection's mark,
suppress the finding with that reason.`,
	examples: {
		bad: `*mangle
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark ! --mark 0x0 -j RETURN
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
COMMIT
*filter
-A FORWARD -i lan0 -m mark --mark 0x1 -j ACCEPT
COMMIT
`,
		good: `*mangle
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark ! --mark 0x0 -j RETURN
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
*filter
-A FORWARD -i lan0 -m mark --mark 0x1 -j ACCEPT
COMMIT
`,
	},
	check({ ruleset }) {
		const all = usesOfMarks(ruleset);
		const written = all.reduce(
			(bits, { use: { mark, does, bits: more } }) =>
				mark === "connection" && does === "writes" ? bits | more : bits,
			0,
		);
		const restores = all.filter(
			({ use }) => isRestore(use) && (use.bits & written) === 0,
		);
		const [first, ...others] = restores;
		return first === undefined ? [] : [found(first, others)];
	},
};

function found(first: UseOfMark, others: readonly UseOfMark[]): Found {
	return {
		at: first.placed.at,
		message: "the connection's mark is restored, and no rule saves or sets it",
		happens:
			"Each packet gets 0, and comes to the rules behind as the first packet of a connection does.",
		remedy:
			"Save the mark behind the rules that set it: `-j CONNMARK --save-mark`.",
		related: others.map(({ placed }) => ({
			at: placed.at,
			role: "restores it as well",
		})),
		path: [],
		repair: others.length === 0 ? repairOf(first) : [],
		assumes:
			"nothing but these rules sets the connection's mark (nft, tc, conntrack)",
	};
}

/** Behind the last rule of the chain that sets marks, for the packets that the restore is for. */
function repairOf({ placed, use }: UseOfMark): readonly Edit[] {
	const { chain, table, rule, at } = placed;
	const last = chain.rules.findLastIndex((one) => marksOf(one).some(isSet));
	if (last < chain.rules.indexOf(rule)) return [];
	const head = printRule({ ...rule, matches: [], target: null }, chain.name);
	const mask = `0x${use.bits.toString(16)}`;
	return [
		{
			kind: "insert",
			where: {
				side: "behind",
				rule: at.rule.replace(/\d+$/, `${last + 1}`),
			},
			table: table.name,
			text: `${head} -j CONNMARK --save-mark --nfmask ${mask} --ctmask ${mask}`,
		},
	];
}
