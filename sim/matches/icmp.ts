import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { scanUnsigned } from "../extension/values/read-number.ts";
import { ICMP } from "../packet/packet.ts";

interface Options {
	/** 255 is any. */
	readonly type: number;
	readonly minCode: number;
	readonly maxCode: number;
	readonly inverted: boolean;
}

type IcmpType = Omit<Options, "inverted">;

const ANY_TYPE = 255;

/** `name type`, or `name type/code`, in iptables' order (1.8.9, libxt_icmp.h): ambiguity is reported by it. */
const NAMES = `any 255,echo-reply 0,pong 0,destination-unreachable 3,network-unreachable 3/0,
host-unreachable 3/1,protocol-unreachable 3/2,port-unreachable 3/3,fragmentation-needed 3/4,
source-route-failed 3/5,network-unknown 3/6,host-unknown 3/7,network-prohibited 3/9,
host-prohibited 3/10,TOS-network-unreachable 3/11,TOS-host-unreachable 3/12,
communication-prohibited 3/13,host-precedence-violation 3/14,precedence-cutoff 3/15,
source-quench 4,redirect 5,network-redirect 5/0,host-redirect 5/1,TOS-network-redirect 5/2,
TOS-host-redirect 5/3,echo-request 8,ping 8,router-advertisement 9,router-solicitation 10,
time-exceeded 11,ttl-exceeded 11,ttl-zero-during-transit 11/0,ttl-zero-during-reassembly 11/1,
parameter-problem 12,ip-header-bad 12/0,required-option-missing 12/1,timestamp-request 13,
timestamp-reply 14,address-mask-request 17,address-mask-reply 18`;

const TYPES = NAMES.split(/,\s*/).map((entry) => {
	const [name = "", place = ""] = entry.split(" ");
	const [type, code] = place.split("/").map(Number);
	return {
		name,
		type: { type: type ?? 0, minCode: code ?? 0, maxCode: code ?? 255 },
	};
});

/** ICMP's type and code (iptables 1.8.9 libipt_icmp.c, kernel 6.1 `icmp_match` in ip_tables.c). */
export const icmp = defineMatch<Options>({
	name: "icmp",
	library: { prefix: "ipt" },
	onFragments: "needs-header",
	protocols: [ICMP],
	options: [
		{ name: "icmp-type", type: "string", mandatory: true, invertible: true },
	],
	build(given) {
		const option = given.get("icmp-type", "string");
		const text = option?.text ?? "any";
		return {
			...(typeByName(given, text) ?? typeByNumber(given, text)),
			inverted: option?.inverted ?? false,
		};
	},
	print({ type, minCode, maxCode, inverted }, _header, { savedText }) {
		const code = minCode !== 0 || maxCode !== 255 ? `/${minCode}` : "";
		const isAny = savedText === "loses some" || code === "";
		const name = type === ANY_TYPE && isAny ? "any" : `${type}${code}`;
		return `${inverted ? " !" : ""} --icmp-type ${name}`;
	},
	comparesAll: ({ type, inverted }) => type === ANY_TYPE && !inverted,
	compile({ type, minCode, maxCode, inverted }) {
		if (type === ANY_TYPE) return () => !inverted;
		return (skb) =>
			(skb.icmpType === type &&
				skb.icmpCode >= minCode &&
				skb.icmpCode <= maxCode) !== inverted;
	},
});

/** The beginning of a name is enough, in either case, if no other name begins so. */
function typeByName(given: GivenOptions, text: string): IcmpType | null {
	const lower = text.toLowerCase();
	const [found, other] = TYPES.filter(({ name }) =>
		name.toLowerCase().startsWith(lower),
	);
	if (found && other)
		return given.refuse(
			`Ambiguous ICMP type \`${text}': \`${found.name}' or \`${other.name}'?`,
			"Write more of the name, or the number of the type.",
			"icmp-type",
		);
	return found?.type ?? null;
}

/** `TYPE` or `TYPE/CODE`. A range of codes is read as well, though only its first one is printed. */
function typeByNumber(given: GivenOptions, text: string): IcmpType {
	const refuse = (message: string) =>
		given.refuse(
			message,
			"Write a name such as `echo-request`, or `TYPE/CODE`, 0 to 255 each.",
			"icmp-type",
		);
	const types = readRange(text, 0) ?? refuse(`Unknown ICMP type \`${text}'`);
	const stop = text.charAt(types.end);
	if (stop !== "" && stop !== "/") return refuse(`unknown character ${stop}`);
	const codes =
		stop === ""
			? { min: 0, max: 255, end: text.length }
			: (readRange(text, types.end + 1) ??
				refuse(`Unknown ICMP code \`${text}'`));
	if (codes.end < text.length)
		return refuse(`unknown character ${text.charAt(codes.end)}`);
	if (types.min !== types.max) return refuse("ICMP type range not supported");
	return { type: types.min, minCode: codes.min, maxCode: codes.max };
}

function readRange(text: string, from: number) {
	const least = scanUnsigned(text, from);
	if (least.end < 0 || least.value > 255) return null;
	const min = least.value;
	if (text.charAt(least.end) !== ":") return { min, max: min, end: least.end };
	const most = scanUnsigned(text, least.end + 1);
	if (most.end < 0 || most.value > 255) return null;
	return { min, max: most.value, end: most.end };
}
