import type { KnownDivergence } from "./divergence.ts";

/** Where model and kernel are known to differ. Each has to occur as long as it stands here. */
export const KNOWN_DIVERGENCES: readonly KnownDivergence[] = [];
