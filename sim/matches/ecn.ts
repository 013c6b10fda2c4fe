import { allOf } from "../extension/all-of.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import { askedOfTos, NO, YES, yesOrNo } from "../extension/made-up.ts";
import { madeUpTest } from "../extension/made-up-test.ts";
import type { GivenOptions } from "../extension/options.ts";
import { CWR, ECE, RST, TCP } from "../packet/packet.ts";
import { TCP_HEADER_LENGTH } from "../packet/packet-length.ts";
import type { Skb } from "../packet/skb/skb.ts";

interface Options {
	/** Inverted or not; `null` where it is not asked for. */
	readonly ece: boolean | null;
	readonly cwr: boolean | null;
	readonly codePoint: {
		readonly value: number;
		readonly inverted: boolean;
	} | null;
}

/** XT_ECN_IP_MASK */
const CODE_POINT = 3;
const FLAGS_OCTET = 13;

/**
 * Explicit congestion notification in the headers of TCP and IPv4 (iptables 1.8.9 libxt_ecn.c, kernel
 * 6.1 xt_ecn.c).
 */
export const ecn = defineMatch<Options>({
	name: "ecn",
	flagCodes: { "ecn-tcp-cwr": 0, "ecn-tcp-ece": 1 },
	options: [
		{ name: "ecn-tcp-cwr", type: "none", invertible: true },
		{ name: "ecn-tcp-ece", type: "none", invertible: true },
		{ name: "ecn-ip-ect", type: "uint8", max: 3, invertible: true },
	],
	checkFirst(given) {
		const names = ["ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"];
		if (!names.some((name) => given.has(name)))
			given.refuse(
				"ECN match: some option required",
				"Say what to look at: `--ecn-tcp-ece`, `--ecn-tcp-cwr` or `--ecn-ip-ect 1`.",
			);
	},
	build(given) {
		const codePoint = given.get("ecn-ip-ect", "uint8");
		return {
			ece: flag(given, "ecn-tcp-ece"),
			cwr: flag(given, "ecn-tcp-cwr"),
			codePoint: codePoint
				? { value: codePoint.value, inverted: codePoint.inverted }
				: null,
		};
	},
	print: ({ ece, cwr, codePoint }) =>
		printFlag("ecn-tcp-ece", ece) +
		printFlag("ecn-tcp-cwr", cwr) +
		(codePoint === null
			? ""
			: `${printFlag("ecn-ip-ect", codePoint.inverted)} ${codePoint.value}`),
	check({ ece, cwr }, { header }) {
		const isTcp = header.protocol === TCP && !header.protocolInverted;
		return (ece !== null || cwr !== null) && !isTcp
			? "xt_ecn: cannot match TCP bits for non-tcp packets"
			: null;
	},
	compile({ ece, cwr, codePoint }, ports, { name }) {
		const { behaviour } = ports;
		const tests: Test[] = [];
		if (codePoint !== null) {
			const { value, inverted } = codePoint;
			const fits = (tos: number) => ((tos & CODE_POINT) === value) !== inverted;
			const test: Test = ({ tos }) => fits(tos);
			tests.push(madeUpTest(test, ports, name, askedOfTos(fits)));
		}
		const flagTest = (bit: number, isClear: boolean): Test => {
			const test: Test = (skb) => ((flagsOf(skb) & bit) === 0) === isClear;
			const holds = isClear ? NO : YES;
			return madeUpTest(test, ports, name, ({ tcpFlags }) =>
				(tcpFlags & RST) === 0
					? { ...yesOrNo("the ECN flags of the segment", `ecn ${bit}`), holds }
					: null,
			);
		};
		if (ece !== null) tests.push(flagTest(ECE, ece));
		if (cwr !== null) tests.push(flagTest(CWR, cwr));
		const test = allOf(tests);
		if (ece === null && cwr === null) return test;
		const skipsFragments = behaviour.headersInFragments === "none";
		const hasHeader = ({ fragment, payload }: Skb): boolean =>
			fragment === null ||
			(payload.length >= TCP_HEADER_LENGTH &&
				!(skipsFragments && fragment.offset > 0));
		return (skb) => hasHeader(skb) && test(skb);
	},
});

/** Of a fragment, whatever stands where a header would is taken for one (`match_tcp`, up to 6.12). */
function flagsOf({ fragment, tcpFlags, payload }: Skb): number {
	return fragment === null ? tcpFlags : payload.charCodeAt(FLAGS_OCTET);
}

function flag(given: GivenOptions, name: string): boolean | null {
	return given.get(name, "none")?.inverted ?? null;
}

function printFlag(name: string, inverted: boolean | null): string {
	return inverted === null ? "" : `${inverted ? " !" : ""} --${name}`;
}
