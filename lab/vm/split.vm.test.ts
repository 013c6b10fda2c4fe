/** What a kernel gives each backend, over whole periods of its own counters, is what the analysis computes from the rules. */
import { expect, it } from "vitest";
import { analyse } from "../../scenarios/analysis/services/analysis.ts";
import type {
	ClientClass,
	Service,
	VectorSplit,
} from "../../scenarios/analysis/services/service.ts";
import type { Split } from "../../scenarios/analysis/split/split.ts";
import type {
	Emission,
	GatewaySetup,
	Operation,
} from "../../sim/contract/gateway.ts";
import { invariant } from "../../sim/invariant.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { type Packet, SYN } from "../../sim/packet/packet.ts";
import { toNumber } from "../../sim/rational.ts";
import { parseRuleset } from "../../sim/ruleset/parse.ts";
import { TEST_RULESETS } from "../../test/rulesets/test-rulesets.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";
import type { VmGateway } from "./vm-gateway.ts";

/** At least as many connections for each vector of conditions, in whole periods. */
const CONNECTIONS = 60;
/** Where chance decides. */
const DRAWN_CONNECTIONS = 600;

describeOnVm("a kernel splits connections as the analysis says:", () => {
	const driver = vmDriver();

	it.for(TEST_RULESETS)(
		"$name",
		{ timeout: 240_000 },
		async ({ text, file }, { skip }) => {
			const { services, world } = analyse(parseRuleset(text, { file }));
			const countable = services.filter(({ balances }) => balances !== "mark");
			const classes = countable.flatMap((service) =>
				service.classes
					.filter(({ vectors }) => vectors.every(isExact))
					.map((client) => ({ service, client })),
			);
			if (classes.length === 0)
				skip("no exact shares, or of marks alone, which no packet shows");
			const gateway = await driver().open(withListeners(world.setup, services));
			try {
				const newClients = clientsFor(world.setup);
				for (const one of classes)
					await playClass(gateway, text, { ...one, newClients });
			} finally {
				await gateway.close();
			}
		},
	);
});

function isExact({ split }: VectorSplit): boolean {
	return split.parts.every(({ share }) => share.kind === "exact");
}

/** Ports of the gateway's own that are backends, so that what comes to them is seen. */
function withListeners(
	setup: GatewaySetup,
	services: readonly Service[],
): GatewaySetup {
	const own = setup.interfaces.flatMap(({ addresses }) =>
		addresses.map((text) => text.split("/")[0]),
	);
	const ports = services.flatMap(({ backends }) =>
		backends.flatMap(({ address, port }) =>
			port !== null && (address === null || own.includes(address))
				? [port]
				: [],
		),
	);
	const listeners = ports.map((port) => ({ protocol: "tcp" as const, port }));
	return { ...setup, listeners };
}

async function playClass(
	gateway: VmGateway,
	text: string,
	{
		service,
		client,
		newClients,
	}: { service: Service; client: ClientClass; newClients: NewClients },
): Promise<void> {
	for (const { name, conditions, split } of client.vectors) {
		// Counters begin anew, and so do lists of clients.
		for (const rules of [EMPTY, text]) await load(gateway, rules);
		for (const [condition, value] of Object.entries(conditions))
			await operate(gateway, {
				kind: "condition",
				name: condition,
				write: `${value}`,
			});
		const count = connectionsOf(split);
		const answers = await gateway.answerAll(
			Array.from({ length: count }, () => ({
				kind: "packet" as const,
				atMs: 0,
				interface: client.interface,
				packet: newClients(client),
			})),
		);
		const keys = answers
			.flatMap(({ emissions }) => emissions)
			.flatMap((one) => backendOf(service, one));
		for (const { key, share } of split.parts) {
			invariant(share.kind === "exact", `${key} has a share of its own`);
			if (!service.backends.some((backend) => backend.key === key)) continue;
			const got = keys.filter((one) => one === key).length;
			const wanted = count * toNumber(share.value);
			// One kernel in 10⁹ would be further from it by chance.
			const allowed = split.byChance
				? 6 * Math.sqrt(wanted * (1 - wanted / count))
				: 1e-6;
			expect(
				Math.abs(got - wanted),
				`${name}: ${key} got ${got} of ${count}`,
			).toBeLessThanOrEqual(allowed);
		}
	}
}

const EMPTY = ["raw", "mangle", "nat", "filter"]
	.map((table) => `*${table}\nCOMMIT\n`)
	.join("");

async function load(gateway: VmGateway, text: string): Promise<void> {
	await operate(gateway, {
		kind: "restore",
		text,
		file: "rules",
		noflush: false,
		counters: false,
	});
}

async function operate(
	gateway: VmGateway,
	operation: Operation,
): Promise<void> {
	const { outcome } = await gateway.answer({
		kind: "operation",
		atMs: 0,
		operation,
	});
	expect(outcome).toEqual({ ok: true });
}

function connectionsOf({ byChance, period }: Split): number {
	if (byChance) return DRAWN_CONNECTIONS;
	invariant(period !== null, "a period is not known");
	return Number(period) * Math.ceil(CONNECTIONS / Number(period));
}

type NewClients = (client: ClientClass) => Packet;

/** Connections that were not there before, of clients that were not there before as far as their class has as many. */
function clientsFor({ interfaces }: GatewaySetup): NewClients {
	const own = interfaces.flatMap(({ addresses }) =>
		addresses.map((text) => text.split("/")[0]),
	);
	let connections = 0;
	return ({ packet, sources }) => {
		invariant("sourcePort" in packet, "a connection has ports");
		const number = connections++;
		// What the gateway itself sends has a source of its own.
		if (own.includes(formatAddress(packet.source)))
			return { ...packet, sourcePort: 20_000 + number };
		const other = (packet.source & ~0xff) | (2 + (number % 250));
		const isAlike = (sources ?? ALL_ADDRESSES).some(
			([least, greatest]) => other >>> 0 >= least && other >>> 0 <= greatest,
		);
		return {
			...packet,
			source:
				isAlike && !own.includes(formatAddress(other)) ? other : packet.source,
			sourcePort: 20_000 + number,
		};
	};
}

const ALL_ADDRESSES = [[0, 0xffff_ffff]] as const;

/** The backend that the first packet of a connection came out to; what is sent back is not one. */
function backendOf(
	{ backends, balances }: Service,
	{ packet }: Emission,
): readonly string[] {
	const isFirst =
		packet.kind === "udp" || (packet.kind === "tcp" && packet.flags === SYN);
	if (!isFirst) return [];
	const end = formatAddress(
		balances === "source" ? packet.source : packet.destination,
	);
	return backends
		.filter(
			({ address, port }) =>
				(address === null || address === end) &&
				(port === null || port === packet.destinationPort),
		)
		.map(({ key }) => key);
}
