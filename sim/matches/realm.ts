import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { scannedNumber, scanUnsigned } from "../extension/read-number.ts";
import { hex32 } from "../packet/numbers.ts";

interface Options {
	readonly realm: number;
	readonly mask: number;
	readonly inverted: boolean;
}

/** The one realm that has a name in Debian's /etc/iproute2/rt_realms. */
const COSMOS = "cosmos";
const GREATEST = 0xffffffff;

/** The realm of the packet's route (iptables 1.8.9 libipt_realm.c, kernel 6.1 xt_realm.c). */
export const realm = defineMatch<Options>({
	name: "realm",
	hooks: ["POSTROUTING", "FORWARD", "OUTPUT", "INPUT"],
	options: [
		{ name: "realm", type: "string", mandatory: true, invertible: true },
	],
	build(given) {
		const option = given.get("realm", "string");
		const text = option?.text ?? "";
		const inverted = option?.inverted ?? false;
		return text === COSMOS
			? { realm: 0, mask: -1, inverted }
			: { ...readRealm(given, text), inverted };
	},
	print({ realm, mask, inverted }) {
		const not = inverted ? " !" : "";
		if (mask !== -1) return `${not} --realm ${hex32(realm)}/${hex32(mask)}`;
		return `${not} --realm ${realm === 0 ? COSMOS : hex32(realm)}`;
	},
	compile: null,
});

/** `V` or `V/M` (`xtables_parse_val_mask`, iptables 1.8.9 libxtables/xtables.c). */
function readRealm(
	given: GivenOptions,
	text: string,
): Omit<Options, "inverted"> {
	const refuse = (message: string) =>
		given.refuse(message, "Write a number or `VALUE/MASK`.", "realm");
	const badNumber =
		'realm: bad integer value for option "--realm", or out of range.';
	let end = scanUnsigned(text, 0);
	const value = scannedNumber();
	const hasMask = end >= 0 && text.charAt(end) === "/";
	if (end < 0 || value > GREATEST || (end < text.length && !hasMask))
		return refuse(
			`realm: could not map name ${text} to an integer value for option "--realm".`,
		);
	if (!hasMask) return { realm: value | 0, mask: -1 };
	end = scanUnsigned(text, end + 1);
	const mask = scannedNumber();
	if (end < 0 || mask > GREATEST) return refuse(badNumber);
	if (end < text.length)
		return refuse('realm: trailing garbage after value for option "--realm".');
	return { realm: value | 0, mask: mask | 0 };
}
