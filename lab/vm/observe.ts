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
		conntrack: parseConntrack(
			(await guest.read("/proc/net/nf_conntrack")) ?? "",
		),
		conditions,
	};
}
