/** `marktwin diff`: compares two rulesets on one machine and prints what differs. */

import { withAllowances } from "../../scenarios/analysis/diff/allow.ts";
import { type DiffInput, diffOf } from "../../scenarios/analysis/diff/diff.ts";
import type { DiffDocument } from "../../scenarios/analysis/diff/diff-document.ts";
import { diffDocument } from "../../scenarios/analysis/diff/document.ts";
import { isIpvs } from "../../scenarios/analysis/diff/shares/ipvs.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import { EXIT } from "../base/exit-code.ts";
import { version } from "../base/version.ts";
import {
	mustBeWritable,
	readRules,
	STANDARD,
	type Text,
	writeText,
} from "../files/files.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { mustReadOnce, readRulesAndWorld } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { openPage } from "../outputs/page.ts";
import { loaded } from "../rules/load-rules.ts";
import { InputError } from "../screen/input-error.ts";
import { out, whileShowing } from "../screen/screen.ts";
import { readAllowances } from "./allowed.ts";
import { withoutRules } from "./ipvs.ts";
import { diffLines } from "./print.ts";
import { rulesAt } from "./rules-at.ts";

export interface DiffOptions extends WorldOptions {
	readonly git?: string;
	readonly allow: readonly string[];
	readonly allowFile?: string;
	readonly json: boolean;
	readonly markdown: boolean;
	readonly sarif?: string;
	/** A page. */
	readonly report?: string;
}

/** Changes when a reader of an older one could not read it any more. */
const FORMAT = "marktwin diff 1";

export async function diff(
	old: string,
	young: string | undefined,
	options: DiffOptions,
): Promise<void> {
	const { json, markdown, sarif, report } = options;
	const page = await openPage(report, json || markdown || sarif === STANDARD);
	if (sarif !== undefined) await mustBeWritable(sarif);
	const allowances = await readAllowances(options.allow, options.allowFile);
	const found = await whileShowing("comparing …", () =>
		compared(old, young, options),
	);
	if (found === null) {
		process.exitCode = EXIT.badInput;
		return;
	}
	const document = withAllowances(found, allowances);
	if (sarif !== undefined) {
		const { diffSarif } = await import("../../reports/analysis/diff-sarif.ts");
		const log = diffSarif(document, version());
		await writeText(sarif, `${jsonLine(log, 2)}\n`);
	}
	if (json) out.data(`${jsonLine({ format: FORMAT, ...document }, 2)}\n`);
	else if (markdown) {
		const { diffMarkdown } = await import(
			"../../reports/analysis/diff-markdown.ts"
		);
		out.data(diffMarkdown(document));
	} else if (sarif !== STANDARD)
		page.screen.show(diffLines(document, page.screen));
	if (page.write !== null) {
		const { buildDiff } = await import("../../reports/build/build-diff.ts");
		await page.write({ diffs: [buildDiff(document)] });
	}
	process.exitCode = EXITS[document.verdict];
}

const EXITS: Readonly<Record<DiffDocument["verdict"], number>> = {
	same: EXIT.holds,
	allowed: EXIT.holds,
	different: EXIT.violated,
	unknown: EXIT.unknown,
};

/** `null` where one of them does not load: its faults are printed. */
async function compared(
	old: string,
	young: string | undefined,
	options: DiffOptions,
): Promise<DiffDocument | null> {
	const { before, after, given } = await read(old, young, options);
	if (isIpvs(before.text) || isIpvs(after.text))
		return withoutRules(before, after, given);
	const inputs = [before, after].map((rules): DiffInput | null => {
		const ruleset = loaded(rules.text, rules.name, given);
		return ruleset === null ? null : { ...rules, ruleset };
	});
	const [one, other] = inputs;
	if (!one || !other) return null;
	mustBeInRules(options.assume, [one.ruleset, other.ruleset]);
	const found = diffOf(one, other, given);
	return diffDocument(found, { before: one, after: other });
}

interface Read {
	readonly before: Text;
	readonly after: Text;
	readonly given: GivenWorld;
}

async function read(
	old: string,
	young: string | undefined,
	{ git, ...options }: DiffOptions,
): Promise<Read> {
	if (git !== undefined) {
		const file = young ?? old;
		if (young !== undefined)
			throw new InputError(
				`--git ${git} says where the old rules are, and so does ${old}`,
				`Leave one of them out: marktwin diff --git ${git} ${young}`,
			);
		const { rules: after, given } = await readRulesAndWorld(file, options);
		return { before: await rulesAt(git, file), after, given };
	}
	if (young === undefined)
		throw new InputError(
			`there is nothing to compare ${old} with`,
			"Name the new rules behind the old ones, or with --git where the old ones are.",
		);
	mustReadOnce([old, young], options);
	const {
		rules: after,
		given,
		capture,
	} = await readRulesAndWorld(young, options);
	if (capture !== null) return { before: await readRules(old), after, given };
	// What the old rules were captured with is known of the machine.
	const { rules: before, ...told } = await readRulesAndWorld(old, options);
	return { before, after, given: told.capture === null ? given : told.given };
}
