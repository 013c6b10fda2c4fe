/**
 * What the hash of a multipath route is made of (`fib_multipath_hash`, `ip_multipath_l3_keys`,
 * `fib_multipath_custom_hash_skb`, net/ipv4/route.c, 6.1), as a text: flows of one text have one hash.
 */
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { formatAddress } from "../../packet/address.ts";
import { type Address, ICMP } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type { Flow } from "./flow.ts";

/** Errors that are shared out as the packets that they are about. */
const SHARED_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

/** Protocols that carry packets, which the dissector looks into (`__skb_flow_dissect`, net/core/flow_dissector.c, 6.1). */
const IPIP = 4;
const CARRIERS: ReadonlySet<number> = new Set([IPIP, 41, 47, 137]);

/** `FIB_MULTIPATH_HASH_FIELD_*` (include/net/ip_fib.h); those of packets inside of others are the upper ones. */
const SOURCE = 1;
const DESTINATION = 2;
const PROTOCOL = 4;
const SOURCE_PORT = 16;
const DESTINATION_PORT = 32;
const INNER = 0xfc0;

/** @throws UnknownSignal for a packet inside of another that is not looked into */
export function flowKey(
	flow: Flow,
	by: { readonly policy: number; readonly fields: number },
): string {
	switch (by.policy) {
		case 1:
			return ofFields(
				flow,
				SOURCE | DESTINATION | PROTOCOL | SOURCE_PORT | DESTINATION_PORT,
			);
		case 2:
			return innerAddresses(flow);
		case 3: {
			const { packet } = flow;
			if ((by.fields & INNER) !== 0 && packet !== null && isCarrier(packet))
				throw notLookedInto(packet);
			// The hash of what a packet carries comes in besides, be it of nothing.
			return `custom ${ofFields(flow, by.fields)}`;
		}
		default:
			return outerAddresses(flow);
	}
}

/** Both directions of a flow have one (`__flow_hash_consistentify`). */
function ofFields(flow: Flow, fields: number): string {
	const { source, destination, protocol, sourcePort, destinationPort } =
		flow.packet ?? flow;
	// Fragments are hashed without their ports.
	const isPart = (flow.packet?.fragment ?? null) !== null;
	const only = (field: number, value: number) =>
		(fields & field) === 0 ? 0 : value;
	const ports = [
		isPart ? 0 : only(SOURCE_PORT, sourcePort),
		isPart ? 0 : only(DESTINATION_PORT, destinationPort),
	];
	const addresses = [only(SOURCE, source), only(DESTINATION, destination)];
	return keyOf(addresses, ports, only(PROTOCOL, protocol));
}

/** `ip_multipath_l3_keys` */
function outerAddresses(flow: Flow): string {
	const { packet } = flow;
	const isError =
		packet?.protocol === ICMP && SHARED_ERRORS.has(packet.icmpType);
	const { source, destination } =
		(isError ? packet.about : null) ?? packet ?? flow;
	return keyOf([source, destination]);
}

/** Of what a tunnel carries; an error is not looked into. */
function innerAddresses({ packet, source, destination }: Flow): string {
	if (packet === null) return keyOf([source, destination]);
	if (!isCarrier(packet)) return keyOf([packet.source, packet.destination]);
	const inner = packet.protocol === IPIP ? headerIn(packet.payload) : null;
	if (inner === null) throw notLookedInto(packet);
	return keyOf([inner.source, inner.destination]);
}

const HEADER_OCTETS = 20;
const PROTOCOL_AT = 9;

/** Addresses of a whole IPv4 packet; `null` for one that carries another, or is a part of one. */
function headerIn(
	payload: string,
): { readonly source: Address; readonly destination: Address } | null {
	const octet = (at: number) => payload.charCodeAt(at);
	if (payload.length < HEADER_OCTETS || octet(0) >>> 4 !== 4) return null;
	if (CARRIERS.has(octet(PROTOCOL_AT))) return null;
	const address = (at: number) =>
		(octet(at) << 24) |
		(octet(at + 1) << 16) |
		(octet(at + 2) << 8) |
		octet(at + 3);
	return { source: address(12), destination: address(16) };
}

function isCarrier({ fragment, protocol }: Skb): boolean {
	return fragment === null && CARRIERS.has(protocol);
}

function notLookedInto({ protocol }: Skb): UnknownSignal {
	return new UnknownSignal(
		`a multipath route that goes by what a packet of protocol ${protocol} carries is not modelled`,
	);
}

function keyOf(
	addresses: readonly Address[],
	ports: readonly number[] = [0],
	protocol = 0,
): string {
	const [least, most] = addresses.toSorted((a, b) => (a >>> 0) - (b >>> 0));
	const both = `${formatAddress(least ?? 0)} ${formatAddress(most ?? 0)}`;
	return `${both} ${Math.min(...ports)} ${Math.max(...ports)} ${protocol}`;
}
