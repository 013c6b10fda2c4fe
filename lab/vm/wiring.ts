/** How the gateway of a scenario is wired in the guest: which VLAN is which interface, and everything on it. */
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import { LOOPBACK_IFINDEX } from "../../sim/kernel.ts";
import {
	parseAddress,
	parsePrefixed,
	prefixMask,
} from "../../sim/packet/address.ts";
import type { Address } from "../../sim/packet/packet.ts";
import { linksFirst } from "../../sim/routing/fib/routing-state.ts";
import { LabError } from "../lab-error.ts";
import {
	addAddress,
	addRoute,
	addVlan,
	raiseTrunk,
	setLink,
} from "./netlink.ts";
import { FENCE_ADDRESS } from "./wire/arp.ts";
import { BROADCAST_MAC, GATEWAY_MAC, multicastMac } from "./wire/ethernet.ts";

export const TRUNK_NAME = "trunk";
/** Of the guest's first process. */
const AGENT = 1;
/** Far from those that the kernel gives. */
const FIRST_INDEX = 101;
const SMALLEST_TRUNK_MTU = 1500;
const QUEUE_LENGTH = 10_000;
const ALL_ONES = -1;

export interface WiredInterface {
	readonly name: string;
	readonly vlan: number;
	/** In the guest. */
	readonly index: number;
	readonly mtu: number;
	readonly addresses: readonly {
		readonly address: Address;
		readonly prefixLength: number;
	}[];
}

/**
 * @param freeVlan gives a number that nobody has
 * @throws LabError (`unsupported`) for what cannot be wired
 */
export function wire(
	setup: GatewaySetup,
	freeVlan: () => number,
): readonly WiredInterface[] {
	return setup.interfaces.map(({ name, addresses, mtu }, position) => {
		if (name === TRUNK_NAME || name === "lo" || name.length > 15)
			throw unsupported(name, "an interface cannot have this name here");
		return {
			name,
			vlan: freeVlan(),
			mtu,
			index: FIRST_INDEX + position,
			addresses: addresses.map((text) => network(text)),
		};
	});
}

/** What is said once, when the machine has come up: the trunk, and who answers fences on it. */
export function trunkMessages(trunk: number): readonly Buffer[] {
	return [
		setLink(LOOPBACK_IFINDEX, true),
		addAddress(LOOPBACK_IFINDEX, {
			address: FENCE_ADDRESS,
			prefixLength: 32,
			scope: "host",
		}),
		raiseTrunk(trunk, { mtu: SMALLEST_TRUNK_MTU, queueLength: QUEUE_LENGTH }),
	];
}

/** In the trunk's namespace: its VLANs, for the namespace in which the agent is. */
export function vlanMessages(
	interfaces: readonly WiredInterface[],
	trunk: number,
): readonly Buffer[] {
	const mtu = Math.max(SMALLEST_TRUNK_MTU, ...interfaces.map((one) => one.mtu));
	return [
		raiseTrunk(trunk, { mtu, queueLength: QUEUE_LENGTH }),
		...interfaces.map((one) => addVlan({ ...one, trunk, owner: AGENT })),
	];
}

/** Everything that has to be said in the gateway's namespace, in order. */
export function wiringMessages(
	setup: GatewaySetup,
	interfaces: readonly WiredInterface[],
): readonly Buffer[] {
	const indexOf = (name: string) =>
		interfaces.find((one) => one.name === name)?.index ?? 0;
	return [
		setLink(LOOPBACK_IFINDEX, true),
		...interfaces.flatMap((one) => [
			...one.addresses.map((own) =>
				addAddress(one.index, { ...own, scope: "universe" }),
			),
			setLink(one.index, true),
		]),
		...linksFirst(setup.routes).map(({ destination, via, interface: name }) => {
			const { address, prefixLength } = network(destination);
			return addRoute(indexOf(name), {
				destination: address & prefixMask(prefixLength),
				prefixLength,
				via: via === null ? null : (parseAddress(via) ?? 0),
			});
		}),
	];
}

/** To whom the frame of a packet goes: hosts on the link send to many only what is for many. */
export function frameTarget(
	{ addresses }: WiredInterface,
	destination: Address,
): Uint8Array {
	if (destination >>> 28 === 0xe) return multicastMac(destination);
	const isForAll =
		destination === ALL_ONES ||
		addresses.some(
			({ address, prefixLength }) =>
				prefixLength < 31 &&
				destination === (address | ~prefixMask(prefixLength)),
		);
	return isForAll ? BROADCAST_MAC : GATEWAY_MAC;
}

/** `10.0.0.1/8`. */
function network(text: string): {
	readonly address: Address;
	readonly prefixLength: number;
} {
	const found = parsePrefixed(text);
	if (found === null) throw unsupported(text, "not an address");
	return { address: found.address, prefixLength: found.length };
}

function unsupported(place: string, message: string): LabError {
	return new LabError({ code: "unsupported", place, message, remedy: "" });
}
