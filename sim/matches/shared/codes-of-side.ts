/** Lists of codes for the source's address or for the destination's, as matches of xtables-addons take them (libxt_geoip.c, libxt_asn.c). */
import type { GivenOptions } from "../../extension/options.ts";

export interface SideUse {
	readonly option: string;
	readonly use: {
		readonly text: string;
		readonly inverted: boolean;
		readonly word: number;
	};
}

/** The uses of both options, in the order in which they stand. */
export function usesOfSides(
	given: GivenOptions,
	options: readonly [source: string, destination: string],
): readonly SideUse[] {
	return options
		.flatMap((option) =>
			given.all(option, "string").map((use) => ({ option, use })),
		)
		.sort((a, b) => a.use.word - b.use.word);
}

/**
 * Each code once; those above the greatest number are not read.
 * @param how.read one code, refused where it is none; `null`: it is passed over
 * @param how.tooMany the library's words
 */
export function readCodes<Code>(
	given: GivenOptions,
	{ option, use }: SideUse,
	how: {
		readonly most: number;
		readonly tooMany: string;
		readonly read: (code: string) => Code | null;
	},
): readonly Code[] {
	const codes = use.text.split(",");
	const found = new Set<Code>();
	for (const text of codes.slice(0, how.most)) {
		const code = how.read(text);
		if (code !== null) found.add(code);
	}
	if (codes.length > how.most)
		return given.refuse(
			how.tooMany,
			`A rule names at most ${how.most}; write a second one.`,
			option,
		);
	return [...found];
}
