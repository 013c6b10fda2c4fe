import type { Divergence } from "../lockstep/divergence.ts";

/** A divergence of a live play: what was asked, and what either side says. */
export type Said = Pick<Divergence, "kind" | "asked" | "atMs"> & {
	readonly ours: string;
	readonly theirs: string;
};

/** Nobody has looked at single packets there, and so at no rules. */
export function divergenceOf({ ours, theirs, ...said }: Said): Divergence {
	const rules = { model: [], kernel: [] };
	return { ...said, model: [ours], kernel: [theirs], rules };
}
