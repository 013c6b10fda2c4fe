import { defineTarget } from "../extension/extension.ts";
import { TCP } from "../packet/packet.ts";

interface Options {
	/** What the bit becomes; `null`: stays. */
	readonly ece: number | null;
	readonly cwr: number | null;
	readonly codePoint: number | null;
}

const NAMES = ["ecn-tcp-remove", "ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"];

/**
 * Writes the bits of explicit congestion notification (iptables 1.8.9 libipt_ECN.c, kernel 6.1
 * ipt_ECN.c). TCP's two bits are no part of the model's packets.
 */
export const ecn = defineTarget<Options>({
	name: "ECN",
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
	compile: null,
});
