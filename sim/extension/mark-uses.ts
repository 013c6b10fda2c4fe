/** How extensions state which bits of marks they read and write (`MarkUse`). */
import type { MarkUse } from "./traits.ts";

type Mark = MarkUse["mark"];

/** All bits of a mark. */
export const ALL_BITS = 0xffffffff;

/** Bits of a mark that decide something. Without bits it is no use. */
export function readsMark(
	mark: Mark,
	bits: number,
	more: { readonly value?: number; readonly inverted?: boolean } = {},
): readonly MarkUse[] {
	const { value, inverted = false } = more;
	const compared = value === undefined ? null : value >>> 0;
	return use({ mark, does: "reads", bits, value: compared, inverted });
}

/** Bits that are written. @param value what they are set to; `null`: it is not a constant */
export function writesMark(
	mark: Mark,
	bits: number,
	value: number | null,
): readonly MarkUse[] {
	const constant = value === null ? null : (value & bits) >>> 0;
	return use({ mark, does: "writes", bits, value: constant });
}

/** A mark that becomes `(mark & ~mask) ^ value`: bits outside of the mask are turned over, not set. */
export const combinesMark = (
	mark: Mark,
	{ value, mask }: { readonly value: number; readonly mask: number },
): readonly MarkUse[] => [
	...writesMark(mark, mask, value),
	...writesMark(mark, value & ~mask, null),
];

/**
 * A mark that becomes `(mark & ~mask) ^ copied`, where `copied` are bits of the other mark: those of both
 * are copied, those of the mask alone are cleared, and those of the copy alone are turned over by it.
 */
export function copiesMark(
	from: { readonly mark: Mark; readonly bits: number },
	to: { readonly mark: Mark; readonly mask: number; readonly bits: number },
): readonly MarkUse[] {
	const { mark, mask, bits } = to;
	return [
		...copy({ mark: from.mark, does: "reads", bits: from.bits }),
		...copy({ mark, does: "writes", bits: bits & mask }),
		...writesMark(mark, mask & ~bits, 0),
		...writesMark(mark, bits & ~mask, null),
	];
}

const copy = (some: Pick<MarkUse, "mark" | "does" | "bits">) =>
	use({ value: null, copies: true, ...some });

function use({
	mark,
	does,
	bits,
	value,
	copies = false,
	inverted = false,
}: Omit<MarkUse, "copies" | "inverted"> &
	Partial<MarkUse>): readonly MarkUse[] {
	if (bits === 0) return [];
	return [{ mark, does, bits: bits >>> 0, value, copies, inverted }];
}
