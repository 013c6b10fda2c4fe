/** What is wrong with what the world asks for, and what the model does not know of it. */
import type { Unknown } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { parseAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

/** @throws GatewayError when it is none */
export function addressOf(text: string): Address {
	const address = parseAddress(text);
	if (address !== null) return address;
	throw new GatewayError(
		`address "${text}": not an IPv4 address; write it dotted: 127.0.0.1`,
	);
}

/** Everything but the model's own ignorance is a bug, and stays one. */
export function unknownOf(error: unknown): Unknown {
	if (!(error instanceof UnknownSignal)) throw error;
	return {
		...(error.place ?? { rule: "", text: "", line: 0 }),
		reason: error.reason,
	};
}
