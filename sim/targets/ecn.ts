import { defineTarget } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { latin1, octetsOf, viewOf } from "../packet/bytes/bytes-read.ts";
import { replaced } from "../packet/bytes/checksum.ts";
import { CWR, ECE, TCP } from "../packet/packet.ts";
import { TCP_HEADER_LENGTH } from "../packet/packet-length.ts";
import { NF_DROP, type Skb, XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** What the bit becomes; `null`: stays. */
	readonly ece: number | null;
	readonly cwr: number | null;
	readonly codePoint: number | null;
}

/** IPT_ECN_IP_MASK */
const CODE_POINT = 3;
/** Where the flags, with the length of the header, and the checksum stand in it. */
const FLAGS_WORD = 12;
const CHECKSUM_WORD = 16;
const NAMES = ["ecn-tcp-remove", "ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"];

/**
 * Writes the bits of explicit congestion notification (iptables 1.8.9 libipt_ECN.c, kernel 6.1
 * ipt_ECN.c).
 */
export const ecn = defineTarget<Options>({
	name: "ECN",
	actsUnseen: true,
	flagCodes: { "ecn-tcp-remove": 0 },
	library: { prefix: "ipt" },
	tables: ["mangle"],
	options: [
		{
			name: "ecn-tcp-remove",
			type: "none",
			excludes: ["ecn-tcp-cwr", "ecn-tcp-ece"],
		},
		{
			name: "ecn-tcp-cwr",
			type: "uint8",
			max: 1,
			excludes: ["ecn-tcp-remove"],
		},
		{
			name: "ecn-tcp-ece",
			type: "uint8",
			max: 1,
			excludes: ["ecn-tcp-remove"],
		},
		{ name: "ecn-ip-ect", type: "uint8", max: 3 },
	],
	checkFirst(given) {
		if (!NAMES.some((name) => given.has(name)))
			given.refuse(
				"ECN target: An operation is required",
				"Say what to write: `--ecn-tcp-remove`.",
			);
	},
	build(given) {
		const codePoint = given.get("ecn-ip-ect", "uint8");
		const remove = given.get("ecn-tcp-remove", "none");
		return {
			ece: remove ? 0 : (given.get("ecn-tcp-ece", "uint8")?.value ?? null),
			cwr: remove ? 0 : (given.get("ecn-tcp-cwr", "uint8")?.value ?? null),
			// `--ecn-tcp-remove` forgets what was asked for before it.
			codePoint:
				codePoint && !(remove && remove.word > codePoint.word)
					? codePoint.value
					: null,
		};
	},
	print({ ece, cwr, codePoint }) {
		const bit = (name: string, value: number | null) =>
			value === null ? "" : ` --${name} ${value}`;
		return ece === 0 && cwr === 0 && codePoint === null
			? " --ecn-tcp-remove"
			: bit("ecn-tcp-ece", ece) +
					bit("ecn-tcp-cwr", cwr) +
					bit("ecn-ip-ect", codePoint);
	},
	check({ ece, cwr }, { header }) {
		const isTcp = header.protocol === TCP && !header.protocolInverted;
		return (ece !== null || cwr !== null) && !isTcp
			? "ipt_ECN: cannot use operation on non-tcp rule"
			: null;
	},
	compile({ ece, cwr, codePoint }, ports) {
		const mask = (ece === null ? 0 : ECE) | (cwr === null ? 0 : CWR);
		const bits = (ece === 1 ? ECE : 0) | (cwr === 1 ? CWR : 0);
		return (skb) => {
			const tos =
				codePoint === null ? skb.tos : (skb.tos & ~CODE_POINT) | codePoint;
			if (tos !== skb.tos) {
				skb.tos = tos;
				ports.written(skb);
			}
			if (mask === 0) return XT_CONTINUE;
			if (skb.fragment !== null)
				return writeInFragment(skb, { mask, bits }, ports);
			const flags = (skb.tcpFlags & ~mask) | bits;
			if (flags !== skb.tcpFlags) {
				skb.tcpFlags = flags;
				ports.written(skb);
			}
			return XT_CONTINUE;
		};
	},
});

/** What stands where a header would be is written to, and what would be its checksum is adjusted. */
function writeInFragment(
	skb: Skb,
	{ mask, bits }: { readonly mask: number; readonly bits: number },
	{ written }: ExtensionHost,
): number {
	if (skb.payload.length < TCP_HEADER_LENGTH) return NF_DROP;
	const octets = octetsOf(skb.payload);
	const view = viewOf(octets);
	const before = view.getUint16(FLAGS_WORD);
	const after = (before & ~mask) | bits;
	if (after === before) return XT_CONTINUE;
	view.setUint16(FLAGS_WORD, after);
	const sum = view.getUint16(CHECKSUM_WORD);
	view.setUint16(CHECKSUM_WORD, replaced(sum, before, after));
	skb.payload = latin1(octets);
	skb.tcpFlags = (skb.tcpFlags & ~mask) | bits;
	written(skb);
	return XT_CONTINUE;
}
