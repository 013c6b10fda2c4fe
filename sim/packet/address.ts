/**
 * IPv4 addresses: the dotted form and back, masks and prefix lengths. An address is a signed 32-bit
 * integer, as everywhere in `sim`.
 */
import type { Address } from "./packet.ts";

const DOT = 46;
const ZERO = 48;

/**
 * Reads the plain dotted form, four decimal numbers from 0 to 255: `192.168.0.1`.
 * @returns `null` for anything else, abbreviations such as `10.1` among it
 */
export function parseAddress(text: string): Address | null {
	const { length } = text;
	if (length < 7 || length > 15) return null;
	let address = 0;
	let octet = 0;
	let digits = 0;
	let dots = 0;
	for (let index = 0; index < length; index++) {
		const code = text.charCodeAt(index);
		if (code === DOT) {
			if (digits === 0 || ++dots > 3) return null;
			address = (address << 8) | octet;
			octet = 0;
			digits = 0;
			continue;
		}
		// A leading zero means octal to some readers and decimal to others: it is not plain.
		if (code < ZERO || code > ZERO + 9 || (digits > 0 && octet === 0))
			return null;
		octet = octet * 10 + code - ZERO;
		if (++digits > 3 || octet > 255) return null;
	}
	return dots === 3 && digits > 0 ? (address << 8) | octet : null;
}

/** The dotted form: `formatAddress(-1062731775)` is `192.168.0.1`. */
export function formatAddress(address: Address): string {
	return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The mask of a prefix length from 0 to 32: `prefixMask(24)` is 255.255.255.0. */
export function prefixMask(length: number): Address {
	return length === 0 ? 0 : -1 << (32 - length);
}

/** An address with its prefix length, as interfaces have it. */
export interface Prefixed {
	readonly address: Address;
	/** As it was written: its range is for the reader to check. */
	readonly length: number;
	readonly mask: Address;
}

/** `10.0.0.1/8`; without a length it is one of 32. @returns `null` where the address is none */
export function parsePrefixed(text: string): Prefixed | null {
	const [dotted = "", digits = "32"] = text.split("/");
	const address = parseAddress(dotted);
	if (address === null) return null;
	const length = Number(digits);
	return { address, length, mask: prefixMask(length) };
}

/** Is the address on the network of the other? */
export function isInNetwork(
	address: Address,
	network: Pick<Prefixed, "address" | "mask">,
): boolean {
	return ((address ^ network.address) & network.mask) === 0;
}

/** The prefix length of a mask, or `null` when its ones are not all in front (255.0.255.0). */
export function prefixLength(mask: Address): number | null {
	const length = Math.clz32(~mask);
	return prefixMask(length) === mask ? length : null;
}

/** A network as iptables-save prints it: `10.0.0.0/8`, and with a mask where no length says it. */
export function formatNetwork(address: Address, mask: Address): string {
	return `${formatAddress(address)}/${prefixLength(mask) ?? formatAddress(mask)}`;
}

/**
 * Frames are not modelled, but the sender of a packet is known: every host around a
 * gateway has the MAC address 02:aa: and then its IPv4 address. A lab gives its hosts the same ones.
 */
export const HOST_MAC_PREFIX = [0x02, 0xaa] as const;

/** `02:aa:0a:00:00:0a` for 10.0.0.10. */
export function hostMac(address: Address): string {
	const octets = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
	return [...HOST_MAC_PREFIX, ...octets]
		.map((octet) => octet.toString(16).padStart(2, "0"))
		.join(":");
}
