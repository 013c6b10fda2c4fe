import {
	type SplitDocument,
	splitDocument,
	USUAL_CHANCE,
} from "../../scenarios/analysis/document/split-document.ts";
import type { Analysis } from "../../scenarios/analysis/services/analysis.ts";
import { isCalled } from "../../scenarios/analysis/services/service.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { analysed } from "../rules/analysed.ts";
import { mustNameService } from "../rules/must-name-service.ts";
import { out, whileShowing } from "../screen/screen.ts";
import { splitLines } from "./print.ts";

export interface SplitCommandOptions extends WorldOptions {
	readonly json: boolean;
	readonly markdown: boolean;
	readonly service?: string;
	readonly connections: number;
}

/** The version of what `--json` writes. */
const FORMAT = 1;

export async function split(
	file: string,
	options: SplitCommandOptions,
): Promise<void> {
	const { json, markdown, service, connections } = options;
	const document = await whileShowing(`analysing ${file} …`, async () => {
		const found = await analysed(file, options);
		if (found === null) return null;
		mustBeInRules(options.assume, [found.analysis.ruleset]);
		const analysis = chosen(found.analysis, service);
		const chance = { ...USUAL_CHANCE, connections };
		return splitDocument(found.rules.name, analysis, chance);
	});
	if (document === null) {
		process.exitCode = EXIT.badInput;
		return;
	}
	if (json) out.data(`${jsonLine({ format: FORMAT, ...document }, 2)}\n`);
	else if (markdown) {
		const { splitMarkdown } = await import(
			"../../reports/analysis/split-markdown.ts"
		);
		out.data(splitMarkdown([document]));
	} else out.show(splitLines(document, out));
	if (!isKnown(document)) process.exitCode = EXIT.unknown;
}

/**
 * Those services alone that are asked for.
 * @throws InputError where there is none, though there are others
 */
function chosen(analysis: Analysis, text: string | undefined): Analysis {
	if (text === undefined) return analysis;
	const services = analysis.services.filter((one) => isCalled(one, text));
	mustNameService(`--service ${text}`, text, analysis.services);
	return { ...analysis, services };
}

/** Is there a service, did every rule that says where connections go meet a packet, and was every share computed? */
export function isKnown({ services, gaps, unmet }: SplitDocument): boolean {
	return (
		services.length > 0 &&
		gaps.length === 0 &&
		unmet.every(({ isTold }) => isTold) &&
		services.every(({ classes }) =>
			classes.every(({ vectors }) =>
				vectors.every(({ parts }) =>
					parts.every(
						({ key, share }) =>
							share.kind !== "unknown" &&
							!(share.kind === "interval" && share.isUnknown) &&
							(!key.startsWith("unknown:") ||
								(share.kind === "exact" && share.share.decimal === 0)),
					),
				),
			),
		)
	);
}
