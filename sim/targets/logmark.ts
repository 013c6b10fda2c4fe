import { defineTarget } from "../extension/extension.ts";
import {
	notInverted,
	olderOption,
	onlyOnce,
} from "../extension/options/older-options.ts";
import { octets } from "../extension/values/octets.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly level: number;
	readonly prefix: string;
}

const LEVEL = olderOption("log-level");
const PREFIX = olderOption("log-prefix");
const WARNING = 4;
const MOST_LEVEL = 8;
/** Octets (`xt_logmark_tginfo`). */
const PREFIX_LENGTH = 14;

/** Writes marks to the kernel's log (xtables-addons 3.23: libxt_LOGMARK.c, xt_LOGMARK.c). Packets go on. */
export const logmark = defineTarget<Options>({
	name: "LOGMARK",
	library: { package: "xtables-addons" },
	onlyReports: true,
	options: [LEVEL, PREFIX],
	build(given) {
		for (const option of [LEVEL, PREFIX]) {
			onlyOnce(given, "LOGMARK", option);
			notInverted(given, "LOGMARK", option);
		}
		const level = given.get("log-level", "string")?.text ?? `${WARNING}`;
		const value = readUnsigned(level, 0, MOST_LEVEL);
		if (value < 0)
			return given.refuse(
				`LOGMARK: Bad value for "--log-level" option: "${level}"`,
				"Write a number from 0 to 7.",
				"log-level",
			);
		const prefix = given.get("log-prefix", "string")?.text ?? "";
		if (octets(prefix) > PREFIX_LENGTH)
			return given.refuse(
				`LOGMARK: Maximum prefix length is ${PREFIX_LENGTH}`,
				"Shorten the prefix.",
				"log-prefix",
			);
		if (prefix.includes("\n"))
			return given.refuse(
				"LOGMARK: Newlines not allowed in log prefix",
				"Write the prefix on one line.",
				"log-prefix",
			);
		return { level: value, prefix };
	},
	// Blanks and quotes as the library has them. Nothing ends a prefix of full length but a level of 0, which is behind it.
	print: ({ level, prefix }) => {
		const isEnded = octets(prefix) < PREFIX_LENGTH || level === 0;
		const printed = isEnded ? prefix : prefix + String.fromCharCode(level);
		return [
			level === WARNING ? "" : ` --log-level ${level} `,
			prefix === "" ? "" : ` --log-prefix "${printed}" `,
		].join("");
	},
	/** `logmark_tg_check` */
	check: ({ level }) =>
		level >= MOST_LEVEL ? `LOGMARK: level ${level} >= ${MOST_LEVEL}` : null,
	compile({ prefix }, ports) {
		const event = { kind: "LOG", prefix } as const;
		return (skb) => {
			ports.log(skb, event);
			return XT_CONTINUE;
		};
	},
});
