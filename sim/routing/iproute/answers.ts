/** How a command went, in the words of iproute2, and what the gateway has to do besides. */
import type { Address } from "../../packet/packet.ts";
import type { RoutingState } from "../fib/routing-state.ts";

export interface IpDone {
	readonly kind: "done";
	readonly state: RoutingState;
	/** Addresses that are gone, each with the index of its interface. */
	readonly gone: readonly {
		readonly interfaceIndex: number;
		readonly address: Address;
	}[];
	/** Interfaces that have lost their last address. */
	readonly disabled: readonly number[];
}

export type IpOutcome =
	| IpDone
	| { readonly kind: "refused"; readonly message: string };

/** The tables, addresses or rules are others now. */
export function done(state: RoutingState): IpDone {
	return { kind: "done", state, gone: [], disabled: [] };
}

/** The kernel refuses it with an error number alone. */
export function answers(error: string): IpOutcome {
	return { kind: "refused", message: `RTNETLINK answers: ${error}` };
}

/** The kernel says why. */
export function refused(why: string): IpOutcome {
	return { kind: "refused", message: `Error: ${why}.` };
}

export function noDevice(name: string): IpOutcome {
	return { kind: "refused", message: `Cannot find device "${name}"` };
}
