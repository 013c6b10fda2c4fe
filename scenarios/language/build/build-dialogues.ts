/** Builders of what a client says on its connections. */
import * as v from "valibot";
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import { milliseconds } from "../schema/schema.ts";
import { messages, timeout } from "../schema/schema-steps.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** Patience of a client where nothing is said: half a minute, as mail programs have it and more. */
const PATIENCE_MS = 30_000;

/**
 * Options of `smtp`: number of messages (default 1), time-outs in ms (default 30,000; `null` waits without
 * end), and the pause before each command, in ms.
 * @public
 */
export interface SmtpOptions {
	readonly messages?: number;
	readonly connectTimeoutMs?: number | null;
	readonly readTimeoutMs?: number | null;
	readonly paceMs?: number;
}

const smtpArguments = v.object({
	options: options<SmtpOptions>({
		messages,
		connectTimeoutMs: timeout,
		readTimeoutMs: timeout,
		paceMs: milliseconds,
	}),
});

/** Banner, a message, QUIT. @public */
export function smtp(
	options: SmtpOptions = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("smtp", smtpArguments, { options }, surplus);
	const { connectTimeoutMs, readTimeoutMs, paceMs } = options;
	return {
		kind: "smtp",
		messages: options.messages ?? 1,
		connectTimeoutMs:
			connectTimeoutMs === undefined ? PATIENCE_MS : connectTimeoutMs,
		readTimeoutMs: readTimeoutMs === undefined ? PATIENCE_MS : readTimeoutMs,
		...(paceMs === undefined ? {} : { paceMs }),
	};
}

/**
 * Options of `hold`: how long the client waits for the banner, in ms; `null` waits without end (default
 * 30,000).
 * @public
 */
export interface HoldOptions {
	readonly readTimeoutMs?: number | null;
}

const holdArguments = v.object({
	options: options<HoldOptions>({ readTimeoutMs: timeout }),
});

/** Connects, waits for the banner and stays, until a `speak` or `close` step says more. @public */
export function hold(
	options: HoldOptions = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("hold", holdArguments, { options }, surplus);
	return {
		kind: "hold",
		connectTimeoutMs: PATIENCE_MS,
		readTimeoutMs: options.readTimeoutMs ?? null,
	};
}

const connectOnlyArguments = v.object({ connectTimeoutMs: timeout });

/** Connects and closes. @public */
export function connectOnly(
	connectTimeoutMs: number | null = PATIENCE_MS,
	...surplus: readonly never[]
): Dialogue {
	checkArguments(
		"connectOnly",
		connectOnlyArguments,
		{ connectTimeoutMs },
		surplus,
	);
	return { kind: "connect-only", connectTimeoutMs };
}
