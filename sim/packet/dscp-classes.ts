/**
 * Code points of the Differentiated Services field by name: CS0 to CS7 (RFC 2474), AF11 to AF43
 * (RFC 2597), EF (RFC 3246), and BE for none of them.
 */
const CLASSES: readonly (readonly [name: string, dscp: number])[] = [
	...[0, 1, 2, 3, 4, 5, 6, 7].map(
		(level) => [`CS${level}`, level << 3] as const,
	),
	["BE", 0],
	...[1, 2, 3, 4].flatMap((level) =>
		[1, 2, 3].map(
			(drop) => [`AF${level}${drop}`, (level << 3) | (drop << 1)] as const,
		),
	),
	["EF", 46],
];

/**
 * The code point of a class, or `null`. In either case, and whatever follows the name, as iptables
 * reads it (`class_to_dscp`, 1.8.9 extensions/dscp_helper.c).
 */
export function dscpOfClass(text: string): number | null {
	const upper = text.toUpperCase();
	return CLASSES.find(([name]) => upper.startsWith(name))?.[1] ?? null;
}
