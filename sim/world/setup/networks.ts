/** Networks on the gateway's links, as its addresses have them. */
import { type Prefixed, parsePrefixed } from "../../packet/address.ts";
import type { WorldSetup } from "./setup.ts";

/** `address`: the gateway's own on it. */
export interface LinkNetwork extends Prefixed {
	readonly interface: string;
}

/** All of them, in the order of the interfaces. */
export function networksOf({
	gateway,
}: Pick<WorldSetup, "gateway">): readonly LinkNetwork[] {
	const interfaces = gateway?.interfaces ?? [];
	return interfaces.flatMap(({ name, addresses }) =>
		addresses.flatMap((text): readonly LinkNetwork[] => {
			const network = parsePrefixed(text);
			return network === null ? [] : [{ ...network, interface: name }];
		}),
	);
}
