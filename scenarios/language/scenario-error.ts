/** A scenario file that cannot be used, with every fault in it. */

import { inLine } from "../../sim/in-line.ts";

/** One thing that is wrong, where, and what to do about it. @public */
export interface ScenarioFault {
	/** `steps[2].client`, or `line 3:14`; "" for the file as a whole. */
	readonly path: string;
	readonly message: string;
	readonly remedy: string;
}

/**
 * `missing`: no such file. `syntax`: it cannot be read or run. `export`: it holds no scenario.
 * `invalid`: a scenario in it is wrong. `rules`: a ruleset that it names cannot be read.
 * @public
 */
export type ScenarioErrorCode =
	| "missing"
	| "syntax"
	| "export"
	| "invalid"
	| "rules";

/** A scenario that cannot be used, with every fault in it. @public */
export class ScenarioError extends Error {
	override readonly name = "ScenarioError";
	readonly code: ScenarioErrorCode;
	/** As it was named; "" when the scenario came from no file. */
	readonly file: string;
	readonly faults: readonly ScenarioFault[];

	constructor(
		code: ScenarioErrorCode,
		file: string,
		faults: readonly ScenarioFault[],
	) {
		super(faults.map((fault) => describeFault(file, fault)).join("\n"));
		this.code = code;
		this.file = file;
		this.faults = faults;
	}
}

function describeFault(file: string, fault: ScenarioFault): string {
	const place = [file, fault.path]
		.filter((part) => part !== "")
		.map(inLine)
		.join(": ");
	const remedy = fault.remedy === "" ? "" : `\n    ${below(fault.remedy)}`;
	return `${place === "" ? "" : `${place}: `}${below(fault.message)}${remedy}`;
}

/** Further lines of a text are indented: what it quotes begins no line. */
function below(text: string): string {
	return text.replace(/\n(?! )/g, "\n    ");
}
