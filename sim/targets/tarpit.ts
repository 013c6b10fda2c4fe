import { defineTarget } from "../extension/extension.ts";
import type { TcpAnswer } from "../extension/host.ts";
import { olderFlag } from "../extension/options/older-options.ts";
import { ACK, FIN, RST, SYN, TCP } from "../packet/packet.ts";
import { NF_DROP, type Skb } from "../packet/skb/skb.ts";

const VARIANTS = ["tarpit", "honeypot", "reset"] as const;

interface Options {
	readonly variant: (typeof VARIANTS)[number];
}

/** `xttarpit_tarpit`: of what answers with data, five octets. */
const FIRST_WINDOW = 5;

/**
 * Holds connections that it never takes (xtables-addons 3.23: libxt_TARPIT.c, xt_TARPIT.c): SYNs are
 * answered, and their senders may not send anything. `--honeypot` draws its sequence numbers and windows.
 */
export const tarpit = defineTarget<Options>({
	name: "TARPIT",
	answersSyn: true,
	flagCodes: { tarpit: "t", honeypot: "h", reset: "r" },
	ends: "drops",
	answersItself: true,
	library: { package: "xtables-addons" },
	protocols: [TCP],
	hooks: ["INPUT", "FORWARD"],
	options: VARIANTS.map((name) => olderFlag(name)),
	build(given) {
		const uses = VARIANTS.flatMap((variant) =>
			given.all(variant, "none").map(({ word }) => ({ variant, word })),
		).sort((a, b) => a.word - b.word);
		if (VARIANTS.every((variant) => given.has(variant)))
			return given.refuse(
				"TARPIT: only one action can be used at a time",
				"Take all but one of the options away.",
			);
		return { variant: uses.at(-1)?.variant ?? "tarpit" };
	},
	// The blank at the end is the library's own.
	print: ({ variant }) => ` --${variant} `,
	notModelled: ({ variant }) => (variant === "honeypot" ? "--honeypot" : null),
	compile({ variant }, ports) {
		if (variant === "honeypot")
			return () => ports.unknown("TARPIT --honeypot is not modelled");
		const answerTo = variant === "reset" ? resetOf : heldBy;
		return (skb) => {
			const answer = answerTo(skb);
			if (answer !== null) ports.answer(skb, answer);
			return NF_DROP;
		};
	},
});

/** What all of its answers are: the segment turned round, with the gateway's own time to live. */
const COPY = { ttl: null, isCopy: true } as const;

/** `xttarpit_tarpit` */
function heldBy(skb: Skb): TcpAnswer | null {
	const { tcpFlags, tos } = skb;
	if (tcpFlags & (RST | FIN) || !(tcpFlags & (SYN | ACK))) return null;
	const hasAck = (tcpFlags & ACK) !== 0;
	const hasSyn = (tcpFlags & SYN) !== 0;
	const seq = hasAck ? skb.ack : 0;
	if (hasAck && hasSyn)
		return { flags: RST, seq, ack: 0, window: 0, tos, ...COPY };
	return {
		flags: hasSyn ? SYN | ACK : ACK,
		seq,
		ack: (skb.seq + (hasSyn ? 1 : 0)) | 0,
		window: hasSyn ? FIRST_WINDOW : 0,
		tos,
		...COPY,
	};
}

/** `xttarpit_reset`: of resets as well. */
function resetOf({ seq, ack, tos }: Skb): TcpAnswer {
	return { flags: RST, seq: ack, ack: seq, window: 0, tos, ...COPY };
}
