import { endOf, marksOf } from "../../../../../sim/ruleset/rule-traits.ts";
import { type Visited, visitRules } from "../../../services/candidates.ts";
import { linksOf } from "../../../spaces/links.ts";
import { common, everything } from "../../../spaces/space.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import {
	isSet,
	isTest,
	markText,
	type UseOfMark,
	usesOfMarks,
} from "./mark-rules.ts";

/** Bits of a mark that another use of it needs, and that are cleared along with what is set. */
export const markClobbered: LintRule = {
	code: "MT404",
	name: "mark-clobbered",
	category: "marks",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message: "A rule that sets a mark clears bits that an earlier rule has set.",
	help: "Set the bits that the mark is made of, and no others: `--set-xmark VALUE/MASK`.",
	why: `A packet has one mark of 32 bits, and its uses share it: balancing, shaping, policy routing, VPNs. A use that
keeps to a mask leaves the others alone. \`--set-mark VALUE\` without a mask writes all 32 bits: what an earlier rule has set
in other bits is gone, and whatever reads those bits does not find them.`,
	examples: {
		bad: `*mangle
-A PREROUTING -i eth0 -m dscp --dscp 0x2e -j MARK --set-xmark 0x10000/0x10000
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff
-A POSTROUTING -o eth1 -m mark --mark 0x10000/0x10000 -j CLASSIFY --set-class 0001:0010
COMMIT
*nat
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -m mark --mark 0x1/0xff -j DNAT --to-destination 10.20.0.11
COMMIT
`,
		good: `*mangle
-A PREROUTING -i eth0 -m dscp --dscp 0x2e -j MARK --set-xmark 0x10000/0x10000
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xff
-A POSTROUTING -o eth1 -m mark --mark 0x10000/0x10000 -j CLASSIFY --set-class 0001:0010
COMMIT
*nat
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -m mark --mark 0x1/0xff -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	},
	check(facts) {
		const sets = usesOfMarks(facts.ruleset).filter(
			({ use }) => isSet(use) && use.value !== null,
		);
		const pairs = sets.flatMap((broad) => {
			const narrow = sets.filter((one) => couldClear(broad, one));
			return narrow.length === 0 ? [] : [{ broad, narrow }];
		});
		if (pairs.length === 0) return [];
		const visits = visitsOf(facts);
		return pairs.flatMap(({ broad, narrow }) => {
			const cleared = narrow.find((one) => comesBefore(one, broad, visits));
			return cleared === undefined ? [] : [found(broad, cleared, facts)];
		});
	},
};

/** It writes all bits of the other one and more, and has other bits of its own. */
function couldClear({ use: broad }: UseOfMark, { use: narrow }: UseOfMark) {
	const own = broad.value ?? 0;
	return (
		(narrow.bits & ~broad.bits) === 0 &&
		narrow.bits !== broad.bits &&
		(own & narrow.bits) === 0
	);
}

type Visits = readonly Visited[];

/** Rules about marks, and those that end the walk by them, in the order in which packets come to them. */
function visitsOf({ ruleset, world }: Facts): Visits {
	const interfaces = linksOf(world).names;
	const visits: Visited[] = [];
	visitRules(ruleset, { begin: everything(interfaces), interfaces }, (one) => {
		if (marksOf(one.rule).length > 0) visits.push(one);
	});
	return visits;
}

/** Can a packet meet both, with nothing between them that lets marked ones pass by? */
function comesBefore(narrow: UseOfMark, broad: UseOfMark, visits: Visits) {
	const first = visits.findIndex(({ rule }) => rule === narrow.placed.rule);
	const from = visits[first];
	if (from === undefined) return false;
	const second = visits.findIndex(
		({ rule, space }, index) =>
			index > first &&
			rule === broad.placed.rule &&
			common(space, from.space) !== null,
	);
	return (
		second >= 0 &&
		!visits
			.slice(first + 1, second + 1)
			.some(({ rule }) => testsBitsOf(rule, narrow))
	);
}

/** The rule itself, a jump to it, or one that ends the walk asks for the bits. */
function testsBitsOf(rule: Visited["rule"], { use }: UseOfMark): boolean {
	const { target } = rule;
	const decides =
		target?.kind !== "extension" ||
		endOf(target) !== null ||
		marksOf(rule).some(isSet);
	return (
		decides &&
		marksOf(rule).some((one) => isTest(one) && (one.bits & use.bits) !== 0)
	);
}

function found(broad: UseOfMark, cleared: UseOfMark, facts: Facts): Found {
	const { at } = broad.placed;
	const tests = usesOfMarks(facts.ruleset).filter(({ use }) => isTest(use));
	const readers = tests.filter(
		({ use }) => (use.bits & cleared.use.bits) !== 0 && use.value !== 0,
	);
	const reader = readers.find(
		({ use }) => (use.bits & ~cleared.use.bits) === 0,
	);
	const bits = `0x${cleared.use.bits.toString(16)}`;
	const mask = maskOf(broad, cleared, tests);
	const xmark = `${markText({ value: broad.use.value, bits: 1 }).split("/")[0]}/0x${(mask ?? ~cleared.use.bits >>> 0).toString(16)}`;
	return {
		at,
		message: `setting mark ${markText(broad.use)} clears the bits ${bits}`,
		happens: `A packet that \`${cleared.placed.at.text}\` has marked loses that mark here${reader === undefined ? "" : `, and \`${reader.placed.at.text}\` does not match it`}.`,
		remedy: `Write \`--set-xmark ${xmark}\`, which leaves other bits alone${mask === null ? ", and compare with the same mask where the mark is read" : ""}.`,
		related: [
			{ at: cleared.placed.at, role: "sets the bits" },
			...(reader === undefined
				? []
				: [{ at: reader.placed.at, role: "reads them" }]),
		],
		path: [],
		repair: mask === null ? [] : repairOf(broad, xmark),
		...(reader === undefined
			? { assumes: "routing or tc reads the bits: no rule does" }
			: {}),
	};
}

/** The bits with which the mark is compared, where that are no others; `null`: it is compared as a whole. */
function maskOf(
	{ use }: UseOfMark,
	cleared: UseOfMark,
	tests: readonly UseOfMark[],
): number | null {
	const own = tests
		.map(({ use: test }) => test)
		.filter(({ bits, value }) => ((use.value ?? 0) & bits) >>> 0 === value);
	const compared = own.filter(({ value }) => value !== 0);
	const mask = compared.reduce((bits, test) => bits | test.bits, 0) >>> 0;
	const isApart = (mask & cleared.use.bits) === 0;
	return mask !== 0 && isApart && ((use.value ?? 0) & ~mask) === 0
		? mask
		: null;
}

function repairOf({ placed, use }: UseOfMark, xmark: string): readonly Edit[] {
	const { at } = placed;
	const whole = `--set-xmark 0x${(use.value ?? 0).toString(16)}/0x${use.bits.toString(16)}`;
	return at.text.includes(whole)
		? [
				{
					kind: "replace",
					rule: at.rule,
					text: at.text.replace(whole, `--set-xmark ${xmark}`),
				},
			]
		: [];
}
