/** Marks that rules set and marks that rules compare with, where they do not fit each other. */
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import { marksRoute } from "../../../services/rules-that-matter.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintDescription, LintRule } from "../../finding.ts";
import {
	fewMarks,
	isSet,
	isTest,
	markText,
	overlap,
	type UseOfMark,
	usesOfMarks,
} from "./mark-rules.ts";

const about = {
	category: "marks",
	since: "0.2.0",
	severity: "warning",
	fix: "none",
} as const satisfies Partial<LintDescription>;

const marks = (third: string) => `*mangle
-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark ${third}/0xffffffff
COMMIT
*nat
-A PREROUTING -d 203.0.113.1/32 -p tcp -m mark --mark 0x1 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1/32 -p tcp -m mark --mark 0x2 -j DNAT --to-destination 10.20.0.12
COMMIT
`;

/** A mark that no rule compares with, though rules compare those bits with others. */
export const markNeverRead: LintRule = {
	...about,
	code: "MT405",
	name: "mark-never-read",
	confidence: "likely",
	message: "A mark is set that no rule asks for, while rules ask for others.",
	help: "Set a mark that a rule asks for, or add the rule that asks for this one.",
	why: `Where \`mangle\` marks and \`nat\` translates by mark, each mark that is set needs a rule that asks for it.
A connection with another mark is translated by none of them, and no backend gets it. Marks that routing rules read
(\`ip rule add fwmark\`) are left out: where no rule translates by mark, and where the machine tells such a routing rule.`,
	examples: { bad: marks("0x3"), good: marks("0x2") },
	check(facts) {
		const { ruleset, world } = facts;
		if (world.markRoutes.length === 0 && marksRoute(ruleset, [])) return [];
		const all = usesOfMarks(ruleset);
		const tests = all.filter(({ use }) => isTest(use));
		return all
			.filter(({ use }) => isSet(use) && use.value !== null)
			.flatMap((set) => {
				const around = tests.filter(({ use }) => overlap(use, set.use));
				const isRead =
					around.some(({ use }) => takes(use, set.use)) || isRouted(set, facts);
				const wanted = around.filter(
					({ placed, use }) => use.value !== 0 && translates({ placed, use }),
				);
				return isRead || wanted.length === 0 ? [] : [neverRead(set, wanted)];
			});
	},
};

type Use = UseOfMark["use"];

/** Could the test hold because of what was set? A test for 0 holds where nothing was. */
function takes(test: Use, { bits, value }: Use): boolean {
	const set = value ?? 0;
	const common = test.bits & bits;
	if (test.value === null) return true;
	if (test.inverted)
		return (set & common) >>> 0 !== (test.value & common) >>> 0;
	return (
		(set & common) !== 0 && (set & common) >>> 0 === (test.value & common) >>> 0
	);
}

function isRouted({ use }: UseOfMark, { world }: Facts): boolean {
	return world.markRoutes.some(
		({ mark, mask }) =>
			(mask & use.bits) !== 0 && ((use.value ?? 0) & mask) >>> 0 === mark,
	);
}

function translates({ placed: { rule } }: UseOfMark): boolean {
	return translatedBy(rule.target) !== undefined;
}

function neverRead(set: UseOfMark, wanted: readonly UseOfMark[]): Found {
	const others = fewMarks(wanted.map(({ use }) => markText(use)));
	return {
		at: set.placed.at,
		message: `mark ${markText(set.use)} is set, and rules ask for ${others}`,
		happens: `No rule translates a connection with mark ${markText(set.use)}.`,
		remedy: `Set ${others}, or add a rule with \`-m mark --mark ${markText(set.use)}\`.`,
		related: wanted
			.slice(0, 3)
			.map(({ placed }) => ({ at: placed.at, role: "asks for another mark" })),
		path: [],
		repair: [],
		assumes: "no routing rule and no filter of tc reads the mark",
	};
}

/** A rule that waits for a mark which no rule sets, though rules set others in those bits. */
export const markNeverSet: LintRule = {
	...about,
	code: "MT406",
	name: "mark-never-set",
	confidence: "likely",
	message: "A rule asks for a mark that no rule sets, while rules set others.",
	help: "Ask for a mark that a rule sets, or add the rule that sets this one.",
	why: `A rule that asks for a mark which no packet has does nothing: where it translates to a backend, the backend gets
no connection by it. Only bits are looked at that other rules of the ruleset set as well: a mark in bits of its own may
come from elsewhere (\`nft\`, \`tc\`, a program's socket).`,
	examples: {
		bad: marks("0x2").replace("--mark 0x2", "--mark 0x3"),
		good: marks("0x2"),
	},
	check({ ruleset }) {
		const all = usesOfMarks(ruleset);
		const writes = all.filter(
			({ use }) => use.mark === "packet" && use.does === "writes",
		);
		return all
			.filter(({ use }) => isTest(use) && !use.inverted && use.value)
			.flatMap((test) => {
				const same = writes.filter(({ use }) => overlap(use, test.use));
				const isOfThese = same.some(
					({ use }) => use.bits === test.use.bits && use.value,
				);
				return isOfThese && !canBe(test.use, all, same)
					? [neverSet(test, same)]
					: [];
			});
	},
};

/** Could the rules that write these bits bring the value about? */
function canBe(
	{ bits, value }: Use,
	all: readonly UseOfMark[],
	writes: readonly UseOfMark[],
): boolean {
	const wanted = value ?? 0;
	const isConstant = ({ use }: UseOfMark) => use.value !== null;
	// What is restored is what was saved, and that is what these rules set.
	const isOfSaved = ({ use }: UseOfMark) =>
		use.copies &&
		!all.some(
			({ use: other }) =>
				other.mark === "connection" &&
				other.does === "writes" &&
				!other.copies &&
				other.value !== 0,
		);
	if (!writes.every((one) => isConstant(one) || isOfSaved(one))) return true;
	const sets = writes.filter(isConstant);
	const areWhole = sets.every(({ use }) => (bits & ~use.bits) === 0);
	if (areWhole)
		return sets.some(({ use }) => ((use.value ?? 0) & bits) >>> 0 === wanted);
	const union = sets.reduce((some, { use }) => some | (use.value ?? 0), 0);
	return (wanted & ~union) === 0;
}

function neverSet(test: UseOfMark, writes: readonly UseOfMark[]): Found {
	const sets = writes.filter(({ use }) => use.value);
	const others = fewMarks(sets.map(({ use }) => markText(use)));
	return {
		at: test.placed.at,
		message: `the rule asks for mark ${markText(test.use)}, and rules set ${others}`,
		happens: "No packet matches it.",
		remedy: `Ask for ${others}, or add a rule that sets ${markText(test.use)}.`,
		related: sets
			.slice(0, 3)
			.map(({ placed }) => ({ at: placed.at, role: "sets another mark" })),
		path: [],
		repair: [],
		assumes: "nothing outside of iptables sets the mark (nft, tc, a socket)",
	};
}
