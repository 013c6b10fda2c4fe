/** Sets of a text alone, without a gateway that has them. */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { IpSets } from "../ip-sets.ts";
import { restoreSets } from "./restore.ts";

/** The sets of a text of `ipset save`; or what ipset, or the model, refuses about it. */
export function readSaved(text: string): IpSets | { readonly fault: string } {
	const sets = new IpSets({
		behaviour: DEFAULT_BEHAVIOUR,
		nowMs: () => 0,
		interfaces: [],
		usesInRules: () => 0,
		isWrittenByRules: () => false,
		unknown(reason) {
			throw new UnknownSignal(reason);
		},
	});
	try {
		const outcome = restoreSets(sets, text, false);
		return outcome.ok ? sets : { fault: outcome.message };
	} catch (error) {
		if (!(error instanceof UnknownSignal)) throw error;
		return { fault: error.reason };
	}
}

/**
 * Which sets rules may name, and no others, for those who check rules.
 * @param text without faults; left out: sets are not known, and all that rules name are taken to be there
 */
export function setsIn(text: string | undefined): {
	readonly names: readonly string[];
	readonly hasSet?: (name: string) => boolean;
} {
	const read = text === undefined ? null : readSaved(text);
	if (read === null || "fault" in read) return { names: [] };
	return {
		names: [...read.all()].map(({ name }) => name),
		hasSet: (name) => read.find(name) !== null,
	};
}

/** What ipset, or the model, refuses about such a text; `null`: nothing. */
export function faultOfSets(text: string): string | null {
	const read = readSaved(text);
	return "fault" in read ? read.fault : null;
}
