import { defineTarget } from "../extension/extension.ts";
import { refusedName } from "../extension/kernel-refusal.ts";
import { isProcName } from "../extension/values/names.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** Seconds, signed. */
	readonly timeout: number;
	readonly label: string;
	readonly alarm: boolean;
}

/** MAX_IDLETIMER_LABEL_SIZE, less the closing NUL. What is longer is cut, without a word. */
const LABEL_LENGTH = 27;
/** Files that are there for every device (`idletimer_check_sysfs_name`; dmesg has no words for it). */
const TAKEN: ReadonlySet<string> = new Set(["power", "subsystem", "uevent"]);
/** The kernel counts in milliseconds, in an int. */
const GREATEST_TIMEOUT = Math.floor(0x7fffffff / 1000);

/**
 * Tells user space when no packet came by for a while; packets go on untouched (iptables 1.8.9
 * libxt_IDLETIMER.c, revision 1; kernel 6.1 xt_IDLETIMER.c, `idletimer_tg_target_v1`).
 */
export const idletimer = defineTarget<Options>({
	name: "IDLETIMER",
	flagCodes: { alarm: 2 },
	onlyReports: true,
	options: [
		{ name: "timeout", type: "uint32", mandatory: true },
		{ name: "label", type: "string", mandatory: true },
		{ name: "alarm", type: "none" },
	],
	build: (given) => ({
		timeout: (given.get("timeout", "uint32")?.value ?? 0) | 0,
		label: cutOctets(given.get("label", "string")?.text ?? "", LABEL_LENGTH),
		alarm: given.has("alarm"),
	}),
	print: ({ timeout, label, alarm }) =>
		` --timeout ${timeout >>> 0} --label ${label}${alarm ? " --alarm" : ""}`,
	check({ timeout, label }) {
		if (timeout === 0) return "xt_IDLETIMER: timeout value is zero";
		if (timeout >>> 0 >= GREATEST_TIMEOUT)
			return "xt_IDLETIMER: timeout value is too big";
		if (label === "")
			return refusedName("xt_IDLETIMER: label is empty or not nul-terminated");
		if (!isProcName(label))
			return refusedName(
				`xt_IDLETIMER: no file in /sys may be named "${label}"`,
			);
		return TAKEN.has(label)
			? `xt_IDLETIMER: no file in /sys may be named "${label}"`
			: null;
	},
	/** `idletimer_tg_checkentry_v1` */
	shares: ({ label, alarm }) => ({
		name: label,
		as: alarm ? "alarm" : "timer",
		otherwise:
			"xt_IDLETIMER: Adding/Replacing rule with same label and different timer type is not allowed",
	}),
	compile: () => () => XT_CONTINUE,
});
