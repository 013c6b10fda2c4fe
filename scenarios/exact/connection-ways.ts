/** The ways that first packets of a scenario's connections can take through its rules. */
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { parseAddress } from "../../sim/packet/address.ts";
import { tcp, udp } from "../../sim/packet/build.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import {
	LOOPBACK,
	listeningOf,
	servicesOf,
} from "../../sim/world/setup/services.ts";
import type { ServiceSetup } from "../../sim/world/setup/setup.ts";
import type { Decision, End } from "../analysis/walk/decision.ts";
import {
	type Arrival,
	TooManyWaysError,
	Walker,
} from "../analysis/walk/walker.ts";
import type { Setup } from "../language/scenario.ts";
import { DATAGRAM_OCTETS } from "../language/schema/schema-steps.ts";

/** Rulesets with more rules are not looked at: a run is to be quick. */
const MOST_RULES = 5_000;

const knownRules = new WeakMap<Setup, Ruleset | null>();

/** The rules that a scenario begins with; `null`: they are too many, or not at hand. Each expectation asks for them. */
export function rulesOf(setup: Setup): Ruleset | null {
	const known = knownRules.get(setup);
	if (known !== undefined) return known;
	const rules = readRules(setup);
	knownRules.set(setup, rules);
	return rules;
}

function readRules({ ruleset, gateway }: Setup): Ruleset | null {
	if (!("text" in ruleset)) return null;
	const { text, name: file } = ruleset;
	const { linux = DEFAULT_LINUX } = gateway;
	const { ruleset: rules } = checkRules(text, { file, linux });
	const count = rules?.tables.reduce(
		(sum, { chains }) =>
			sum + chains.reduce((all, chain) => all + chain.rules.length, 0),
		0,
	);
	return count === undefined || count > MOST_RULES ? null : rules;
}

/** Whose connection it is, and of which service. */
export type Asking = Pick<ConnectionRecord, "client" | "service">;

/** All that may become of connections that are alike. */
export interface ConnectionWays {
	readonly walker: Walker;
	readonly arrival: Arrival;
	/** Of a SYN, or a datagram. */
	readonly first: Decision;
}

/**
 * For each client, and each service that it asks.
 * @returns `null` when the rules are not looked at, a packet has too many ways, or a service has several ports
 */
export function connectionWays(
	setup: Setup,
	connections: readonly Asking[],
): readonly ConnectionWays[] | null {
	const rules = rulesOf(setup);
	if (rules === null) return null;
	const { sets, ...gateway } = setup.gateway;
	const walker = new Walker(
		rules,
		typeof sets === "string" ? { ...gateway, sets } : gateway,
		setup.assume,
	);
	const services = new Map(servicesOf(setup).map((one) => [one.name, one]));
	const asked = new Map(
		connections.map((one) => [`${one.client} ${one.service ?? ""}`, one]),
	);
	const ways: ConnectionWays[] = [];
	for (const { client: name, service: of = "" } of asked.values()) {
		const client = setup.clients.find((one) => one.name === name);
		const service = services.get(of);
		if (client === undefined || service?.ports.length !== 1) return null;
		const packet = firstPacket(service, client.address);
		const arrival = { interface: client.interface, packet };
		try {
			ways.push({ walker, arrival, first: walker.walk(arrival) });
		} catch (error) {
			if (!(error instanceof TooManyWaysError)) throw error;
			return null;
		}
	}
	return ways;
}

/** A SYN, or a datagram. */
function firstPacket(
	{ protocol, address, ports }: ServiceSetup,
	client: string,
): Packet {
	const fields = {
		source: numberOf(client),
		destination: numberOf(address),
		sourcePort: 40_000,
		destinationPort: ports[0] as number,
	};
	return protocol === "tcp"
		? tcp({ ...fields, seq: 1 })
		: udp({ ...fields, payload: ".".repeat(DATAGRAM_OCTETS) });
}

function numberOf(address: string): number {
	return parseAddress(address) ?? 0;
}

/** The backend that an end leads to, a program of the gateway's own among them; `null`: none, or none of the scenario's. */
export function backendOf({ fate, packet }: End, setup: Setup): string | null {
	const isOwn = fate.kind === "delivered";
	if (!isOwn && fate.kind !== "forwarded") return null;
	if (packet?.kind !== "tcp" && packet?.kind !== "udp") return null;
	const { destination, destinationPort } = packet;
	const listening = setup.backends.filter(
		(backend) =>
			(backend.interface === LOOPBACK) === isOwn &&
			listeningOf(setup, backend).some(
				({ protocol, port }) =>
					protocol === packet.kind && port === destinationPort,
			),
	);
	const at = (address: number) =>
		listening.find((backend) => numberOf(backend.address) === address)?.name;
	return at(destination) ?? (isOwn ? at(ANY_ADDRESS) : undefined) ?? null;
}

/** Of a program that is bound to no address. */
const ANY_ADDRESS = 0;
