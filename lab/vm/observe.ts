import type { ConntrackLine, Observation } from "../../sim/contract/gateway.ts";
import { parseConntrack } from "../kernel/conntrack-line.ts";
import { conditionNames, withoutComments } from "../kernel/ruleset-text.ts";
import type { Guest } from "./machine/guest.ts";

/** What the gateway in a guest shows of itself. */
export async function observeGuest(
	guest: Pick<Guest, "must" | "read">,
	{ counters = true } = {},
): Promise<Observation> {
	// The agent takes one after the other: none of them has to wait until the one before is answered.
	const [saved, conntrack] = await Promise.all([
		guest.must(counters ? ["iptables-save", "-c"] : ["iptables-save"]),
		guestConntrack(guest),
	]);
	const values = conditionNames(saved).map(async (name) => {
		const value = await guest.read(`/proc/net/nf_condition/${name}`);
		return [name, value] as const;
	});
	const conditions = (await Promise.all(values)).flatMap(([name, value]) =>
		value === null ? [] : [[name, value.trim() === "1" ? 1 : 0] as const],
	);
	return {
		ruleset: withoutComments(saved),
		conntrack,
		// By an assignment, a condition `__proto__` would be lost.
		conditions: Object.fromEntries(conditions),
	};
}

/** Its connections alone. */
export async function guestConntrack(
	guest: Pick<Guest, "read">,
): Promise<readonly ConntrackLine[]> {
	return parseConntrack(await conntrackOf(guest));
}

const TABLE = "/proc/net/nf_conntrack";
/** Entries go on expiring where time does not stand still. */
const MOST_READINGS = 5;

/**
 * Reading the table removes entries whose time is over, and goes on a page later by counting from the
 * beginning (`ct_seq_show`, `ct_get_idx`, nf_conntrack_standalone.c, 6.1): as many as were removed are
 * then left out. So it is read until nothing has gone since the reading before.
 */
async function conntrackOf(guest: Pick<Guest, "read">): Promise<string> {
	const read = async () => (await guest.read(TABLE)) ?? "";
	let [table, again] = await Promise.all([read(), read()]);
	for (let readings = 2; readings < MOST_READINGS; readings++) {
		if (linesOf(again) === linesOf(table)) break;
		[table, again] = [again, await read()];
	}
	return again;
}

function linesOf(text: string): number {
	return text.split("\n").length;
}
