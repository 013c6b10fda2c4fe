import type { ConnectionRecord } from "../../sim/world/account/account.ts";

/** Connections by the name of their service, in the order of the first of each; "" is the one without a name. */
export function byService(
	connections: readonly ConnectionRecord[],
): ReadonlyMap<string, readonly ConnectionRecord[]> {
	const services = new Map<string, ConnectionRecord[]>();
	for (const connection of connections) {
		const { service = "" } = connection;
		const others = services.get(service);
		if (others === undefined) services.set(service, [connection]);
		else others.push(connection);
	}
	return services;
}
