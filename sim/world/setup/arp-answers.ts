/** For which addresses of a link something answers ARP, where no host of the world has them. */
import type { StepOperation } from "../../contract/gateway.ts";
import {
	isInNetwork,
	type Prefixed,
	parseAddress,
	parsePrefixed,
} from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import { type LinkNetwork, networksOf } from "./networks.ts";
import type { WorldSetup } from "./setup.ts";

/**
 * A host asks by ARP for what it takes for an address on its link, which is the network that the gateway has there. The
 * gateway answers for addresses that are local to it, those of its other interfaces and local routes among them, and
 * for others where it is a proxy (`arp_process`, net/ipv4/arp.c, 6.1). What commands name at any time of the play is
 * taken for answered from the beginning, and so is all where `proxy_arp` is set.
 */
export class ArpAnswers {
	private readonly networks: readonly LinkNetwork[];
	private readonly addresses = new Set<Address>();
	private readonly localRoutes: Prefixed[] = [];
	private isProxy = false;

	constructor(setup: Pick<WorldSetup, "gateway" | "neighbours">) {
		const { gateway, neighbours = [] } = setup;
		this.networks = networksOf(setup);
		for (const { address } of this.networks) this.learnAddress(address);
		for (const { address } of neighbours) {
			const parsed = parseAddress(address);
			if (parsed !== null) this.learnAddress(parsed);
		}
		for (const command of gateway?.ip ?? []) this.learnCommand(command);
		for (const [name, value] of Object.entries(gateway?.sysctls ?? {}))
			this.learnSetting(name, value);
	}

	/** Something has it, or claims to. */
	learnAddress(address: Address): void {
		this.addresses.add(address);
	}

	/** What a step does, whenever it does it. */
	learn(operation: StepOperation): void {
		if (operation.kind === "ip") this.learnCommand(operation.command);
		else if (operation.kind === "sysctl")
			this.learnSetting(operation.name, operation.value);
	}

	/** @param from a host that is on no network of its link is far: what its routers know is not told */
	isUnanswered(
		from: { readonly interface: string; readonly address: Address },
		destination: Address,
	): boolean {
		if (this.isProxy || this.addresses.has(destination)) return false;
		const isOnLink = this.networks.some(
			(one) =>
				one.interface === from.interface &&
				isInNetwork(from.address, one) &&
				isHostOf(destination, one),
		);
		return (
			isOnLink &&
			this.localRoutes.every((route) => !isInNetwork(destination, route))
		);
	}

	private learnSetting(name: string, value: number): void {
		if (/[./]proxy_arp(?:_pvlan)?$/.test(name) && value !== 0)
			this.isProxy = true;
	}

	private learnCommand(command: string): void {
		const words = command.split(/\s+/);
		const isLocal = words.includes("local");
		if (isLocal && words.some((word) => EVERYTHING.has(word)))
			this.isProxy = true;
		for (const word of words) {
			const [address = ""] = word.split("/");
			const parsed = parseAddress(address);
			if (parsed === null) continue;
			this.learnAddress(parsed);
			const network = isLocal ? parsePrefixed(word) : null;
			if (network !== null) this.localRoutes.push(network);
		}
	}
}

/** A local route for all, as rules with `TPROXY` need one. */
const EVERYTHING: ReadonlySet<string> = new Set(["default", "all", "any"]);

/** On the network, and neither its own address nor that of its broadcasts. */
function isHostOf(address: Address, network: LinkNetwork): boolean {
	if (!isInNetwork(address, network)) return false;
	const { length } = network;
	if (length > 30) return true;
	const host = (address >>> 0) % 2 ** (32 - length);
	return host !== 0 && host !== 2 ** (32 - length) - 1;
}
