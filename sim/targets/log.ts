import { defineTarget } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly prefix: string;
	readonly level: number;
	/** Names of the flags that were given, in the order in which they print. */
	readonly flags: readonly string[];
}

const FLAGS = [
	"log-tcp-sequence",
	"log-tcp-options",
	"log-ip-options",
	"log-uid",
	"log-macdecode",
];
const WARNING = 4;
/** Room in struct xt_log_info, less the closing NUL. What is longer is cut, without a word. */
const PREFIX_LENGTH = 29;

/** Writes a line to the kernel's log (iptables 1.8.9 libxt_LOG.c, kernel 6.1 xt_LOG.c). */
export const log = defineTarget<Options>({
	name: "LOG",
	flagCodes: {
		"log-tcp-sequence": 0,
		"log-tcp-options": 1,
		"log-ip-options": 2,
		"log-uid": 3,
		"log-macdecode": 5,
	},
	onlyReports: true,
	options: [
		{ name: "log-level", type: "syslogLevel" },
		{ name: "log-prefix", type: "string", minLength: 1 },
		...FLAGS.map((name) => ({ name, type: "none" as const })),
	],
	build(given) {
		const prefix = given.get("log-prefix", "string")?.text ?? "";
		if (prefix.includes("\n"))
			return given.refuse(
				"Newlines not allowed in --log-prefix",
				"Write the prefix on one line.",
				"log-prefix",
			);
		return {
			prefix: cutOctets(prefix, PREFIX_LENGTH),
			level: given.get("log-level", "syslogLevel")?.value ?? WARNING,
			flags: FLAGS.filter((name) => given.has(name)),
		};
	},
	print({ prefix, level, flags }) {
		const text = prefix === "" ? "" : ` --log-prefix${saveString(prefix)}`;
		const severity = level === WARNING ? "" : ` --log-level ${level}`;
		return text + severity + flags.map((flag) => ` --${flag}`).join("");
	},
	compile({ prefix }, ports) {
		const event = { kind: "LOG", prefix } as const;
		return (skb) => {
			ports.log(skb, event);
			return XT_CONTINUE;
		};
	},
});
