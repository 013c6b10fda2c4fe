import { defineTarget } from "../extension/extension.ts";
import type { TcpAnswer } from "../extension/host.ts";
import { ACK, FIN, RST, SYN, TCP } from "../packet/packet.ts";
import { NF_DROP, type Skb } from "../packet/skb/skb.ts";

/**
 * Answers SYNs as a server does, and resets what follows (xtables-addons 3.23: libxt_DELUDE.c, xt_DELUDE.c).
 */
export const delude = defineTarget<object>({
	name: "DELUDE",
	answersSyn: true,
	library: { package: "xtables-addons" },
	ends: "drops",
	answersItself: true,
	tables: ["filter"],
	hooks: ["INPUT", "FORWARD"],
	protocols: [TCP],
	options: [],
	takesUnknown: true,
	build: () => ({}),
	print: () => "",
	compile: (_, ports) => (skb) => {
		const answer = answerTo(skb);
		if (answer !== null) ports.answer(skb, answer);
		return NF_DROP;
	},
});

/** `delude_send_reset`: its hop limit is that of the route (RTAX_HOPLIMIT), which is 0 where none was set. */
function answerTo(skb: Skb): TcpAnswer | null {
	const { tcpFlags } = skb;
	if (tcpFlags & RST) return null;
	const has = (flag: number) => ((tcpFlags & flag) !== 0 ? 1 : 0);
	const expected = (skb.seq + has(SYN) + has(FIN) + skb.payload.length) | 0;
	const common = { window: 0, tos: 0, ttl: 0, isCopy: false };
	if (has(SYN) && !has(ACK) && !has(FIN))
		return { flags: SYN | ACK, seq: 0, ack: expected, ...common };
	return has(ACK)
		? { flags: RST, seq: skb.ack, ack: 0, ...common }
		: { flags: RST | ACK, seq: 0, ack: expected, ...common };
}
