import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";

interface Options {
	/** Empty: any helper. */
	readonly name: string;
	readonly inverted: boolean;
}

/** The name's field, less the closing NUL (include/uapi/linux/netfilter/xt_helper.h, 6.1). */
const GREATEST_NAME = 29;

/** Which helper expected this connection? (iptables 1.8.9 libxt_helper.c, kernel 6.1 xt_helper.c) */
export const helper = defineMatch<Options>({
	name: "helper",
	needsConntrack: true,
	options: [
		{ name: "helper", type: "string", mandatory: true, invertible: true },
	],
	build(given) {
		const helper = given.get("helper", "string");
		return {
			name: cutOctets(helper?.text ?? "", GREATEST_NAME),
			inverted: helper?.inverted ?? false,
		};
	},
	print: ({ name, inverted }) =>
		`${inverted ? " !" : ""} --helper${saveString(name)}`,
	question: () => ({
		kind: "open",
		on: "the helper that expects the connection",
		isUnknown: true,
	}),
	/** No helper is modelled, so none expects a connection (`helper_mt`, 6.1). */
	compile:
		({ inverted }) =>
		() =>
			inverted,
});
