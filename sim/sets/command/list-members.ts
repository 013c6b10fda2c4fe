/** Sets in a list:set (`list_set_uadd`, `list_set_udel`, `list_set_utest` of ip_set_list_set.c, 6.1). */

import {
	extensionsOf,
	type Given,
	isExpired,
	overwrite,
} from "../extensions.ts";
import type { IpSet } from "../ip-set.ts";
import type { KernelError } from "../ipset-error.ts";
import type { EntryOptions } from "./read-entry.ts";

/** Which set, and next to which. */
interface ListPlace {
	readonly name: string;
	readonly place: EntryOptions["place"];
	readonly now: number;
}

/** @returns `null` when it is there now */
export function addToList(
	{ list, header }: IpSet,
	{ name, place, now }: ListPlace,
	{ given, exist }: { readonly given: Given; readonly exist: boolean },
): KernelError | null {
	const reference =
		place === null ? -1 : list.findIndex((one) => one.name === place.name);
	if (place !== null && (reference < 0 || place.name === name))
		return "reference-added";
	const known = list.find((one) => one.name === name);
	if (known !== undefined) {
		if (!exist) return "added";
		overwrite(known, given, header, now);
		known.comment = given.comment ?? "";
		return null;
	}
	const at =
		place === null
			? list.length
			: place.side === "before"
				? reference
				: reference + 1;
	list.splice(at, 0, { ...extensionsOf(given, header, now), name });
	return null;
}

/** @returns `null` when it is gone now */
export function removeFromList(
	set: IpSet,
	{ name, place, now }: ListPlace,
): KernelError | null {
	const { list } = set;
	const index = list.findIndex((one) => one.name === name);
	if (index < 0) return place === null ? "not-added" : "reference-added";
	if (place !== null && !testInList(set, { name, place, now }))
		return "reference-added";
	list.splice(index, 1);
	return null;
}

export function testInList(
	{ list }: IpSet,
	{ name, place, now }: ListPlace,
): boolean {
	const alive = list.filter((one) => !isExpired(one, now));
	const index = alive.findIndex((one) => one.name === name);
	if (index < 0) return false;
	if (place === null) return true;
	const neighbour = alive[place.side === "before" ? index + 1 : index - 1];
	return neighbour?.name === place.name;
}
