/** What became of each packet that an ask has brought in: for whoever looks on while a model is asked. */
import type { Answer, Ask } from "../contract/ask.ts";
import type { Emission, Fate } from "../contract/gateway.ts";
import type { Packet } from "../packet/packet.ts";
import type { ModelGateway } from "./model-gateway.ts";

export interface Passed {
	readonly interface: string;
	readonly packet: Packet;
	/** Its place in a race, as `TraceEvent` has it. */
	readonly racer: number;
	/** `null` when the model does not know. */
	readonly fate: Fate | null;
	/** What came out because of it. */
	readonly emissions: readonly Emission[];
}

/** @param gateway that has just answered the ask; empty for an ask that brings no packet */
export function passedBy(
	ask: Ask,
	answer: Answer,
	{ fate, raced }: Pick<ModelGateway, "fate" | "raced">,
): readonly Passed[] {
	const isKnown = answer.unknown === null;
	switch (ask.kind) {
		case "packet": {
			const { interface: name, packet } = ask;
			const { emissions } = answer;
			return [
				{
					interface: name,
					packet,
					racer: 0,
					fate: isKnown ? fate : null,
					emissions,
				},
			];
		}
		case "race":
			return ask.packets.map((one, racer) => {
				const its = isKnown ? raced[racer] : undefined;
				const { fate: of = null, emissions = [] } = its ?? {};
				return { ...one, racer, fate: of, emissions };
			});
		default:
			return [];
	}
}
