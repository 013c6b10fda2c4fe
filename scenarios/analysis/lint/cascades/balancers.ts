/** What the linter's rules about balancing look at: each service with each of its classes of clients. */
import { meaningOf } from "../../services/ends.ts";
import type { ClientClass, Service } from "../../services/service.ts";
import { isOnePort } from "../../services/service-names.ts";
import type { End } from "../../walk/decision.ts";
import type { AssumedWorld } from "../../world/assumed-world.ts";

/** A service, as one class of clients meets it. */
export interface Balancer {
	readonly service: Service;
	readonly client: ClientClass;
	/** Names an end as the parts of the splits are named. */
	keyOf(end: End): string;
	/** What balancing chose at an end: a backend also where a rule behind stops the packet on its way there. */
	chosenAt(end: End): string;
	isBackend(key: string): boolean;
}

/** What is looked at: an `Analysis` has it. */
interface Analysed {
	readonly services: readonly Service[];
	readonly world: AssumedWorld;
}

const known = new WeakMap<readonly Service[], readonly Balancer[]>();

/** Service by service, class by class. They are made once for an analysis. */
export function balancersOf({
	services,
	world,
}: Analysed): readonly Balancer[] {
	const found = known.get(services) ?? makeBalancers(services, world);
	known.set(services, found);
	return found;
}

function makeBalancers(
	services: readonly Service[],
	world: AssumedWorld,
): readonly Balancer[] {
	return services.flatMap((service) => {
		const { balances, classes, backends } = service;
		const names = new Set(backends.map(({ key }) => key));
		return classes.map((client): Balancer => {
			const { packet } = client;
			const options = {
				balances,
				packet,
				keepsPort: !isOnePort(service.ports),
				isForAll: false,
				world,
			};
			return {
				service,
				client,
				keyOf: (end) => meaningOf(end, options).key,
				chosenAt: (end) => meaningOf(end, options).chosen,
				isBackend: (key) => names.has(key),
			};
		});
	});
}
