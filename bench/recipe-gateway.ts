/** A gateway with the recipe loaded, and packets for it. */
import { readFileSync } from "node:fs";
import { NotedChoice } from "../sim/chance/noted.ts";
import { seededChoice } from "../sim/chance/seeded.ts";
import type { GatewaySetup } from "../sim/contract/gateway.ts";
import { createGateway } from "../sim/gateway/create-gateway.ts";
import type { GatewayState } from "../sim/gateway/state/gateway-state.ts";
import { replaceTable } from "../sim/netfilter/hook-path.ts";
import { parseAddress } from "../sim/packet/address.ts";
import { tcp } from "../sim/packet/build.ts";
import { ACK, type Packet, SYN } from "../sim/packet/packet.ts";
import { parseRuleset } from "../sim/ruleset/parse.ts";

export const RECIPE = readFileSync(
	"scenarios/suites/recipe/recipe.rules",
	"utf8",
);

/** Index of bond0.204 and of the inside interface: 0 is none, 1 is lo. */
export const OUTSIDE = 2;
export const INSIDE = 3;

/** The gateway of the recipe. */
export const RECIPE_SETUP: GatewaySetup = {
	interfaces: [
		{ name: "bond0.204", addresses: ["10.0.0.1/8"], mtu: 1500 },
		{ name: "bond0.205", addresses: ["192.168.0.254/24"], mtu: 1500 },
	],
	routes: [],
	sysctls: { "ipv4.ip_forward": 1 },
	listeners: [],
	epochMs: 0,
};

/**
 * @param entries room in its conntrack table
 * @param rules what is loaded instead of the recipe
 */
export function createRecipeGateway(
	entries: number,
	rules = RECIPE,
): GatewayState {
	const sysctls = {
		...RECIPE_SETUP.sysctls,
		"netfilter.nf_conntrack_max": entries,
		"netfilter.nf_conntrack_buckets": Math.min(entries, 1 << 20),
	};
	const gateway = createGateway(
		{ ...RECIPE_SETUP, sysctls },
		{
			nowMs: 0,
			choice: new NotedChoice(seededChoice(1)),
			silentHosts: new Set(),
			tracer: null,
		},
	);
	for (const table of parseRuleset(rules).tables) replaceTable(gateway, table);
	return gateway;
}

const SERVICE = parseAddress("10.0.0.1") as number;
const FIRST_CLIENT = parseAddress("10.1.0.0") as number;
const PORTS_EACH = 20_000;

/** The SYNs of connections `from` to `to`, all different. */
export function syns(from: number, to: number): Packet[] {
	return Array.from({ length: to - from }, (_, index) =>
		segment(from + index, SYN),
	);
}

/** A bare ACK of a connection that is established. */
export function acks(from: number, to: number): Packet[] {
	return Array.from({ length: to - from }, (_, index) =>
		segment(from + index, ACK),
	);
}

function segment(connection: number, flags: number): Packet {
	return tcp({
		source: FIRST_CLIENT + Math.floor(connection / PORTS_EACH),
		sourcePort: 20_000 + (connection % PORTS_EACH),
		destination: SERVICE,
		destinationPort: 25,
		flags,
		seq: flags === SYN ? 1000 : 1001,
		ack: flags === SYN ? 0 : 5001,
	});
}

/** The backend's SYN/ACK to what came out of the box for a SYN. */
export function synAckTo(syn: Packet): Packet {
	if (syn.kind !== "tcp") throw new TypeError("not a SYN");
	return tcp({
		source: syn.destination,
		sourcePort: syn.destinationPort,
		destination: syn.source,
		destinationPort: syn.sourcePort,
		flags: SYN | ACK,
		seq: 5000,
		ack: syn.seq + 1,
	});
}
