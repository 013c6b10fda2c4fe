/** Whether programs of the gateway's own (`interface: "lo"`) can be there: addresses, ports, and what they do. */
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import {
	formatAddress,
	parseAddress,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import { parseIpCommand } from "../../../sim/routing/iproute/parse-command.ts";
import { ownerOf } from "../../../sim/world/setup/program-owner.ts";
import {
	ANY_ADDRESS,
	LOOPBACK,
	listeningOf,
} from "../../../sim/world/setup/services.ts";
import type { Scenario, Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";

/** What befalls hosts on a link, and no program. */
const OF_LINKS: ReadonlySet<BackendBehaviour["kind"]> = new Set([
	"vanish",
	"silent",
	"lossy",
]);

/** Does it stand for a program of the gateway's own? */
export function isProgram(host: { readonly interface: string }): boolean {
	return host.interface === LOOPBACK;
}

/** Everything that is wrong with programs of the gateway's own. */
export function programFaults({
	setup,
	steps,
}: Scenario): readonly ScenarioFault[] {
	const backends = setup.backends.filter(isProgram);
	const names = new Set(backends.map(({ name }) => name));
	return [
		...addressFaults(setup),
		...portFaults(setup),
		...ownerFaults(setup),
		...backends.flatMap(({ name, behaviour }) =>
			behaviourFaults(name, behaviour, "setup.backends"),
		),
		...steps.flatMap((step, index) =>
			step.kind === "backend" && names.has(step.backend)
				? behaviourFaults(step.backend, step.becomes, `steps[${index}].becomes`)
				: [],
		),
	];
}

/** A program has an address of the gateway's, or is bound to none. */
function addressFaults(setup: Setup): readonly ScenarioFault[] {
	const { clients, backends, healthCheck } = setup;
	const own = ownAddresses(setup);
	const isOwn = (address: string) =>
		address === ANY_ADDRESS ||
		own.has(address) ||
		(parseAddress(address) ?? 0) >>> 24 === 127;
	const checker = healthCheck
		? [{ ...healthCheck, name: "the health checker" }]
		: [];
	return [...clients, ...backends, ...checker]
		.filter((one) => isProgram(one) && !isOwn(one.address))
		.map(({ name, address }) => ({
			path: "setup",
			message: `${name} is a program of the gateway's own (lo), and ${address} is no address of the gateway`,
			remedy: `The gateway's addresses are: ${[...own, "127.0.0.1"].join(", ")}; and ${ANY_ADDRESS}, which is all of them for a backend, and for a client the one that routing chooses.`,
		}));
}

function ownAddresses({ gateway }: Setup): ReadonlySet<string> {
	const given = gateway.interfaces.flatMap(({ addresses }) =>
		addresses.flatMap((text) => parsePrefixed(text)?.address ?? []),
	);
	const added = (gateway.ip ?? []).flatMap((line) => {
		const parsed = parseIpCommand(line);
		if (parsed.kind !== "command") return [];
		const { command } = parsed;
		const adds =
			command.object === "address" &&
			(command.action === "add" || command.action === "replace");
		return adds ? [command.address.address] : [];
	});
	return new Set([...given, ...added].map(formatAddress));
}

/** A host on a link is of no user of the gateway's; a program's user and group are known. */
function ownerFaults(setup: Setup): readonly ScenarioFault[] {
	const { clients, backends, healthCheck } = setup;
	const places = {
		clients,
		backends,
		healthCheck: healthCheck ? [healthCheck] : [],
	};
	return Object.entries(places).flatMap(([key, hosts]) =>
		hosts.flatMap((host, index) => {
			const { user, group } = host;
			if (user === undefined && group === undefined) return [];
			const path = `setup.${key}${key === "healthCheck" ? "" : `[${index}]`}`;
			if (!isProgram(host))
				return [
					{
						path,
						message: `a host behind ${host.interface} has no user or group of the gateway's`,
						remedy:
							'Leave `user` and `group` out, or make it a program on the gateway: `interface: "lo"`.',
					},
				];
			if (ownerOf(host) !== null) return [];
			return [
				{
					path,
					message: `${[user, group].filter((one) => one !== undefined).join(":")}: not every machine has a user and a group of this name`,
					remedy:
						"Write numbers for `user` and `group`, in the rules, too; or names of Debian's base-passwd, such as www-data.",
				},
			];
		}),
	);
}

/** Backends with one address are told apart by their ports. */
function portFaults(setup: Setup): readonly ScenarioFault[] {
	const owners = new Map<string, string>();
	const faults: ScenarioFault[] = [];
	for (const backend of setup.backends.filter(isProgram))
		for (const { protocol, port } of listeningOf(setup, backend)) {
			const key = `${protocol} ${backend.address} ${port}`;
			const owner = owners.get(key) ?? backend.name;
			if (owner !== backend.name)
				faults.push({
					path: "setup.backends",
					message: `${owner} and ${backend.name} would both have port ${port}/${protocol} of the gateway, at ${backend.address}`,
					remedy: "Give each of them a `port` of its own.",
				});
			owners.set(key, owner);
		}
	return faults;
}

function behaviourFaults(
	name: string,
	{ kind }: BackendBehaviour,
	path: string,
): readonly ScenarioFault[] {
	if (!OF_LINKS.has(kind)) return [];
	return [
		{
			path,
			message: `${name} is a program of the gateway's own, and cannot be "${kind}": it is on no link`,
			remedy:
				'Let it "refuse", "hang", be "slow" or "drain", or drop its packets by a rule.',
		},
	];
}
