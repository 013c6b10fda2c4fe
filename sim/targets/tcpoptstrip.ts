import { defineTarget } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { TCP } from "../packet/packet.ts";
import { tcpOptionsLength } from "../packet/packet-length.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	/** Kinds of TCP options, in ascending order. */
	readonly kinds: readonly number[];
}

const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMP = 8;
const NAMES: ReadonlyMap<string, number> = new Map([
	["wscale", WINDOW_SCALE],
	["mss", MSS],
	["sack-permitted", SACK_PERMITTED],
	["sack", SACK],
	["timestamp", TIMESTAMP],
	["md5", 19],
]);

/** Overwrites TCP options with padding (iptables 1.8.9 libxt_TCPOPTSTRIP.c, kernel 6.1 xt_TCPOPTSTRIP.c). */
export const tcpoptstrip = defineTarget<Options>({
	name: "TCPOPTSTRIP",
	actsUnseen: true,
	tables: ["mangle"],
	protocols: [TCP],
	options: [{ name: "strip-options", type: "string" }],
	build: (given) => ({ kinds: readKinds(given) }),
	print: ({ kinds }) =>
		kinds.length === 0 ? "" : ` --strip-options ${kinds.join(",")}`,
	/** The header stays as long as it was (`tcpoptstrip_mangle_packet`, 6.1). */
	compile: ({ kinds }, ports) => {
		const has = (kind: number) => kinds.includes(kind);
		return (skb) => {
			if (skb.fragment !== null)
				return skb.fragment.offset > 0
					? XT_CONTINUE
					: ports.unknown("TCPOPTSTRIP of a fragment is not modelled");
			const { tcpOptions } = skb;
			const { mss, windowScale, sackPermitted, sack, timestamp } = tcpOptions;
			const left = {
				mss: has(MSS) ? null : mss,
				windowScale: has(WINDOW_SCALE) ? null : windowScale,
				sackPermitted: sackPermitted && !has(SACK_PERMITTED),
				sack: has(SACK) ? [] : sack,
				timestamp: has(TIMESTAMP) ? null : timestamp,
			};
			if (tcpOptionsLength(left) === tcpOptionsLength(tcpOptions))
				return XT_CONTINUE;
			skb.tcpOptions = left;
			ports.written(skb);
			return XT_CONTINUE;
		};
	},
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
