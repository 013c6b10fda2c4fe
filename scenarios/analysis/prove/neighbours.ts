/** Clients on the links of a service's backends, whom no class of clients stands for: to them answers may come past the gateway. */
import {
	isInNetwork,
	parseAddress,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import { type Hairpin, hairpinTo } from "../lint/hairpins.ts";
import type { Analysis } from "../services/analysis.ts";
import type { ClientClass, Service } from "../services/service.ts";
import { contains } from "../spaces/intervals.ts";

interface Clients {
	/** Of the service: each stands for all but those neighbours. */
	readonly clients: readonly ClientClass[];
	/** Neighbours whose connections do not come about, where rules are for them. */
	readonly beside: readonly ClientClass[];
}

export function withNeighbours(service: Service, analysis: Analysis): Clients {
	const hairpins = hairpinsOf(service, analysis);
	return {
		clients: service.classes.map((client) => ({
			...client,
			name: nameWithout(client, hairpins),
		})),
		beside: hairpins.flatMap((hairpin) => {
			const { clients, network, interface: name, arrival } = hairpin;
			const of =
				service.classes.find((client) => mayHave(client, hairpin)) ??
				service.classes[0];
			return clients === "possible" || of === undefined
				? []
				: [
						{
							...of,
							name: `clients of ${network} at ${name}`,
							interface: name,
							packet: arrival.packet,
							decision: analysis.walker.walk(arrival),
						},
					];
		}),
	};
}

/** One for each network. */
function hairpinsOf(service: Service, analysis: Analysis): readonly Hairpin[] {
	const { backends, balances, classes } = service;
	if (balances !== "destination") return [];
	const found = new Map<string, Hairpin>();
	for (const { address } of backends) {
		const place = address === null ? null : parseAddress(address);
		const hairpin = place === null ? null : hairpinTo(place, service, analysis);
		if (hairpin === null) continue;
		const isShown = classes.some((client) => standsFor(client, hairpin));
		const known = found.get(hairpin.network);
		if (!isShown && (known === undefined || known.clients === "possible"))
			found.set(hairpin.network, hairpin);
	}
	return [...found.values()];
}

/** Is the packet that stands for the class one of a neighbour's? */
function standsFor(
	{ interface: from, packet }: ClientClass,
	{ interface: name, network }: Hairpin,
): boolean {
	const prefixed = parsePrefixed(network);
	return (
		from === name && prefixed !== null && isInNetwork(packet.source, prefixed)
	);
}

function mayHave({ sources }: ClientClass, { address }: Hairpin): boolean {
	return sources === null || contains(sources, address >>> 0);
}

/** `clients outside of 192.168.1.0/24`, `clients at eth1 but those of 192.168.1.0/24` */
function nameWithout(
	client: ClientClass,
	hairpins: readonly Hairpin[],
): string {
	const networks = hairpins
		.filter((hairpin) => mayHave(client, hairpin))
		.map(({ network }) => network)
		.join(" and ");
	if (networks === "") return client.name;
	return client.name === "all clients"
		? `clients outside of ${networks}`
		: `${client.name} but those of ${networks}`;
}
