/** A machine that can be the router of a lab, whatever its kernel is. */
import type { LinuxGateway } from "../../kernel/linux-gateway.ts";

export interface RouterBox
	extends Pick<LinuxGateway, "linux" | "setSysctl" | "forgetNeighbour"> {
	/** `linux 6.1.192-2 under tcg`. */
	readonly version: string;
	/** Its network cards before they get the names of the router's interfaces, in their order. */
	readonly cards: readonly string[];
	/** Ends the connection to it; it stays. */
	disconnect(): void;
}
