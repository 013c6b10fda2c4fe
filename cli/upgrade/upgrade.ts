/** `marktwin upgrade`: analyses a ruleset on two Linuxes and prints what differs. */
import { upgradeOf } from "../../scenarios/analysis/upgrade/upgrade.ts";
import { DEFAULT_LINUX, type Linux, linuxName } from "../../sim/linux/linux.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { InputError } from "../screen/input-error.ts";
import { out, whileShowing } from "../screen/screen.ts";
import { upgradeLines } from "./print.ts";

export interface UpgradeOptions extends WorldOptions {
	readonly to: Linux;
	readonly from?: Linux;
	readonly json: boolean;
}

/** Changes when a reader of an older one could not read it any more. */
const FORMAT = "marktwin upgrade 1";

export async function upgrade(
	file: string,
	{ to, from = DEFAULT_LINUX, json, ...options }: UpgradeOptions,
): Promise<void> {
	if (linuxName(from) === linuxName(to))
		throw new InputError(
			`--to ${linuxName(to)} is the Linux that the rules are on: nothing is compared`,
			"Name another one, or with --from the Linux on which they are now.",
		);
	const document = await whileShowing(`analysing ${file} …`, async () => {
		const { rules, given } = await readRulesAndWorld(file, options);
		const rulesets = [from, to].flatMap((linux) => {
			const { ruleset } = checkRules(rules.text, { file: rules.name, linux });
			return ruleset === null ? [] : [ruleset];
		});
		if (rulesets.length > 0) mustBeInRules(options.assume, rulesets);
		return upgradeOf(rules, given, { from, to });
	});
	if (json) out.data(`${jsonLine({ format: FORMAT, ...document }, 2)}\n`);
	else out.show(upgradeLines(document, out));
	const sides = [document.from, document.to];
	if (sides.every(({ refusal }) => refusal !== null))
		process.exitCode = EXIT.badInput;
	else if (document.changes) process.exitCode = EXIT.violated;
	else if (sides.some(({ unknown }) => unknown.length > 0))
		process.exitCode = EXIT.unknown;
}
