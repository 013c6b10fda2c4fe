/** What `marktwin lint` writes, in the format that is asked for. */

import { lintAnnotations } from "../../reports/lint/github.ts";
import { codeQuality } from "../../reports/lint/gitlab.ts";
import { lintJson } from "../../reports/lint/lint-json.ts";
import type { LintReport } from "../../reports/lint/lint-report.ts";
import { sarifLog } from "../../reports/lint/sarif.ts";
import { STANDARD, STANDARD_NAME, writeText } from "../files/files.ts";
import { jsonLine, jsonText } from "../outputs/json-text.ts";
import { out } from "../screen/screen.ts";
import { screenLines } from "../screen/screen-text.ts";
import { lintLines } from "./print.ts";

export async function writeReport(
	report: LintReport,
	format: "text" | "json" | "sarif" | "github" | "gitlab",
	output: string | undefined,
): Promise<void> {
	const toFile = output !== undefined && output !== STANDARD;
	switch (format) {
		case "text": {
			if (!toFile) return out.show(lintLines(report, out));
			const lines = lintLines(report, PLAIN);
			return writeText(output, asText(screenLines(lines)));
		}
		case "github": {
			const isThere = (file: string) => file !== STANDARD_NAME;
			const lines = lintAnnotations(report, isThere);
			if (!toFile) return out.command(lines);
			return writeText(output, asText(lines));
		}
		case "json":
			return writeText(output ?? STANDARD, jsonText(lintJson(report)));
		case "sarif":
			return writeText(
				output ?? STANDARD,
				`${jsonLine(sarifLog(report), 2)}\n`,
			);
		case "gitlab":
			return writeText(
				output ?? STANDARD,
				`${jsonLine(codeQuality(report), 2)}\n`,
			);
	}
}

/** A file has no colours and a page's width. */
const PLAIN = { paint: (_: unknown, text: string) => text, columns: 100 };

function asText(lines: readonly string[]): string {
	return lines.map((line) => `${line}\n`).join("");
}
