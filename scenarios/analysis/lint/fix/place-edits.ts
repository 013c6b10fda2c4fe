/**
 * Makes edits in the text of a ruleset. Lines that no edit concerns stay as they are. The new text is parsed and
 * held against the edited chains, rule by rule, so an edit is made as it is meant or not at all.
 */
import type { Ruleset } from "../../../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX, type Linux } from "../../../../sim/linux/linux.ts";
import type { DraftLine } from "../../../../sim/ruleset/fix/change.ts";
import { checkRules } from "../../../../sim/script/check-rules.ts";
import { eachRule, type PlacedRule, rulesByName } from "../each-rule.ts";
import type { Edit } from "../finding.ts";

/** A line before and after; "" for a line that was put in or deleted. */
export interface LineChange {
	/** Of the original text, from 1; a line that was put in bears the number of the one beside it. */
	readonly line: number;
	readonly before: string;
	readonly after: string;
	/** The edit that made it. */
	readonly by: Edit;
}

interface EditedText {
	readonly lines: readonly DraftLine[];
	readonly changes: readonly LineChange[];
	readonly ruleset: Ruleset;
	/** The name that a rule had before, by the name that it has now; `null` for a rule that was put in. */
	readonly formerNames: ReadonlyMap<string, string | null>;
}

type Placed =
	| ({ readonly kind: "placed" } & EditedText)
	| { readonly kind: "refused"; readonly why: string };

/** A line with what comes above and below it; `own` is `null` where it is deleted. */
interface Slot {
	readonly line: DraftLine;
	readonly above: DraftLine[];
	readonly below: DraftLine[];
	own: DraftLine | null;
}

/** A rule as it should be: as it was, or that of a line that was written. */
interface Expected {
	readonly former: string | null;
	readonly text: string;
	readonly written: DraftLine | null;
}

/** A chain while it is edited: what comes before and behind each of its rules. */
interface Slots {
	readonly before: Expected[];
	readonly behind: Expected[];
	own: Expected | null;
}

type Insert = Extract<Edit, { readonly kind: "insert" }>;

class Refused extends Error {}

/**
 * @param lines a file for iptables-restore that loads
 * @param edits names of rules are those of `ruleset`, before any of the edits
 * @param linux whose iptables reads the new text
 */
export function placeEdits(
	ruleset: Ruleset,
	lines: readonly DraftLine[],
	edits: readonly Edit[],
	linux = DEFAULT_LINUX,
): Placed {
	try {
		return { kind: "placed", ...place(ruleset, lines, edits, linux) };
	} catch (error) {
		if (error instanceof Refused)
			return { kind: "refused", why: error.message };
		throw error;
	}
}

function place(
	ruleset: Ruleset,
	lines: readonly DraftLine[],
	edits: readonly Edit[],
	linux: Linux,
): EditedText {
	const draft = new Draft(ruleset, lines);
	for (const edit of edits) draft.make(edit);
	const { written, changes, chains } = draft.result();
	const text = written.map((line) => line.text).join("\n");
	const { ruleset: made, faults } = checkRules(text, { linux });
	if (made === null) {
		const [fault] = faults;
		throw new Refused(`the ruleset would not load: ${fault?.message}`);
	}
	const formerNames = namesAsExpected(made, chains, written);
	return { lines: written, changes, ruleset: made, formerNames };
}

/** The text and the chains, edited side by side: a class because each edit changes both. */
class Draft {
	private readonly slots: readonly Slot[];
	private readonly rules = new Map<string, Slots>();
	/** How many rules each line stands for. */
	private readonly rulesOfLine = new Map<number, number>();
	private readonly ends = new Map<string, Expected[]>();
	/** Edits by the line that they wrote, or deleted. */
	private readonly makers = new Map<DraftLine, Edit>();
	private readonly ruleset: Ruleset;

	constructor(ruleset: Ruleset, lines: readonly DraftLine[]) {
		this.ruleset = ruleset;
		this.slots = lines.map((line) => ({
			line,
			own: line,
			above: [],
			below: [],
		}));
		for (const { at } of eachRule(ruleset)) {
			this.rulesOfLine.set(at.line, (this.rulesOfLine.get(at.line) ?? 0) + 1);
			this.rules.set(at.rule, {
				before: [],
				behind: [],
				own: { former: at.rule, text: at.text, written: null },
			});
		}
	}

	make(edit: Edit): void {
		if (edit.kind === "insert") this.insert(edit);
		else this.rewrite(edit);
	}

	private insert(edit: Insert): void {
		const { where } = edit;
		if (where === null) {
			this.append(edit);
			return;
		}
		const { index, rule } = this.find(where.rule);
		const slots = this.rules.get(rule.at.rule) as Slots;
		if (where.side === "behind")
			slots.behind.push(this.write(edit, index, "below"));
		else
			slots.before.push(this.write(edit, this.aboveComments(index), "above"));
	}

	/** At the end of its chain. */
	private append(edit: Insert): void {
		const { table, text } = edit;
		const chain = /^-A (\S+)/.exec(text)?.[1] ?? "";
		const own = eachRule(this.ruleset).filter(
			(one) => one.table.name === table && one.chain.name === chain,
		);
		const last = Math.max(0, ...own.map(({ at }) => at.line));
		const key = `${table}:${chain}`;
		const end = this.ends.get(key) ?? [];
		this.ends.set(key, end);
		end.push(
			last > 0
				? this.write(edit, last - 1, "below")
				: this.write(edit, this.commitOf(table), "above"),
		);
	}

