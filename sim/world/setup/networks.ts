/** Networks on the gateway's links, as its addresses have them. */
import { parseAddress, prefixMask } from "../../packet/address.ts";
import type { WorldSetup } from "./setup.ts";

export interface LinkNetwork {
	readonly interface: string;
	/** The gateway's own on it. */
	readonly address: number;
	readonly mask: number;
}

/** All of them, in the order of the interfaces. */
export function networksOf({
	gateway,
}: Pick<WorldSetup, "gateway">): readonly LinkNetwork[] {
	const interfaces = gateway?.interfaces ?? [];
	return interfaces.flatMap(({ name, addresses }) =>
		addresses.map((text) => {
			const [address = "", length = "32"] = text.split("/");
			return {
				interface: name,
				address: parseAddress(address) ?? 0,
				mask: prefixMask(Number(length)),
			};
		}),
	);
}

/** Is the address one of the network's? */
export function isOn(network: LinkNetwork, address: number): boolean {
	return ((network.address ^ address) & network.mask) === 0;
}
