/** Connections to the backends of a ruleset, one for each way to one, with the packets that follow the first. */
import type { Packet } from "../../../sim/packet/packet.ts";
import { endsOf, meaningOf } from "../services/ends.ts";
import { linksOf } from "../services/sample.ts";
import type { ClientClass, Service } from "../services/service.ts";
import type { End } from "../walk/decision.ts";
import { type LaterPackets, laterPackets } from "../walk/later-packets.ts";
import type { Facts } from "./facts.ts";

export interface Connection {
	readonly service: Service;
	readonly client: ClientClass;
	/** Its key among the backends of the service. */
	readonly backend: string;
	/** Where its first packet came to. */
	readonly end: End;
	readonly later: LaterPackets;
	/** What an end of a later packet of the client is to the service, as `backend` is. */
	keyOf(end: End): string;
}

interface Connections {
	readonly all: readonly Connection[];
	/** What was not looked at: a sentence each. */
	readonly gaps: readonly string[];
}

/** Ways to backends that are followed; of a larger ruleset, the first one of each service. */
const MOST_FOLLOWED = 1000;

const known = new WeakMap<Facts["services"], Connections>();

/** Rules of the linter share them: each is walked once. */
export function connectionsOf(facts: Facts): Connections {
	const found = known.get(facts.services) ?? follow(facts);
	known.set(facts.services, found);
	return found;
}

function follow(facts: Facts): Connections {
	const perService = facts.services.map((service) => waysOf(facts, service));
	const count = perService.reduce((sum, ways) => sum + ways.length, 0);
	const isWhole = count <= MOST_FOLLOWED;
	const followed = perService.flatMap((ways) =>
		isWhole ? ways : ways.slice(0, 1),
	);
	return {
		all: followed.map((way) => ({
			...way,
			later: laterPackets(facts.walker, arrivalOf(way.client), way.end),
		})),
		gaps: isWhole
			? []
			: [
					`${count} ways lead to backends: later packets of connections were walked for the first way of each service`,
				],
	};
}

function waysOf(
	{ world }: Facts,
	service: Service,
): readonly Omit<Connection, "later">[] {
	const links = linksOf(world);
	const [first] = service.ports ?? [];
	const keepsPort = service.ports?.length !== 1 || first?.[0] !== first?.[1];
	return service.classes.flatMap((client) => {
		const meaning = (end: End, packet: Packet) =>
			meaningOf(end, {
				balances: service.balances,
				packet,
				keepsPort,
				markRoutes: world.markRoutes,
				isOwn: links.isOwn,
			});
		const keyOf = (end: End) => meaning(end, client.packet).key;
		return endsOf(client.decision).flatMap((end) => {
			const { kind, key } = meaning(end, client.packet);
			return kind === "backend"
				? [{ service, client, backend: key, end, keyOf }]
				: [];
		});
	});
}

export function arrivalOf({ interface: name, packet }: ClientClass) {
	return { interface: name, packet };
}
