import type { Choice } from "../../sim/chance/choice.ts";
import type { Emission } from "../../sim/gateway/gateway.ts";

/** A choice that follows what somebody else has drawn. */
export interface GuidedChoice extends Choice {
	/** What came out of the other gateway for the packet that is about to be asked about. */
	follow(emissions: readonly Emission[]): void;
}

const NAT_PORT = /^nat (source|destination) port from (\d+)$/;

/**
 * What a kernel draws at random is seen by what it sends, so the model, asked second, can be led to
 * draw the same. A draw that the kernel could not have made is not followed: then the two differ,
 * and the comparison says so.
 */
export function guidedChoice(own: Choice): GuidedChoice {
	let seen: readonly Emission[] = [];
	return {
		follow(emissions) {
			seen = emissions;
		},
		pick(count, label) {
			const drawn = own.pick(count, label);
			const [, side, first] = NAT_PORT.exec(label) ?? [];
			const packet = seen[0]?.packet;
			if (side === undefined || !packet || !("sourcePort" in packet))
				return drawn;
			const port =
				side === "source" ? packet.sourcePort : packet.destinationPort;
			const offset = port - Number(first);
			return offset >= 0 && offset < count ? offset : drawn;
		},
		happens: (numerator, denominator, label) =>
			own.happens(numerator, denominator, label),
	};
}
