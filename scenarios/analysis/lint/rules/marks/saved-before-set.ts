import { marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import type { End } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import {
	isOneHook,
	isSave,
	isSet,
	overlap,
	type Step,
	stepsOf,
} from "./mark-rules.ts";

/** A mark that is saved when there is none yet. */
export const savedBeforeSet: LintRule = {
	code: "MT403",
	name: "saved-before-set",
	category: "marks",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message: "A connection's mark is saved before the packet has it.",
	help: "Put `CONNMARK --save-mark` behind the rules that set the mark.",
	why: `\`CONNMARK --save-mark\` copies the mark that the packet has when it comes to the rule. In front of the rules
that set it, that is 0: what later packets get back is 0, and they are treated as the first packets of connections are.
Where those rules take turns or draw, a connection changes its backend or uplink from packet to packet.`,
	examples: {
		bad: `*mangle
:BALANCE - [0:0]
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark --mark 0x0 -j BALANCE
-A BALANCE -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A BALANCE -j MARK --set-xmark 0x1/0xffffffff
-A BALANCE -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
COMMIT
`,
		good: `*mangle
:BALANCE - [0:0]
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark --mark 0x0 -j BALANCE
-A BALANCE -j MARK --set-xmark 0x1/0xffffffff
-A BALANCE -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A BALANCE -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
	},
	check(facts) {
		const { services, others } = facts;
		const decisions = [
			...services.flatMap(({ classes }) => classes),
			...others,
		].map(({ decision }) => decision);
		const byRule = new Map<string, Found>();
		for (const decision of decisions)
			for (const end of endsOf(decision)) {
				const one = earlySave(end, facts);
				if (one !== null && !byRule.has(one.at.rule))
					byRule.set(one.at.rule, one);
			}
		return [...byRule.values()];
	},
};

/** The packet's last save kept nothing of the mark that it got behind it, in the same hook. */
function earlySave(end: End, facts: Facts): Found | null {
	const steps = stepsOf(end, facts);
	const at = steps.findLastIndex(({ uses }) => uses.some(isSave));
	const save = steps[at];
	const saved = save?.uses.find(isSave);
	if (save === undefined || saved === undefined) return null;
	if ((end.connmark & saved.bits) !== 0) return null;
	const setter = steps.findIndex(
		({ uses }, index) =>
			index > at &&
			uses.some((use) => isSet(use) && overlap(use, saved)) &&
			isOneHook(steps.slice(at, index + 1)),
	);
	const set = steps[setter];
	if (set === undefined) return null;
	return found(end, save, set);
}

function found(end: End, save: Step, set: Step): Found {
	const { at } = save.placed;
	return {
		at,
		message: "the connection's mark is saved before it is set",
		happens: `The connection keeps 0, while its first packet goes on with mark 0x${end.mark.toString(16)}: later packets get 0 back.`,
		remedy: `Put this rule behind \`${set.placed.at.text}\` and the rules that set marks with it.`,
		related: [{ at: set.placed.at, role: "sets the mark" }],
		path: end.rules,
		repair: repairOf(save, set),
	};
}

/** Behind the last rule of the chain that sets marks. */
function repairOf(save: Step, set: Step): readonly Edit[] {
	const { chain, at, table } = save.placed;
	if (set.placed.chain !== chain) return [];
	const last = chain.rules.findLastIndex((rule) => marksOf(rule).some(isSet));
	return [
		{
			kind: "insert",
			where: {
				side: "behind",
				rule: at.rule.replace(/\d+$/, `${last + 1}`),
			},
			table: table.name,
			text: at.text,
		},
		{ kind: "delete", rule: at.rule },
	];
}
