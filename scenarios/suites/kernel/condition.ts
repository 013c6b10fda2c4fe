import {
	at,
	conditionIs,
	iptables,
	observe,
	operationFails,
	operationSucceeds,
	restore,
	scenario,
	setCondition,
} from "../../language/build/build.ts";
import { byHand, chosen, syns } from "./by-hand.ts";

const suite = "kernel-condition";

const DROP_OFF = "FORWARD -m condition --condition off -j DROP";

/** What a kernel with xt_condition (xtables-addons 3.23) does. */
export const conditionFacts = [
	scenario({
		name: "condition-begins-with-its-rule",
		suite,
		title: "A condition is there from the first rule that names it, with 0",
		story:
			"`/proc/net/nf_condition/off` comes with the rule. Before, a write fails; a name that no rule uses has no file.",
		setup: byHand(),
		steps: [
			setCondition("off", "1", "too early"),
			observe("unnamed"),
			at(10, iptables(`-A ${DROP_OFF}`), observe("named")),
			at(20, setCondition("off", "1", "in time"), observe("written")),
		],
		expect: [
			operationFails("too early", ""),
			conditionIs("off", null, { at: "unnamed" }),
			conditionIs("off", 0, { at: "named" }),
			operationSucceeds("in time"),
			conditionIs("off", 1, { at: "written" }),
		],
	}),
	scenario({
		name: "condition-kept-by-restore",
		suite,
		title: "iptables-restore of a ruleset that still names it keeps the value",
		story:
			"The new table is there before the old one goes, so the name is never without a rule.",
		setup: byHand({ conditions: { mail1up: "1" } }),
		steps: [restore("recipe.rules"), observe("loaded"), ...syns(4)],
		expect: [conditionIs("mail1up", 1, { at: "loaded" }), chosen("2 2 2 2")],
	}),
	scenario({
		name: "condition-lost-by-flush",
		suite,
		title: "Flush first and load after: it is 0 again",
		story:
			"The flush takes the last rule that names mail1up, and its file vanishes at once: a write fails from then on. The load makes it anew, with 0: the backend that was marked dead is taken for alive.",
		trap: "Flush and load forgets what was marked dead.",
		setup: byHand({ conditions: { mail1up: "1" } }),
		steps: [
			iptables("-t mangle -F"),
			observe("flushed"),
			at(5, setCondition("mail1up", "1", "no answer")),
			at(10, restore("recipe.rules"), observe("loaded")),
			at(20, ...syns(4)),
		],
		expect: [
			conditionIs("mail1up", null, { at: "flushed" }),
			operationFails("no answer", ""),
			conditionIs("mail1up", 0, { at: "loaded" }),
			chosen("1 2 1 2"),
		],
	}),
	scenario({
		name: "condition-lost-with-its-rule",
		suite,
		title: "The same when its rule is deleted and added again",
		story:
			"It is the last rule naming it that counts, whichever way it goes. Where two rules name it, one may go.",
		setup: byHand(),
		steps: [
			iptables(`-A ${DROP_OFF}`),
			iptables(`-A ${DROP_OFF}`),
			setCondition("off", "1"),
			at(10, iptables("-D FORWARD 1"), observe("one of two deleted")),
			at(20, iptables("-D FORWARD 1"), observe("both deleted")),
			at(30, iptables(`-A ${DROP_OFF}`), observe("added again")),
		],
		expect: [
			conditionIs("off", 1, { at: "one of two deleted" }),
			conditionIs("off", null, { at: "both deleted" }),
			conditionIs("off", 0, { at: "added again" }),
		],
	}),
	scenario({
		name: "condition-rule-not-found-by-specification",
		suite,
		title: "-D and -C by specification never find a rule with a condition",
		story:
			"The module keeps a pointer of the kernel's in the match, and iptables compares it with its own nothing: no rule is ever the same. Delete by number, or load the whole chain anew.",
		trap: "A script that deletes its rules by specification fails, and the rules stay.",
		setup: byHand(),
		steps: [
			iptables(`-A ${DROP_OFF}`),
			iptables(`-D ${DROP_OFF}`, "delete"),
			iptables(`-C ${DROP_OFF}`, "check"),
			iptables("-D FORWARD 1", "by number"),
		],
		expect: [
			operationFails("delete", "does a matching rule exist in that chain?"),
			operationFails("check", "does a matching rule exist in that chain?"),
			operationSucceeds("by number"),
		],
	}),
	scenario({
		name: "condition-names",
		suite,
		title: "Names are file names of at most 30 characters",
		story:
			"A slash, `.` or `..` is refused by the kernel, more than 30 characters by iptables. What the shell would make of the name does not matter to either.",
		setup: byHand(),
		steps: [
			iptables("-A FORWARD -m condition --condition a/b", "slash"),
			iptables("-A FORWARD -m condition --condition ..", "dots"),
			iptables(
				`-A FORWARD -m condition --condition ${"x".repeat(31)}`,
				"31 characters",
			),
			iptables(
				`-A FORWARD -m condition --condition ${"x".repeat(30)}`,
				"30 characters",
			),
		],
		expect: [
			operationFails("slash", "Invalid argument"),
			operationFails("dots", "Invalid argument"),
			operationFails("31 characters", "File name too long"),
			operationSucceeds("30 characters"),
		],
	}),
];
