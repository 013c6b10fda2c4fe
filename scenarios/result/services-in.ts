import type { ConnectionRecord } from "../../sim/world/account/account.ts";

/** The names of the services that connections were made to, in the order of the first of each; "" is the one without a name. */
export function servicesIn(
	connections: readonly Pick<ConnectionRecord, "service">[],
): readonly string[] {
	return [...new Set(connections.map(({ service = "" }) => service))];
}
