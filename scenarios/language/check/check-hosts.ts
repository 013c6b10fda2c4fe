/** Whether the hosts around a gateway stand where they say. */
import type { Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";
import { isWithin } from "./check-health-check.ts";

/** A host's default route leads to a router on its link. */
export function defaultRouteFaults(setup: Setup): readonly ScenarioFault[] {
	const { clients, backends, gateway } = setup;
	return Object.entries({ clients, backends }).flatMap(([key, hosts]) =>
		hosts.flatMap(({ name, address, defaultVia, ...host }, index) => {
			if (defaultVia === undefined) return [];
			const path = `setup.${key}[${index}].defaultVia`;
			if (host.interface === "lo")
				return [
					{
						path,
						message: `${name} is a program of the gateway's own: it has the gateway's routes`,
						remedy:
							"Leave `defaultVia` out, or add a route to `gateway.routes`.",
					},
				];
			if (defaultVia === address)
				return [
					{
						path,
						message: `${defaultVia} is the address of ${name} itself`,
						remedy: "Write the address of a router on its link.",
					},
				];
			const found = gateway.interfaces.find(
				(one) => one.name === host.interface,
			);
			const networks = found?.addresses ?? [];
			if (networks.some((network) => isWithin(defaultVia, network))) return [];
			return [
				{
					path,
					message: `${defaultVia} is on no network of ${host.interface} (${networks.join(", ") || "it has none"})`,
					remedy: `Write the address of a router on the link of ${name}.`,
				},
			];
		}),
	);
}
