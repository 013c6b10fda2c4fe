/** Whether a health checker stands where it says, and probes what is there. */
import type { HealthTarget } from "../../../sim/endpoint/health-checker.ts";
import {
	isInNetwork,
	parseAddress,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import { servicesOf } from "../../../sim/world/setup/services.ts";
import type { Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";

const PATH = "setup.healthCheck";

/**
 * What would make all probes fail, or go elsewhere, without anything being wrong with a backend: an
 * address of another network, as the recipe's is on any other router.
 */
export function healthCheckFaults(setup: Setup): readonly ScenarioFault[] {
	const { healthCheck } = setup;
	if (healthCheck === null) return [];
	return [
		...placeFaults(setup, healthCheck.interface, healthCheck.address),
		...healthCheck.targets.flatMap((target, index) =>
			targetFaults(setup, target, `${PATH}.targets[${index}]`),
		),
	];
}

function placeFaults(
	{ gateway }: Setup,
	name: string,
	address: string,
): readonly ScenarioFault[] {
	const found = gateway.interfaces.find((one) => one.name === name);
	// That there is none is told by who knows the names.
	if (found === undefined) return [];
	const routed = gateway.routes
		.filter((route) => route.interface === name)
		.map(({ destination }) => destination);
	const networks = [...found.addresses, ...routed];
	if (networks.some((network) => isWithin(address, network))) return [];
	return [
		{
			path: `${PATH}.address`,
			message: `${address} is on no network of ${name} (${networks.join(", ") || "it has none"})`,
			remedy:
				"Give the health checker an interface and an address on its network: `recipeHealthCheck({ interface, address, targets })`.",
		},
	];
}

function targetFaults(
	setup: Setup,
	{ backend: name, address }: HealthTarget,
	path: string,
): readonly ScenarioFault[] {
	const { backends, gateway } = setup;
	const backend = backends.find((one) => one.name === name);
	if (backend === undefined) return [];
	const translated = new Set([
		...servicesOf(setup).map((service) => service.address),
		...gateway.interfaces.flatMap(({ addresses }) =>
			addresses.map(withoutLength),
		),
	]);
	// By an address of the gateway, a probe goes where the rules send it.
	if (translated.has(address)) return [];
	if (address === backend.address) return [];
	return [
		{
			path: `${path}.address`,
			message: `${name} has the address ${backend.address}, not ${address}`,
			remedy: "Write the address of the backend that is probed.",
		},
	];
}

export function isWithin(address: string, network: string): boolean {
	const [one, other] = [parseAddress(address), parsePrefixed(network)];
	return one !== null && other !== null && isInNetwork(one, other);
}

function withoutLength(address: string): string {
	return address.split("/")[0] ?? "";
}
