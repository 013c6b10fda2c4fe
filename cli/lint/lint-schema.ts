/** The form of what `marktwin lint --format json` writes. */
import * as v from "valibot";
import { LINT_FORMAT, type LintJson } from "../../reports/lint/lint-json.ts";
import {
	count,
	data,
	listOf,
	text,
	texts,
	yesNo,
} from "../../scenarios/language/schema/plain.ts";
import type { SameShape } from "../../scenarios/language/schema/same-shape.ts";
import { about } from "../../scenarios/language/schema/schema.ts";

const rule = data({
	rule: about(text, 'As the kernel names it; "" for a comment of the file.'),
	text: about(text, "As iptables-save prints it."),
	line: about(count, "Of the file; 0: it stands in none."),
});

const positive = v.pipe(count, v.minValue(1));

const edit = v.variant("kind", [
	data({ kind: v.literal("replace"), rule: text, text }),
	data({
		kind: v.literal("insert"),
		where: about(
			v.nullable(data({ side: v.picklist(["before", "behind"]), rule: text })),
			"null: at the end of the chain.",
		),
		table: text,
		text,
	}),
	data({ kind: v.literal("delete"), rule: text }),
]);

const finding = data({
	code: about(text, "Of the rule of the linter: MT101."),
	name: text,
	category: v.picklist([
		"balance",
		"failover",
		"affinity",
		"marks",
		"reachability",
		"nat",
		"reload",
		"syntax",
		"linter",
	]),
	severity: v.picklist(["error", "warning", "note"]),
	confidence: about(
		v.picklist(["certain", "likely"]),
		"likely: it rests on what is assumed of the machine.",
	),
	file: text,
	line: positive,
	column: about(positive, "In UTF-16 units."),
	length: about(positive, "Of the words that are wrong, in UTF-16 units."),
	at: rule,
	message: text,
	happens: text,
	remedy: text,
	related: listOf(data({ at: rule, role: text })),
	path: about(
		listOf(rule),
		"Rules that a packet which shows it matches, in order.",
	),
	repair: about(listOf(edit), "What marktwin fix does."),
	assumes: about(v.nullable(text), "The assumption that it rests on."),
	fingerprint: about(text, "Stays the same while the rule's text does."),
	suppressed: about(
		v.nullable(text),
		"The reason that a comment gives. null: no comment suppresses it.",
	),
	known: about(yesNo, "It stands in the baseline."),
});

export const lintSchema = data({
	format: v.literal(LINT_FORMAT),
	version: about(text, "Of marktwin."),
	files: listOf(
		data({
			file: text,
			linux: about(text, "Which Linux it was analysed for: bookworm/legacy."),
			unknown: about(texts, "What was not analysed, a sentence each."),
		}),
	),
	findings: listOf(finding),
	stale: about(
		listOf(data({ code: text, file: text, fingerprint: text, rule: text })),
		"Entries of the baseline that no finding has any more.",
	),
});

true satisfies SameShape<LintJson, v.InferOutput<typeof lintSchema>>;
