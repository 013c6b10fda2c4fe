import type { Address } from "../packet.ts";

/** Where a packet goes (`struct rtable`, `struct fib_result`). */
export interface Route {
	readonly type: "local" | "broadcast" | "unicast";
	/** Index of the interface it leaves by (local: that has the address). */
	readonly interface: number;
	/** The next hop, or `null` when the destination itself is on the link. */
	readonly via: Address | null;
	/** Source address of what the gateway itself sends this way. */
	readonly source: Address;
	/** Of the route; 0: the link's. */
	readonly mtu: number;
	/** The destination is on the link itself, or the gateway (`nhc_scope`). */
	readonly isNear: boolean;
	/** Interfaces of all its next hops (`fib_info_nh_uses_dev`). */
	readonly interfaces: readonly number[];
}
