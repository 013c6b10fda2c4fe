import type { Observation } from "../../sim/gateway/gateway.ts";
import { parseConntrack } from "../kernel/conntrack-line.ts";
import { conditionNames, withoutComments } from "../kernel/ruleset-text.ts";
import type { Guest } from "./guest.ts";

/** What the gateway in a guest shows of itself. */
export async function observeGuest(
	guest: Pick<Guest, "must" | "read">,
	{ counters = true } = {},
): Promise<Observation> {
	const saved = await guest.must(
		counters ? ["iptables-save", "-c"] : ["iptables-save"],
	);
	const conditions: Record<string, 0 | 1> = {};
	for (const name of conditionNames(saved)) {
		const value = await guest.read(`/proc/net/nf_condition/${name}`);
		if (value !== null) conditions[name] = value.trim() === "1" ? 1 : 0;
	}
	return {
		ruleset: withoutComments(saved),
		conntrack: parseConntrack(await conntrackOf(guest)),
		conditions,
	};
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
	let table = (await guest.read(TABLE)) ?? "";
	for (let readings = 1; readings < MOST_READINGS; readings++) {
		const again = (await guest.read(TABLE)) ?? "";
		if (linesOf(again) === linesOf(table)) return again;
		table = again;
	}
	return table;
}

function linesOf(text: string): number {
	return text.split("\n").length;
}
