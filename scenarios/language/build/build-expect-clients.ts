/** Builders of expectations about what clients have of a service. */
import * as v from "valibot";
import type { Expectation } from "../scenario.ts";
import { positiveMs } from "../schema/schema.ts";
import { clientPrefix } from "../schema/schema-scenario.ts";
import { type SelectionOptions, taken, WHICH, which } from "./build-expect.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** Which connections are to stay at their clients' backends, and for how long. @public */
export interface StickyOptions extends SelectionOptions {
	/** Bits of a client's address by which clients are told apart: 24 takes a /24 for one. Left out: 32. */
	readonly prefix?: number;
	/** Where no more time than this lies between two connections of a client. Left out: however much does. */
	readonly forMs?: number;
}

const stickyArguments = v.object({
	options: options<StickyOptions>({
		...WHICH,
		prefix: clientPrefix,
		forMs: positiveMs,
	}),
});

/** Each connection of a client goes to the backend of the client's connection before it. @public */
export function sticky(
	which: StickyOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments("sticky", stickyArguments, { options: which }, surplus);
	const { prefix = 32, forMs = null, ...rest } = which;
	return { kind: "sticky", ...taken(rest), prefix, forMs };
}

const connectedWithinArguments = v.object({ ms: positiveMs, options: which });

/** Each connection stands so soon after its first packet; a flow of datagrams has its first answer. @public */
export function connectedWithin(
	ms: number,
	which: SelectionOptions = {},
	...surplus: readonly never[]
): Expectation {
	checkArguments(
		"connectedWithin",
		connectedWithinArguments,
		{ ms, options: which },
		surplus,
	);
	return { kind: "connected-within", ...taken(which), ms };
}
