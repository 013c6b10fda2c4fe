/** A box that can be the router of a lab, whatever its kernel is: told and asked as any Linux is. */
import type { OperationOutcome } from "../../../sim/contract/gateway.ts";
import type { Guest } from "../../vm/machine/guest.ts";

export interface RouterBox {
	/** `linux 6.1.192-2 under tcg`. */
	readonly version: string;
	/** Its network cards before they get the names of the router's interfaces, in their order. */
	readonly cards: readonly string[];
	/** Its programs and its files. */
	readonly guest: Pick<Guest, "run" | "must" | "read" | "write">;
	/** `sysctl -w net.NAME=VALUE`; what is refused is the outcome, not an exception. */
	setSysctl(name: string, value: number): Promise<OperationOutcome>;
	/** Most interfaces have never heard of it. */
	forgetNeighbour(interfaceName: string, address: string): Promise<void>;
	/** Lets go of it; it stays. */
	disconnect(): void;
}
