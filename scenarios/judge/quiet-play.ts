/** Expectations about what the gateway did, in plays that gave it nothing to do. */
import type { Account } from "../../sim/world/account/account.ts";
import type { Expectation, Scenario } from "../language/scenario.ts";
import { type Finding, showsNothing } from "../result/finding.ts";
import { countersOf } from "../result/saved-ruleset.ts";

/** That no packet came out, no entry is there and nothing was counted says something only of packets that were sent. */
export function unlessQuiet(
	expectation: Expectation,
	found: Finding,
	{
		steps,
		account,
	}: { readonly steps: Scenario["steps"]; readonly account: Account },
): Finding {
	if (found.outcome !== "holds") return found;
	const untilMs = judgedUntil(expectation, account);
	if (untilMs === null || wasSent(untilMs, steps, account)) return found;
	return showsNothing(found, "nothing was sent before");
}

/** `null`: it is not about what the gateway did with packets. */
function judgedUntil(
	expectation: Expectation,
	{ observations }: Account,
): number | null {
	switch (expectation.kind) {
		case "packets-out":
		case "packets-past":
		case "packets-counted":
			return expectation.toMs;
		case "conntrack":
		case "counter":
			return (
				observations.find(({ label }) => label === expectation.at)?.atMs ?? null
			);
		case "order":
		case "split":
		case "split-by-source":
		case "sticky":
		case "connected-within":
		case "avoided":
		case "failover-gap":
		case "abandoned":
		case "affinity":
		case "moved":
		case "outcomes":
		case "gateway-answered":
		case "condition":
		case "counts-agree":
		case "mail-kept":
		case "operation":
			return null;
	}
}

/** Is there a sign that a packet came to the gateway, or that it sent one itself? */
function wasSent(
	untilMs: number,
	steps: Scenario["steps"],
	{ connections, events, packets, observations }: Account,
): boolean {
	return (
		connections.some(
			({ startedMs, outcome }) => startedMs <= untilMs && outcome !== "no-port",
		) ||
		steps.some(
			({ kind, atMs }) =>
				(kind === "packet" || kind === "race") && atMs <= untilMs,
		) ||
		packets.some(({ atMs }) => atMs <= untilMs) ||
		events.some(({ kind, atMs }) => kind === "probe" && atMs <= untilMs) ||
		observations.some(
			({ atMs, observation: { conntrack, ruleset } }) =>
				atMs <= untilMs &&
				(conntrack.length > 0 ||
					[...countersOf(ruleset).values()].some((count) => count > 0)),
		)
	);
}
