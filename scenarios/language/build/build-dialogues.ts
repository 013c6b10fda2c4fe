/** Builders of what a client says on its connections. */
import * as v from "valibot";
import type { Dialogue } from "../../../sim/endpoint/dialogue.ts";
import { PATIENCE_MS } from "../../../sim/world/setup/services.ts";
import { milliseconds, yesNo } from "../schema/schema.ts";
import {
	messageOctets,
	messages,
	requests,
	timeout,
} from "../schema/schema-steps.ts";
import { checkArguments, options } from "./check-arguments.ts";

/**
 * How patient a client is, and how fast: time-outs in ms (default 30,000; `null` waits without end), and the pause
 * before each thing that it says, in ms.
 * @public
 */
export interface PatienceOptions {
	readonly connectTimeoutMs?: number | null;
	readonly readTimeoutMs?: number | null;
	readonly paceMs?: number;
}

const PATIENCE = {
	connectTimeoutMs: timeout,
	readTimeoutMs: timeout,
	paceMs: milliseconds,
};

/** Options of `smtp`: number of messages (default 1), and its patience. @public */
export interface SmtpOptions extends PatienceOptions {
	readonly messages?: number;
}

const smtpArguments = v.object({
	options: options<SmtpOptions>({ messages, ...PATIENCE }),
});

/** Banner, a message, QUIT. @public */
export function smtp(
	options: SmtpOptions = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("smtp", smtpArguments, { options }, surplus);
	return {
		kind: "smtp",
		messages: options.messages ?? 1,
		...patienceOf(options),
	};
}

/** Time-outs and pace of a dialogue. */
function patienceOf({
	connectTimeoutMs,
	readTimeoutMs,
	paceMs,
}: PatienceOptions) {
	return {
		connectTimeoutMs:
			connectTimeoutMs === undefined ? PATIENCE_MS : connectTimeoutMs,
		readTimeoutMs: readTimeoutMs === undefined ? PATIENCE_MS : readTimeoutMs,
		...(paceMs === undefined ? {} : { paceMs }),
	};
}

/**
 * Options of `http`: number of requests (default 1), whether they go over one connection that the client closes
 * (default: where there are several), and its patience.
 * @public
 */
export interface HttpOptions extends PatienceOptions {
	/** On each connection. */
	readonly requests?: number;
	readonly keepAlive?: boolean;
}

const httpArguments = v.object({
	options: options<HttpOptions>({ requests, keepAlive: yesNo, ...PATIENCE }),
});

/** Requests and their answers: `http({ requests: 5, keepAlive: true })`. @public */
export function http(
	options: HttpOptions = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("http", httpArguments, { options }, surplus);
	const { requests = 1, keepAlive = requests > 1 } = options;
	return { kind: "http", requests, keepAlive, ...patienceOf(options) };
}

/**
 * Options of `echo`: number of messages (default 1), the length of each in octets (default 100), and its patience.
 * @public
 */
export interface EchoOptions extends PatienceOptions {
	readonly messages?: number;
	/** Length of each message. */
	readonly messageOctets?: number;
}

const echoArguments = v.object({
	options: options<EchoOptions>({ messages, messageOctets, ...PATIENCE }),
});

/** Messages that come back, each before the next is sent; then the client closes. @public */
export function echo(
	options: EchoOptions = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("echo", echoArguments, { options }, surplus);
	const { messages = 1, messageOctets } = options;
	return {
		kind: "echo",
		messages,
		...(messageOctets === undefined ? {} : { messageOctets }),
		...patienceOf(options),
	};
}

const silentArguments = v.object({ connectTimeoutMs: timeout });

/** Connects, awaits nothing and stays, until a `speak` or `close` step says more. @public */
export function silent(
	connectTimeoutMs: number | null = PATIENCE_MS,
	...surplus: readonly never[]
): Dialogue {
	checkArguments("silent", silentArguments, { connectTimeoutMs }, surplus);
	return { kind: "silent", connectTimeoutMs };
}

/**
 * Options of `hold`: how long the client waits for the banner, and for an answer to what a step has it say, in ms
 * (default `null`: without end).
 * @public
 */
export interface HoldOptions {
	readonly readTimeoutMs?: number | null;
}

const holdArguments = v.object({
	options: options<HoldOptions>({ readTimeoutMs: timeout }),
});

/** Connects, waits for the banner where a mail server has one, and stays, until a `speak` or `close` step says more. @public */
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

/** Options of `connectOnly`: its patience. @public */
export type ConnectOnlyOptions = Pick<PatienceOptions, "connectTimeoutMs">;

const connectOnlyArguments = v.object({
	options: v.lazy((given) =>
		typeof given === "object" && given !== null
			? options<ConnectOnlyOptions>({ connectTimeoutMs: timeout })
			: timeout,
	),
});

/** Connects and closes. The time-out may stand by itself: `connectOnly(1000)` is `connectOnly({ connectTimeoutMs: 1000 })`. @public */
export function connectOnly(
	options: ConnectOnlyOptions | number | null = {},
	...surplus: readonly never[]
): Dialogue {
	checkArguments("connectOnly", connectOnlyArguments, { options }, surplus);
	const { connectTimeoutMs = PATIENCE_MS } =
		typeof options === "object" && options !== null
			? options
			: { connectTimeoutMs: options };
	return { kind: "connect-only", connectTimeoutMs };
}
