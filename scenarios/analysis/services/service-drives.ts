/** How far the order of packets can drive the shares of services. */

import {
	complement,
	type Intervals,
	intervalsText,
} from "../spaces/intervals.ts";
import type { Links } from "../spaces/links.ts";
import type { Space } from "../spaces/space.ts";
import { drivesOf, type PacketClass } from "../split/drives.ts";
import type { Drive } from "../split/split.ts";
import { meaningIn } from "./ends.ts";
import type { Context, Found, OtherTraffic } from "./found.ts";
import type { Service } from "./service.ts";
import { partName } from "./service-names.ts";

/**
 * For each service, how far the order of packets can drive its shares: connections of its classes and ports,
 * those of other services, and what else moves its counters.
 */
export function movedBy(
	found: readonly Found[],
	services: readonly Service[],
	{
		context,
		others,
	}: { readonly context: Context; readonly others: readonly OtherTraffic[] },
): readonly (readonly Drive[])[] {
	const owners = new Map<string, number>();
	const alive = new Map<string, 0 | 1>();
	const classes = found.flatMap((one, index): PacketClass[] => {
		const { key, classes: shown } = services[index] as Service;
		const first = shown[0]?.vectors[0]?.conditions ?? {};
		for (const [name, value] of Object.entries(first)) alive.set(name, value);
		const meaning = meaningIn(one, context);
		return one.classesOf.flatMap((ofSpace, place) => {
			if (isRest(one.spaces, place, context.links)) return [];
			return ofSpace.map(({ name, decision, arrival }) => {
				const part = partName(one.spaces, place);
				const of = ofSpace.length > 1 ? `, ${name}` : "";
				const full = `${key}${part}${of}`;
				owners.set(full, index);
				return {
					name: full,
					decision,
					keyOf: (end) => meaning(end, arrival.packet).key,
				};
			});
		});
	});
	const besides = others.map(({ name, decision }) => {
		return { name, decision, keyOf: () => "" };
	});
	const drives = drivesOf([...classes, ...besides], alive);
	return services.map((_, index) =>
		drives.filter(({ client }) => owners.get(client) === index),
	);
}

/** Rules that name no destination do not tell the gateway's addresses from others: these are a space of their own, and no class. */
function isRest(
	spaces: readonly Space[],
	place: number,
	{ ownAddresses }: Links,
): boolean {
	const isOf = (space: Space | undefined, set: Intervals) =>
		space !== undefined &&
		intervalsText(space.destination) === intervalsText(set);
	return (
		isOf(spaces[place], complement(ownAddresses)) &&
		spaces.some((space) => isOf(space, ownAddresses))
	);
}
