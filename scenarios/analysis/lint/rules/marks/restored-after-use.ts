import type { End } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { isRestore, isTest, type Step, stepsOf } from "./mark-rules.ts";

/** A mark that is given back to a packet when its use is over. */
export const restoredAfterUse: LintRule = {
	code: "MT402",
	name: "restored-after-use",
	category: "marks",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "unsafe",
	message:
		"A connection's mark is restored behind a rule, or a routing decision, that it is for.",
	help: "Put `CONNMARK --restore-mark` in front of all rules that compare the mark; for routing, into `mangle` `PREROUTING`.",
	why: `A packet begins without a mark, whatever its connection has. A rule that asks for \`--mark 0\` in front of
\`CONNMARK --restore-mark\` therefore matches every packet of a known connection too, and treats it as a new one: it
counts it, or marks it anew. Routing looks at the mark once, behind \`PREROUTING\`: what \`FORWARD\` or \`POSTROUTING\`
restores comes too late for it.`,
	examples: {
		bad: `*mangle
:BALANCE - [0:0]
-A PREROUTING -i lan0 -m mark --mark 0x0 -j BALANCE
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A BALANCE -j MARK --set-xmark 0x1/0xffffffff
-A BALANCE -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A BALANCE -m conntrack --ctstate NEW -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
		good: `*mangle
:BALANCE - [0:0]
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark --mark 0x0 -j BALANCE
-A BALANCE -j MARK --set-xmark 0x1/0xffffffff
-A BALANCE -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A BALANCE -m conntrack --ctstate NEW -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
	},
	check(facts) {
		const byRule = new Map<string, Found>();
		for (const connection of connectionsOf(facts).all) {
			const { again, next } = connection.later;
			for (const end of endsOf(next ?? again)) {
				const one =
					testedBefore(end, connection, facts) ??
					routedBefore(end, connection, facts);
				if (one !== null && !byRule.has(one.at.rule))
					byRule.set(one.at.rule, one);
			}
		}
		return [...byRule.values()];
	},
};

/** What the connection has is compared before the packet has it. */
function testedBefore(
	end: End,
	{ service, backend }: Connection,
	facts: Facts,
): Found | null {
	const steps = stepsOf(end, facts);
	const at = steps.findIndex(({ uses }) => uses.some(isRestore));
	const restore = steps[at];
	if (restore === undefined) return null;
	const bits = restored(restore) & end.connmark;
	const test = steps
		.slice(0, at)
		.find(({ uses }) =>
			uses.some((use) => isTest(use) && (use.bits & bits) !== 0),
		);
	if (test === undefined) return null;
	return found(restore, test, {
		end,
		message: `the mark 0x${end.connmark.toString(16)} is restored behind a rule that compares it`,
		happens: `${service.key}: each packet of a connection to ${backend} comes to \`${test.placed.at.text}\` without its mark, and matches it as a new connection does.`,
	});
}

/** Routing has been asked without the mark that the packet had the first time. */
function routedBefore(
	end: End,
	{ service, end: first }: Connection,
	facts: Facts,
): Found | null {
	if (service.balances !== "mark") return null;
	const bits = first.routingMark ^ end.routingMark;
	const isLate = bits !== 0 && ((end.mark ^ first.routingMark) & bits) === 0;
	const restore = stepsOf(end, facts).findLast(({ uses }) =>
		uses.some(isRestore),
	);
	if (!isLate || restore === undefined || (restored(restore) & bits) === 0)
		return null;
	return found(restore, null, {
		end,
		message: `the mark 0x${first.routingMark.toString(16)} is restored when the packet has been routed`,
		happens: `${service.key}: later packets of a connection are routed with mark 0x${end.routingMark.toString(16)}, its first one was with 0x${first.routingMark.toString(16)}.`,
	});
}

function restored({ uses }: Step): number {
	return uses.filter(isRestore).reduce((bits, use) => bits | use.bits, 0);
}

function found(
	restore: Step,
	test: Step | null,
	{
		end,
		message,
		happens,
	}: Pick<Found, "message" | "happens"> & { readonly end: End },
): Found {
	const { at } = restore.placed;
	return {
		at,
		message,
		happens,
		remedy:
			test === null
				? "Restore it in `mangle` `PREROUTING`, in front of the rules that set marks."
				: `Put this rule in front of \`${test.placed.at.text}\`.`,
		related:
			test === null
				? []
				: [{ at: test.placed.at, role: "compares the mark before" }],
		path: end.rules,
		repair: repairOf(restore, test),
	};
}

function repairOf(restore: Step, test: Step | null): readonly Edit[] {
	if (test === null || test.placed.chain !== restore.placed.chain) return [];
	const { at, table } = restore.placed;
	return [
		{
			kind: "insert",
			where: { side: "before", rule: test.placed.at.rule },
			table: table.name,
			text: at.text,
		},
		{ kind: "delete", rule: at.rule },
	];
}
