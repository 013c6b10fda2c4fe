/**
 * Replays every table of cases on a real iptables-legacy and tells where it differs. Not part of
 * `make test`: it needs root, Linux and iptables 1.8.9 (legacy). Left out, and counted, is what needs
 * something besides its rule, as `marktwin check` tells it, and `condition`, which needs a module of its
 * own.
 *
 *     npx tsx test/oracle-cases.ts [NAME…]      only the tables of these extensions
 */
import { spawnSync } from "node:child_process";
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
	parseCases,
	type RuleCase,
	rulesetOfCase,
} from "../sim/extension/test-cases.ts";
import { openPoints } from "../sim/ruleset/check/open-points.ts";
import { checkRuleset } from "../sim/ruleset/parse.ts";

interface Asked extends RuleCase {
	readonly file: string;
}

const wanted = process.argv.slice(2);
const all = ["matches", "targets"].flatMap((folder) => {
	const url = new URL(`../sim/${folder}/`, import.meta.url);
	return readdirSync(url, { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(".cases"))
		.filter(
			(file) => !wanted.length || wanted.includes(basename(file, ".cases")),
		)
		.flatMap((file) =>
			parseCases(readFileSync(new URL(file, url), "utf8"), file).map(
				(one): Asked => ({ ...one, file }),
			),
		);
});
const asked = all.filter((one) => !needsMore(one));

const answers = askAll(asked);
let differences = 0;
asked.forEach((one, index) => {
	const difference = compare(one, answers[index] ?? "");
	if (difference === null) return;
	differences++;
	console.log(
		`${one.file}:${one.line}: ${one.chain} ${one.input}\n${difference}`,
	);
});
console.log(
	`${asked.length} cases, ${differences} differences; ${all.length - asked.length} cases left out, which need something else`,
);
process.exitCode = differences === 0 ? 0 : 1;

/** Would the real one look for what the rule does not bring along? */
function needsMore(one: RuleCase): boolean {
	if (/-m condition/.test(one.input)) return true;
	const { tables } = checkRuleset(rulesetOfCase(one));
	// A set is looked for before anything else of the line is.
	return openPoints(tables).needs.length > 0 || /-set /.test(one.input);
}

/** All in one fresh network namespace; an answer is what was said, or what was saved after `SAVED`. */
function askAll(cases: readonly Asked[]): readonly string[] {
	const folder = mkdtempSync(join(tmpdir(), "oracle-"));
	try {
		cases.forEach((one, index) => {
			writeFileSync(join(folder, `${index}.rules`), rulesetOfCase(one));
		});
		const script = cases
			.map(
				({ table }, index) =>
					`iptables-legacy-restore < ${index}.rules > ${index}.said 2>&1 && { echo SAVED; iptables-legacy-save -t ${table}; } > ${index}.said`,
			)
			.join("\n");
		writeFileSync(join(folder, "run.sh"), script);
		spawnSync("unshare", ["-n", "bash", "run.sh"], { cwd: folder });
		return cases.map((_, index) =>
			readFileSync(join(folder, `${index}.said`), "utf8"),
		);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** @returns `null` when the kernel's answer is the one that the case tells */
function compare(one: Asked, said: string): string | null {
	if (said.startsWith("SAVED")) {
		const prefix = `-A ${one.chain} `;
		const printed = said
			.split("\n")
			.filter((line) => line.startsWith(prefix))
			.map((line) => line.slice(prefix.length))
			.join(" | ");
		if (one.outcome.kind !== "OK")
			return `  told: ${one.outcome.kind}: ${one.outcome.words}\n  real: ${printed}`;
		return printed === one.printed
			? null
			: `  told: ${one.printed}\n  real: ${printed}`;
	}
	// Some extensions say a warning first.
	const lines = said
		.split("\n")
		.map((line) => line.replace(/^iptables-restore v\S+ \(legacy\): /, ""));
	const atCommit = lines.some((line) =>
		/^iptables-restore: line \d+ failed$/.test(line),
	);
	const { outcome } = one;
	if (outcome.kind === "kernel" && atCommit) return null;
	if (outcome.kind === "refused" && lines.includes(outcome.words)) return null;
	const told = outcome.kind === "OK" ? one.printed : outcome.words;
	return `  told: ${outcome.kind}: ${told}\n  real: ${lines[0]}`;
}
