/** A comparison of which one side, or both, is what ipvsadm-save printed. */
import type { DiffDocument } from "../../scenarios/analysis/diff/diff-document.ts";
import {
	type SharesSide,
	sharesDiff,
	sharesOfRules,
} from "../../scenarios/analysis/diff/shares/compare-shares.ts";
import { isIpvs, readIpvs } from "../../scenarios/analysis/diff/shares/ipvs.ts";
import { analyse } from "../../scenarios/analysis/services/analysis.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { Text } from "../files/files.ts";
import { loaded } from "../rules/load-rules.ts";
import { InputError } from "../screen/input-error.ts";

/**
 * @returns `null` where rules do not load: their faults are printed
 * @throws InputError for what ipvsadm-save does not print
 */
export function withoutRules(
	before: Text,
	after: Text,
	given: GivenWorld,
): DiffDocument | null {
	const one = sideOf(before, given);
	const other = sideOf(after, given);
	if (one === null || other === null) return null;
	return sharesDiff(one, other, given.linux);
}

function sideOf({ name, text }: Text, given: GivenWorld): SharesSide | null {
	if (!isIpvs(text)) {
		const ruleset = loaded(text, name, given);
		if (ruleset === null) return null;
		return sharesOfRules(name, analyse(ruleset, given));
	}
	const services = readIpvs(text);
	if (!("line" in services)) return { file: name, services, gaps: [] };
	const { line, why } = services;
	throw new InputError(
		`${name}:${line}: ${text.split(/\r?\n/)[line - 1]?.trim()}: ${why}`,
		"Give what `ipvsadm-save -n` prints.",
	);
}
