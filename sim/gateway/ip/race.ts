/**
 * Packets that are in the gateway at once, as they are on several processors, or in an NFQUEUE: each has
 * walked through the rules before the first of them is confirmed.
 */
import { dropped, type Emission, type Fate } from "../../contract/gateway.ts";
import { unreachable } from "../../invariant.ts";
import { holdFirstPackets, nfConfirm } from "../../netfilter/hook-path.ts";
import type { Packet } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import type {
	GatewayState,
	HeldPacket,
	WayLeft,
} from "../state/gateway-state.ts";
import { ipLocalDeliverFinish } from "./deliver.ts";
import { receive } from "./events.ts";
import { comeIn, sendMade } from "./local-output.ts";
import { ipFinishOutput } from "./output.ts";

/** What became of one packet of a race, and what came out because of it. @public */
export interface Raced {
	readonly fate: Fate;
	readonly emissions: readonly Emission[];
}

interface Racer {
	/** Its index. */
	readonly interface: number;
	readonly packet: Packet;
}

/**
 * The packets come in one after another, and each that begins a connection waits where it would be
 * confirmed. Then those go on in their order, each to its end.
 * @param begins is called before the packet with this place in the list comes in, or goes on
 * @throws UnknownSignal when the model does not know
 */
export function race(
	gateway: GatewayState,
	racers: readonly Racer[],
	begins: (place: number) => void,
): readonly Raced[] {
	const { held } = gateway;
	const whose: number[] = [];
	try {
		holdFirstPackets(gateway);
		const raced = racers.map(({ interface: index, packet }, place) => {
			begins(place);
			const one = noted(gateway, () => receive(gateway, index, packet));
			while (whose.length < held.length) whose.push(place);
			return one;
		});
		gateway.hooks = null;
		for (const [index, one] of held.entries()) {
			const place = whose[index] as number;
			begins(place);
			const before = raced[place] as Raced;
			const after = noted(gateway, () => goOn(gateway, one));
			raced[place] = {
				fate: after.fate,
				emissions: [...before.emissions, ...after.emissions],
			};
		}
		return raced;
	} finally {
		gateway.hooks = null;
		held.length = 0;
	}
}

function noted(gateway: GatewayState, act: () => Fate): Raced {
	const before = gateway.emissions.length;
	const fate = act();
	return { fate, emissions: gateway.emissions.slice(before) };
}

function goOn(gateway: GatewayState, { skb, way, hasClash }: HeldPacket): Fate {
	const by = nfConfirm(gateway, skb);
	const isLost =
		(by === "port taken" || by === "unconfirmed clash") && !hasClash;
	const fate =
		by === null
			? finish(gateway, skb, way)
			: dropped(isLost ? "lost race" : by);
	gateway.conntrack.release(skb);
	sendMade(gateway);
	return fate;
}

function finish(gateway: GatewayState, skb: Skb, way: WayLeft): Fate {
	switch (way.to) {
		case "link":
			return ipFinishOutput(gateway, skb, way.route);
		case "socket":
			return ipLocalDeliverFinish(gateway, skb);
		case "loopback":
			return comeIn(gateway, skb);
		default:
			return unreachable(way);
	}
}
