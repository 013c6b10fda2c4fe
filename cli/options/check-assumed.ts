/** What `--assume` names has to be something that can be assumed. */
import {
	faultOfKey,
	MOST_EITHER,
} from "../../scenarios/language/check/check-assumptions.ts";
import { InputError } from "../screen/input-error.ts";

/** @throws InputError for a key that names nothing, and for more open ones than can be played */
export function mustBeAssumable(
	assume: ReadonlyMap<string, "yes" | "no" | "either">,
): void {
	for (const [key, value] of assume) {
		const fault = faultOfKey(key);
		if (fault !== null)
			throw new InputError(
				`--assume ${key}=${value}: ${fault.message}`,
				fault.remedy,
			);
	}
	const open = [...assume.values()].filter((value) => value === "either");
	if (open.length > MOST_EITHER)
		throw new InputError(
			`--assume: ${open.length} keys are either, and each is taken both ways`,
			`Let ${MOST_EITHER} of them be either at most, and the others yes or no.`,
		);
}
