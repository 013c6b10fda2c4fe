import { defineTarget } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { TCP } from "../packet/packet.ts";

interface Options {
	/** Kinds of TCP options, in ascending order. */
	readonly kinds: readonly number[];
}

const NAMES: ReadonlyMap<string, number> = new Map([
	["wscale", 3],
	["mss", 2],
	["sack-permitted", 4],
	["sack", 5],
	["timestamp", 8],
	["md5", 19],
]);

/** Overwrites TCP options with padding (iptables 1.8.9 libxt_TCPOPTSTRIP.c, kernel 6.1 xt_TCPOPTSTRIP.c). */
export const tcpoptstrip = defineTarget<Options>({
	name: "TCPOPTSTRIP",
	tables: ["mangle"],
	protocols: [TCP],
	options: [{ name: "strip-options", type: "string" }],
	build: (given) => ({ kinds: readKinds(given) }),
	print: ({ kinds }) =>
		kinds.length === 0 ? "" : ` --strip-options ${kinds.join(",")}`,
	compile: null,
});

function readKinds(given: GivenOptions): readonly number[] {
	const text = given.get("strip-options", "string")?.text;
	if (text === undefined) return [];
	const refuse = (message: string) =>
		given.refuse(
			message,
			`Write kinds from 2 to 255, or ${[...NAMES.keys()].join(", ")}, with commas.`,
			"strip-options",
		);
	const kinds: number[] = [];
	for (const word of text.split(",")) {
		const kind = NAMES.get(word) ?? readUnsigned(word, 0, 255);
		if (kind < 0) return refuse(`Bad TCP option value "${word}"`);
		if (kind < 2) return refuse("Option value may not be 0 or 1");
		if (kinds.includes(kind))
			return refuse(`Option "${word}" already specified`);
		kinds.push(kind);
	}
	return kinds.sort((one, other) => one - other);
}
