/**
 * What the two sides of an HTTP/1.1 connection say to each other (RFC 9110, RFC 9112), as far as clients, backends and
 * probes of the model do: requests without a body, answers whose length is told.
 */

/** A line, header fields and a body. */
export interface HttpMessage {
	/** `GET / HTTP/1.1`, `HTTP/1.1 200 OK` */
	readonly firstLine: string;
	/** By their names in lower case. */
	readonly fields: ReadonlyMap<string, string>;
	readonly body: string;
}

/** What a stream of text holds so far. */
export type HttpReading =
	| {
			readonly kind: "message";
			readonly message: HttpMessage;
			/** What stands behind it. */
			readonly rest: string;
	  }
	| { readonly kind: "incomplete" }
	/** No HTTP, or an answer of a form that is not read here. */
	| { readonly kind: "malformed" };

const INCOMPLETE: HttpReading = { kind: "incomplete" };
const MALFORMED: HttpReading = { kind: "malformed" };

const HEAD_END = "\r\n\r\n";
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]$/;
const STATUS_LINE = /^HTTP\/1\.[01] \d{3}( .*)?$/;
/** Longer than that no server lets a head become. */
const MOST_HEAD_CHARACTERS = 65_536;

/** Reads the first request of a text. */
export function readRequest(text: string): HttpReading {
	return readMessage(text, REQUEST_LINE, () => 0);
}

/**
 * Reads the first answer of a text, interim ones (1xx) aside.
 * @param isWhole nothing comes behind the text: the sender has closed
 */
export function readAnswer(text: string, isWhole: boolean): HttpReading {
	const untilClose = isWhole ? Number.POSITIVE_INFINITY : null;
	let left = text;
	for (;;) {
		const reading = readMessage(left, STATUS_LINE, (line) =>
			hasNoBody(statusOf(line)) ? 0 : untilClose,
		);
		if (reading.kind !== "message" || !isInterim(reading.message))
			return reading;
		left = reading.rest;
	}
}

/** `503` of `HTTP/1.1 503 Service Unavailable`. */
export function statusOf(statusLine: string): number {
	return Number(statusLine.slice(9, 12));
}

/** `503 Service Unavailable` of `HTTP/1.1 503 Service Unavailable`. */
export function statusWords(statusLine: string): string {
	return statusLine.slice(9).trimEnd();
}

function isInterim({ firstLine }: HttpMessage): boolean {
	return statusOf(firstLine) < 200;
}

/** RFC 9112, 6.3. */
function hasNoBody(status: number): boolean {
	return status < 200 || status === 204 || status === 304;
}

/** @param usualLength of a body whose length no field tells; `null`: it ends when the sender closes, which it has not */
function readMessage(
	text: string,
	firstLineForm: RegExp,
	usualLength: (firstLine: string) => number | null,
): HttpReading {
	const headEnd = text.indexOf(HEAD_END);
	const head = headEnd < 0 ? text : text.slice(0, headEnd);
	const [firstLine = "", ...lines] = head.split("\r\n");
	if (headEnd < 0) {
		const isHttp = lines.length === 0 || firstLineForm.test(firstLine);
		return isHttp && head.length <= MOST_HEAD_CHARACTERS
			? INCOMPLETE
			: MALFORMED;
	}
	if (!firstLineForm.test(firstLine)) return MALFORMED;
	const fields = new Map(lines.map(fieldOf));
	if (fields.has("transfer-encoding")) return MALFORMED;
	const told = fields.get("content-length");
	const length = told === undefined ? usualLength(firstLine) : Number(told);
	if (Number.isNaN(length)) return MALFORMED;
	const from = headEnd + HEAD_END.length;
	if (length === null) return INCOMPLETE;
	const isShort = Number.isFinite(length) && text.length < from + length;
	if (isShort) return INCOMPLETE;
	const body = text.slice(from, from + length);
	const rest = text.slice(from + length);
	return { kind: "message", message: { firstLine, fields, body }, rest };
}

function fieldOf(line: string): readonly [name: string, value: string] {
	const colon = line.indexOf(":");
	return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** Whether the sender of a message closes the connection behind it. */
export function closesBehind({ fields }: HttpMessage): boolean {
	return fields.get("connection")?.toLowerCase() === "close";
}

export interface HttpRequest {
	readonly host: string;
	readonly path: string;
	readonly keepAlive: boolean;
}

/** A request, as it goes over the wire. */
export function requestText({ host, path, keepAlive }: HttpRequest): string {
	const connection = keepAlive ? "keep-alive" : "close";
	return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: ${connection}${HEAD_END}`;
}

/** The host name of a request, where none is given (RFC 9110, 7.2). */
export function hostOf(
	address: string,
	port: number,
	usualPort: number,
): string {
	return port === usualPort ? address : `${address}:${port}`;
}

export interface HttpAnswer {
	/** The name of the server, which the answer tells. */
	readonly name: string;
	/** `200 OK` */
	readonly status: string;
	readonly closes: boolean;
}

/** An answer, as it goes over the wire: its body names the server as well. */
export function answerText({ name, status, closes }: HttpAnswer): string {
	const body = `${name}: ${status}\r\n`;
	const connection = closes ? "close" : "keep-alive";
	return `HTTP/1.1 ${status}\r\nServer: ${name}\r\nConnection: ${connection}\r\nContent-Length: ${body.length}${HEAD_END}${body}`;
}
