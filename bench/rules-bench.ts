/** What many rules in front of a service cost a new connection. */
import { receive } from "../sim/gateway/ip/events.ts";
import { takeEmissions } from "../sim/gateway/ip/neighbours.ts";
import type { GatewayState } from "../sim/gateway/state/gateway-state.ts";
import { createRecipeGateway, OUTSIDE, syns } from "./recipe-gateway.ts";
import { perSecond, type Series } from "./series.ts";

const FEW = 50;
const MANY = 25_600;
const CONNECTIONS = 20_000;
const ROUNDS = 7;

/** The time of a new connection behind many rules, as a multiple of what it takes behind few; measured in turns. */
export function measureRules(): readonly Series[] {
	return [
		ratio("hosts and ports", hostRule, 1.2),
		ratio("prefixes of 8 to 32 bits", prefixRule, 2),
	];
}

function ratio(
	name: string,
	rule: (index: number) => string,
	aim: number,
): Series {
	const few = gatewayBehind(FEW, rule);
	const many = gatewayBehind(MANY, rule);
	const values: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const [fast, slow] = [connectionsTo(few), connectionsTo(many)];
		// The first round compiles the table.
		if (round > 0) values.push(fast / slow);
	}
	return {
		name: `25,600 rules: ${name}`,
		unit: "times 50 rules'",
		values,
		aim,
		digits: 2,
	};
}

/** New connections a second of CPU. */
export function connectionsTo(gateway: GatewayState): number {
	gateway.conntrack.evict({});
	const packets = syns(0, CONNECTIONS);
	const speed = perSecond(CONNECTIONS, () => {
		for (const packet of packets) {
			receive(gateway, OUTSIDE, packet);
			takeEmissions(gateway);
		}
	});
	if (gateway.conntrack.count !== CONNECTIONS)
		throw new Error("connections were lost");
	return speed;
}

/** A gateway with that many rules in front of the one that matches. */
export function gatewayBehind(
	count: number,
	rule: (index: number) => string,
): GatewayState {
	const rules = Array.from({ length: count }, (_, index) => rule(index));
	const text = `*nat\n${rules.join("\n")}\n-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n`;
	return createRecipeGateway(CONNECTIONS * 2, text);
}

export function hostRule(index: number): string {
	return `-A PREROUTING -d 172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}/32 -p tcp -m tcp --dport ${1024 + (index % 1000)} -j DNAT --to-destination 192.168.0.2`;
}

/** Spread by a multiplier, and away from the service. */
export function prefixRule(index: number): string {
	const spread = Math.imul(index + 1, 0x9e3779b1) >>> 0;
	const octets = [24, 16, 8, 0].map((shift) => (spread >>> shift) & 255);
	const [, ...rest] = octets;
	const source = `${128 + ((octets[0] ?? 0) & 63)}.${rest.join(".")}`;
	const port =
		index % 3 === 0 ? ` -m tcp --dport ${1024 + (spread % 60_000)}` : "";
	return `-A PREROUTING -s ${source}/${8 + (index % 25)} -d 172.${octets.slice(1).join(".")}/${12 + ((index >> 3) % 21)} -p tcp${port} -j DNAT --to-destination 192.168.0.2`;
}
