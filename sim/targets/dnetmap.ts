import { defineTarget } from "../extension/extension.ts";
import {
	notInverted,
	olderFlag,
	olderOption,
	onlyOnce,
} from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readDotted } from "../extension/values/read-network.ts";
import { atoi, readUnsigned } from "../extension/values/read-number.ts";
import { formatNetwork, prefixMask } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

interface Options {
	/** `null`: all that other rules name. */
	readonly prefix: {
		readonly address: Address;
		readonly mask: Address;
	} | null;
	readonly reuse: boolean;
	readonly fixed: boolean;
	readonly persistent: boolean;
	/** Seconds; `null`: not given. */
	readonly ttl: number | null;
}

const PREFIX = olderOption("prefix");
const REUSE = olderFlag("reuse");
const PERSISTENT = olderFlag("persistent");
const STATIC = olderFlag("static");
const TTL = olderOption("ttl");
const OPTIONS = [PREFIX, REUSE, PERSISTENT, STATIC, TTL];

const LEAST_LENGTH = 16;

/**
 * Lends each address behind the gateway one of a prefix (xtables-addons 3.27: libxt_DNETMAP.c, xt_DNETMAP.c). Debian
 * 12's library is empty, so that its iptables refuses the target.
 */
export const dnetmap = defineTarget<Options>({
	name: "DNETMAP",
	library: { package: "xtables-addons" },
	tables: ["nat"],
	hooks: ["PREROUTING", "OUTPUT", "POSTROUTING"],
	options: OPTIONS,
	build(given) {
		for (const option of OPTIONS) {
			onlyOnce(given, "DNETMAP", option);
			notInverted(given, "DNETMAP", option);
		}
		const prefix = given.get("prefix", "string");
		const ttl = given.get("ttl", "string");
		return {
			prefix: prefix ? readPrefix(given, prefix.text) : null,
			reuse: given.has("reuse"),
			fixed: given.has("static"),
			persistent: given.has("persistent"),
			ttl: ttl ? atoi(ttl.text) : null,
		};
	},
	// Blanks as the library has them.
	print: ({ prefix, reuse, fixed, persistent, ttl }) =>
		[
			prefix === null
				? ""
				: ` --prefix ${formatNetwork(prefix.address, prefix.mask)}`,
			reuse ? " --reuse " : "",
			fixed ? " --static " : "",
			persistent ? " --persistent " : "",
			ttl === null ? "" : ` --ttl ${ttl} `,
		].join(""),
	compile: null,
});

function readPrefix(given: GivenOptions, text: string): Options["prefix"] {
	const refuse = (message: string, remedy: string) =>
		given.refuse(message, remedy, PREFIX.name);
	const slash = text.indexOf("/");
	const host = slash < 0 ? text : text.slice(0, slash);
	const address = readDotted(host, false);
	if (address === null)
		return refuse(
			`Bad IP address "${host}"`,
			"Write a network: `--prefix 192.0.2.0/24`.",
		);
	if (slash < 0) return { address, mask: -1 };
	const word = text.slice(slash + 1);
	const dotted = word.includes(".");
	const length = dotted ? 0 : readUnsigned(word, 0, 32);
	const mask = dotted ? readDotted(word, true) : prefixMask(length);
	if (length < 0 || mask === null)
		return refuse(`Bad netmask "${word}"`, "Write a prefix length: /24.");
	if (mask === 0)
		return refuse("Netmask needed", "Write a prefix length: /24.");
	// Of a mask with dots the library takes the length for 0.
	if (length < LEAST_LENGTH)
		return refuse(
			`Max netmask size is /${LEAST_LENGTH}`,
			`Write a prefix length from ${LEAST_LENGTH} to 32.`,
		);
	if ((address & ~mask) !== 0)
		return refuse(
			`Bad network address "${text}"`,
			"Write the network's first address.",
		);
	return { address, mask };
}