	private rewrite(edit: Exclude<Edit, Insert>): void {
		const { rule: name } = edit;
		const { index, rule } = this.find(name);
		const slot = this.slots[index] as Slot;
		const slots = this.rules.get(name) as Slots;
		if (slots.own?.former !== name || slots.own.written !== null)
			throw new Refused(`two edits are for line ${rule.at.line}`);
		if (this.rulesOfLine.get(rule.at.line) !== 1)
			throw new Refused(`line ${rule.at.line} stands for several rules`);
		if (edit.kind === "delete") {
			this.makers.set(slot.line, edit);
			slot.own = null;
			slots.own = null;
			return;
		}
		const { text } = edit;
		const [counters = ""] =
			/^\s*(?:\[\d+:\d+\]\s*)?/.exec(slot.line.text) ?? [];
		const end = slot.line.text.endsWith("\r") ? "\r" : "";
		const { origin } = slot.line;
		slot.own = { text: `${counters}${text}${end}`, origin };
		this.makers.set(slot.own, edit);
		slots.own = { former: name, text, written: slot.own };
	}

	/** The line of a rule. */
	private find(name: string): {
		readonly index: number;
		readonly rule: PlacedRule;
	} {
		const rule = rulesByName(this.ruleset).get(name);
		if (rule === undefined) throw new Refused(`there is no rule ${name}`);
		const { line } = rule.at;
		const text = this.slots[line - 1]?.line.text;
		if (text === undefined) throw new Refused(`${name} stands in no line`);
		if (!APPENDS.test(text))
			throw new Refused(
				`line ${line} does not append its rule with -A, so its place in the chain is not that of the line`,
			);
		return { index: line - 1, rule };
	}

	/** The first of the comments that stand directly above a line: they are about its rule. */
	private aboveComments(index: number): number {
		let at = index;
		while (this.slots[at - 1]?.line.text.trimStart().startsWith("#")) at--;
		return at;
	}

	private commitOf(table: string): number {
		const texts = this.slots.map(({ line }) => line.text.trim());
		const header = texts.lastIndexOf(`*${table}`);
		const commit = texts.indexOf("COMMIT", header);
		if (header < 0 || commit < 0)
			throw new Refused(`the file has no table ${table}`);
		return commit;
	}

	private write(edit: Insert, at: number, side: "above" | "below"): Expected {
		const { text } = edit;
		const slot = this.slots[at] as Slot;
		const written = { text, origin: slot.line.origin };
		this.makers.set(written, edit);
		slot[side].push(written);
		return { former: null, text, written };
	}

	result() {
		const changes: LineChange[] = [];
		const change = (made: DraftLine, before: string, after: string) => {
			const by = this.makers.get(made);
			if (by !== undefined)
				changes.push({ line: made.origin, before, after, by });
		};
		const written = this.slots.flatMap(({ line, own, above, below }) => {
			for (const one of above) change(one, "", one.text);
			if (own !== line) change(own ?? line, line.text, own?.text ?? "");
			for (const one of below) change(one, "", one.text);
			return [...above, ...(own === null ? [] : [own]), ...below];
		});
		return { written, changes, chains: this.chains() };
	}

	/** By table and name. */
	private chains(): ReadonlyMap<string, readonly Expected[]> {
		const chains = new Map<string, Expected[]>();
		for (const { at, table, chain } of eachRule(this.ruleset)) {
			const { before, own, behind } = this.rules.get(at.rule) as Slots;
			const key = `${table.name}:${chain.name}`;
			const expected = chains.get(key) ?? [];
			chains.set(key, expected);
			expected.push(...before, ...(own === null ? [] : [own]), ...behind);
		}
		for (const [key, end] of this.ends)
			chains.set(key, [...(chains.get(key) ?? []), ...end]);
		return chains;
	}
}

const APPENDS = /^\s*(?:\[\d+:\d+\]\s*)?(?:-A|--append)[\s=]/;

/** Is each rule what it should be? Gives the former names of all. */
function namesAsExpected(
	made: Ruleset,
	chains: ReadonlyMap<string, readonly Expected[]>,
	written: readonly DraftLine[],
): ReadonlyMap<string, string | null> {
	const lineOf = new Map(written.map((line, index) => [line, index + 1]));
	const names = new Map<string, string | null>();
	for (const table of made.tables)
		for (const chain of table.chains) {
			const expected = chains.get(`${table.name}:${chain.name}`) ?? [];
			if (expected.length !== chain.rules.length) throw misplaced(chain.name);
		}
	for (const { at, table, chain } of eachRule(made)) {
		const key = `${table.name}:${chain.name}`;
		const number = Number(at.rule.slice(at.rule.lastIndexOf(":") + 1));
		const expected = chains.get(key)?.[number - 1];
		if (expected === undefined) throw misplaced(chain.name);
		const { written: line, text, former } = expected;
		const isRight =
			line === null ? text === at.text : lineOf.get(line) === at.line;
		if (!isRight) throw misplaced(chain.name);
		names.set(at.rule, former);
	}
	return names;
}

function misplaced(chain: string): Refused {
	return new Refused(
		`the rules of ${chain} would not come into the order that is meant`,
	);
}
