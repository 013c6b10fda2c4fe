import type { Ask } from "../../../sim/contract/ask.ts";

/** The same for a gateway whose clock is ahead of the asker's, since it kept up with another, and does not go back. */
export function inTime(ask: Ask, nowMs: number): Ask {
	const atMs = Math.max(ask.atMs, nowMs);
	return ask.kind === "wait"
		? { ...ask, atMs, toMs: Math.max(ask.toMs, nowMs) }
		: { ...ask, atMs };
}
