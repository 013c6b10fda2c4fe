/** What a proof calls the ends of a service: backends, uplinks that marks choose, or addresses that connections leave from. */
import { NO_BACKEND, type Service } from "../services/service.ts";

type Balances = Pick<Service, "balances">;

/** `10.20.0.11:80`, `the uplink of mark 0x1 (table 101)`, `203.0.113.5` */
export function endName(key: string, { balances }: Balances): string {
	if (balances === "mark") return `the uplink of ${key}`;
	return balances === "source" ? key.replace(/^from /, "") : key;
}

/** Behind `it`: `goes to 10.20.0.11:80`, `leaves with mark 0x1`, `leaves from 203.0.113.5`, `goes to no backend: …`. */
export function goesTo(key: string, { balances }: Balances): string {
	if (key.startsWith(NO_BACKEND)) return `goes to ${noneOf(key, { balances })}`;
	if (balances === "mark") return `leaves with ${key}`;
	return balances === "source" ? `leaves ${key}` : `goes to ${key}`;
}

/** The same of a packet that has gone. */
export function wentTo(key: string, service: Balances): string {
	return goesTo(key, service)
		.replace(/^goes/, "went")
		.replace(/^leaves/, "left");
}

/** The key of what reaches none. */
export function noneOf(key: string, { balances }: Balances): string {
	const none = {
		destination: NO_BACKEND,
		mark: "no uplink of the rules",
		source: "none of the addresses to leave from",
	}[balances];
	return key.replace(NO_BACKEND, none);
}

/**
 * Is there anything that may be dead? An address that connections leave from is the router's own: it is out of use
 * where a condition says so, and not otherwise.
 */
export function mayDie({
	balances,
	conditions,
}: Pick<Service, "balances" | "conditions">): boolean {
	return balances !== "source" || conditions.length > 0;
}
