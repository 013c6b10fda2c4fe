/** Who speaks with whom, on which ports, and what packets look like. */
import fc from "fast-check";
import {
	BOX,
	CLIENT_PORTS,
	HOSTS,
	OWN_ADDRESSES,
	type Place,
	SERVICE_PORTS,
	VANISHED,
} from "../world/topology.ts";
import type { ChecksumPlan } from "./plan.ts";

const host: fc.Arbitrary<Place> = fc.constantFrom(...HOSTS);
/** Who begins: hosts, and now and then the box itself. */
export const speaker: fc.Arbitrary<Place> = fc.oneof(
	{ weight: 8, arbitrary: host },
	{ weight: 1, arbitrary: fc.constantFrom(...BOX) },
);
/** Mostly the service; also the box itself by its other names, hosts behind it, and nobody. */
export const target: fc.Arbitrary<string> = fc.oneof(
	{ weight: 5, arbitrary: fc.constant<string>(OWN_ADDRESSES[0]) },
	{ weight: 2, arbitrary: fc.constantFrom<string>(...OWN_ADDRESSES) },
	{ weight: 4, arbitrary: host.map(({ address }) => address) },
	{
		weight: 1,
		arbitrary: fc.constantFrom("203.0.113.80", "10.0.0.77", VANISHED.address),
	},
);
export const port = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom<number>(...CLIENT_PORTS) },
	{ weight: 1, arbitrary: fc.integer({ min: 1, max: 65_535 }) },
);
export const targetPort = fc.oneof(
	{ weight: 5, arbitrary: fc.constant<number>(SERVICE_PORTS[0]) },
	{ weight: 2, arbitrary: fc.constantFrom<number>(...SERVICE_PORTS, 53) },
);
export const octets = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom(0, 1, 12, 100) },
	{ weight: 1, arbitrary: fc.integer({ min: 0, max: 1_400 }) },
);

export const ttl = fc.oneof(
	{ weight: 8, arbitrary: fc.constant(64) },
	{ weight: 1, arbitrary: fc.constantFrom(1, 2, 255) },
);
export const tos = fc.oneof(
	{ weight: 6, arbitrary: fc.constant(0) },
	{ weight: 1, arbitrary: fc.constantFrom(0x10, 0xb8, 0x08) },
);
/** Broken now and then, and of UDP's left out. */
export const checksum: fc.Arbitrary<ChecksumPlan> = fc.oneof(
	{ weight: 24, arbitrary: fc.constant<"right">("right") },
	{ weight: 1, arbitrary: fc.constantFrom<ChecksumPlan>("wrong", "none") },
);
