/** Whose a program of the gateway's own is, in numbers. */

import type { ProgramOwner } from "../../endpoint/program.ts";
import { groupId, userId } from "../../extension/values/names.ts";
import type { SocketOwner } from "../../packet/socket-owner.ts";

/** @returns `null` for a name that is not on every Debian machine */
export function ownerOf({
	user = 0,
	group = user,
}: ProgramOwner): SocketOwner | null {
	const numbers = {
		user: typeof user === "number" ? user : userId(user),
		group: typeof group === "number" ? group : groupId(group),
	};
	return numbers.user === null || numbers.group === null
		? null
		: { user: numbers.user, group: numbers.group };
}
