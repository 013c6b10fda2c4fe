import { defineTarget } from "../extension/extension.ts";
import type { RejectAnswer } from "../extension/host.ts";
import { TCP } from "../packet/packet.ts";
import { NF_DROP } from "../packet/skb/skb.ts";

interface Options {
	readonly answer: RejectAnswer;
}

/** `enum ipt_reject_with` (include/uapi/linux/netfilter_ipv4/ipt_REJECT.h, 6.1) and iptables' aliases. */
const ANSWERS: readonly (readonly [answer: RejectAnswer, alias: string])[] = [
	["icmp-net-unreachable", "net-unreach"],
	["icmp-host-unreachable", "host-unreach"],
	["icmp-proto-unreachable", "proto-unreach"],
	["icmp-port-unreachable", "port-unreach"],
	["icmp-net-prohibited", "net-prohib"],
	["icmp-host-prohibited", "host-prohib"],
	["tcp-reset", "tcp-rst"],
	["icmp-admin-prohibited", "admin-prohib"],
];

/** Drops the packet and tells its sender (iptables 1.8.9 libipt_REJECT.c, kernel 6.1 ipt_REJECT.c). */
export const reject = defineTarget<Options>({
	name: "REJECT",
	ends: "drops",
	answersItself: true,
	library: { prefix: "ipt" },
	tables: ["filter"],
	hooks: ["INPUT", "FORWARD", "OUTPUT"],
	options: [{ name: "reject-with", type: "string" }],
	build(given) {
		const text = given.get("reject-with", "string")?.text;
		if (text === undefined) return { answer: "icmp-port-unreachable" };
		// Any beginning of a name will do, and the first that fits is taken.
		const lower = text.toLowerCase();
		const found = ANSWERS.find((names) =>
			names.some((name) => name.startsWith(lower)),
		);
		if (found) return { answer: found[0] };
		return given.refuse(
			`unknown reject type "${text}"`,
			`Take one of ${ANSWERS.map(([name]) => name).join(", ")}.`,
			"reject-with",
		);
	},
	print: ({ answer }) => ` --reject-with ${answer}`,
	check({ answer }, { header }) {
		const isTcp = header.protocol === TCP && !header.protocolInverted;
		return answer === "tcp-reset" && !isTcp
			? "ipt_REJECT: TCP_RESET invalid for non-tcp"
			: null;
	},
	compile({ answer }, ports) {
		return (skb) => {
			ports.reject(skb, answer);
			return NF_DROP;
		};
	},
});
