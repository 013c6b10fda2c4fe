import {
	isCalled,
	type Service,
} from "../../scenarios/analysis/services/service.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { InputError } from "../screen/input-error.ts";

/** Of many services, so many are named. */
const MOST_NAMED = 8;

/**
 * A text that is to name services names one, where there are any.
 * @param where the text was given
 * @throws InputError
 */
export function mustNameService(
	where: string,
	text: string,
	services: readonly Pick<Service, "key" | "name" | "backends">[],
): void {
	if (services.length === 0 || services.some((one) => isCalled(one, text)))
		return;
	const keys = services.map(({ key }) => key);
	const meant = nearest(text, keys);
	const rest = keys.length - MOST_NAMED;
	const more = rest > 0 ? ` … and ${rest} more` : "";
	throw new InputError(
		`${where}: no service has this text in its address or name`,
		meant === null
			? `There are ${keys.slice(0, MOST_NAMED).join(", ")}${more}.`
			: `Did you mean ${meant}?`,
	);
}
