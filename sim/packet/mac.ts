import type { Address } from "./packet.ts";

/**
 * Frames are not modelled, but who sent one is known all the same: by agreement, every host around a
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
