/** Where packets leave the gateway. */
import type { Emission } from "../../contract/gateway.ts";
import type { Packet } from "../../packet/packet.ts";
import type { GatewayState } from "../state/gateway-state.ts";

/** Shared by all that have nothing; never written to. */
const NOTHING: Emission[] = [];

/** Puts a packet on the link of an interface; on `lo`, a process of the gateway finds it. */
export function transmit(
	gateway: GatewayState,
	interfaceIndex: number,
	packet: Packet,
): void {
	const emission = {
		atMs: gateway.timers.nowMs,
		interface: gateway.routes.interfaces[interfaceIndex] as string,
		packet,
	};
	// Nearly always one packet comes out: a list of one takes less room than one that grew.
	if (gateway.emissions.length === 0) gateway.emissions = [emission];
	else gateway.emissions.push(emission);
}

/** What came out since this was last called. */
export function takeEmissions(gateway: GatewayState): readonly Emission[] {
	const { emissions } = gateway;
	gateway.emissions = NOTHING;
	return emissions;
}
