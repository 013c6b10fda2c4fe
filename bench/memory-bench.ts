import { receive } from "../sim/gateway/ip/events.ts";
import { takeEmissions } from "../sim/gateway/ip/neighbours.ts";
import { createRecipeGateway, OUTSIDE, syns } from "./recipe-gateway.ts";
import type { Series } from "./series.ts";

const ENTRIES = 1_000_000;
const BATCH = 10_000;

/** Octets that a conntrack entry takes when there are a million. */
export function measureMemory(): readonly Series[] {
	const before = used();
	const gateway = createRecipeGateway(ENTRIES);
	for (let from = 0; from < ENTRIES; from += BATCH) {
		for (const syn of syns(from, from + BATCH)) {
			receive(gateway, OUTSIDE, syn);
			takeEmissions(gateway);
		}
	}
	if (gateway.conntrack.count !== ENTRIES)
		throw new Error("connections were lost");
	const octets = (used() - before) / gateway.conntrack.count;
	return [
		{
			name: "memory of an entry, of a million",
			unit: "bytes",
			values: [octets],
			aim: 120,
		},
	];
}

function used(): number {
	globalThis.gc?.();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}
