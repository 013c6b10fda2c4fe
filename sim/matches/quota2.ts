import { defineMatch } from "../extension/extension.ts";
import {
	notInverted,
	olderFlag,
	olderOption,
	onlyOnce,
} from "../extension/options/older-options.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { strtoull } from "../extension/values/read-number.ts";
import type { Stateful } from "../stateful.ts";

interface Options {
	/** "": the rule has a counter of its own. */
	readonly name: string;
	readonly grow: boolean;
	readonly noChange: boolean;
	readonly packets: boolean;
	readonly inverted: boolean;
	/** Octets or packets, 64-bit, in decimal digits. */
	readonly quota: string;
}

/** What is left of a quota, or what has passed; `/proc/net/xt_quota/NAME` shows those that have a name. */
export class QuotaCounter implements Stateful<bigint> {
	value: bigint;

	constructor(value: bigint) {
		this.value = value;
	}

	save(): bigint {
		return this.value;
	}

	restore(value: bigint): void {
		this.value = value;
	}
}

/** Of `xt_quota_mtinfo2.name`, less the closing NUL. */
const NAME_LENGTH = 14;

const GROW = olderFlag("grow");
const NO_CHANGE = olderFlag("no-change");
const NAME = olderOption("name");
const QUOTA = olderOption("quota");
const PACKETS = olderFlag("packets");

/**
 * Counts down to a quota, or upwards (xtables-addons 3.23: libxt_quota2.c, xt_quota2.c). The first rule that
 * names a counter makes it, with its own quota; it goes with the last one. The kernel writes the count into
 * the rule itself, so iptables-save prints what is left, and any change of the table loads that.
 */
export const quota2 = defineMatch<Options, QuotaCounter>({
	name: "quota2",
	flagCodes: { grow: "g", "no-change": "c", packets: "p" },
	library: { package: "xtables-addons" },
	stateful: true,
	options: [GROW, NO_CHANGE, NAME, QUOTA, PACKETS],
	build(given) {
		for (const option of [GROW, NO_CHANGE, NAME, PACKETS]) {
			onlyOnce(given, "quota", option);
			notInverted(given, "quota", option);
		}
		onlyOnce(given, "quota", QUOTA);
		const quota = given.get("quota", "string");
		const value = strtoull(quota?.text ?? "");
		if (value === null)
			return given.refuse(
				"quota match: invalid value for --quota",
				"Write a number.",
				"quota",
			);
		return {
			name: cutOctets(given.get("name", "string")?.text ?? "", NAME_LENGTH),
			grow: given.has("grow"),
			noChange: given.has("no-change"),
			packets: given.has("packets"),
			inverted: quota?.inverted ?? false,
			quota: `${value}`,
		};
	},
	// Blanks as the library has them.
	print: ({ name, grow, noChange, packets, inverted, quota }) =>
		[
			grow ? " --grow " : "",
			noChange ? " --no-change " : "",
			packets ? " --packets " : "",
			name === "" ? "" : ` --name ${name} `,
			inverted ? " !" : "",
			` --quota ${quota} `,
		].join(""),
	/** `quota_mt2_check` */
	check: ({ name }) =>
		name.startsWith(".") || name.includes("/")
			? "xt_quota.3: illegal name"
			: null,
	/** `userspacesize` ends before the quota. */
	compared: ({ quota, ...others }) => others,
	question: ({ grow }) =>
		grow ? null : { kind: "open", on: "the octets that passed before" },
	actsAtLoad: true,
	cell: ({ quota }) => new QuotaCounter(BigInt(quota)),
	optionsNow: (options, { value }) => ({ ...options, quota: `${value}` }),
	/** `quota_mt2` */
	compile(options, ports, { cell }) {
		const { name, grow, noChange, packets, inverted, quota } = options;
		const counter =
			name === ""
				? cell
				: ports.named("quota2", name, () => new QuotaCounter(BigInt(quota)));
		return ({ length }) => {
			const amount = packets ? 1n : BigInt(length);
			if (grow) {
				if (noChange) return true;
				counter.value = BigInt.asUintN(64, counter.value + amount);
				cell.value = counter.value;
				return true;
			}
			const fits = counter.value >= amount;
			// What does not fit uses up the rest: no smaller packet passes behind it.
			if (!noChange) counter.value = fits ? counter.value - amount : 0n;
			cell.value = counter.value;
			return fits !== inverted;
		};
	},
});
