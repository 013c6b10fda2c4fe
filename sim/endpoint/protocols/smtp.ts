/**
 * What the two sides of an SMTP connection say to each other (RFC 5321), as tables.
 */
/** One turn of the client: the reply that it waits for, and what it says then. */
export interface SmtpTurn {
	/** First digit of the reply. */
	readonly awaits: string;
	/** `null`: nothing more, the connection is closed. */
	readonly says: string | null;
	/** The reply says that the backend has taken the message over. */
	readonly isAcceptance: boolean;
}

export const QUIT = "QUIT\r\n";

const MESSAGE_HEADER =
	"From: <sender@client.example>\r\nTo: <recipient@service.example>\r\nSubject: test\r\n\r\n";

/**
 * The client's side of a dialogue.
 * @param messages how many messages it hands over on this connection; 0 says hello and leaves
 * @param octets length of a message's text
 */
export function smtpTurns(messages: number, octets: number): SmtpTurn[] {
	const turns: SmtpTurn[] = [];
	const turn = (awaits: string, says: string | null, isAcceptance = false) =>
		turns.push({ awaits, says, isAcceptance });
	const text = `${MESSAGE_HEADER}${messageText(octets)}.\r\n`;
	turn("2", "EHLO client.example\r\n");
	for (let message = 0; message < messages; message++) {
		turn("2", "MAIL FROM:<sender@client.example>\r\n", message > 0);
		turn("2", "RCPT TO:<recipient@service.example>\r\n");
		turn("2", "DATA\r\n");
		turn("3", text);
	}
	turn("2", QUIT, messages > 0);
	turn("2", null);
	return turns;
}

/** Lines of at most 78 characters, the last one ended as well. */
function messageText(octets: number): string {
	const lines: string[] = [];
	for (let left = octets; left > 0; left -= 78)
		lines.push("x".repeat(Math.min(left, 78)));
	return lines.map((line) => `${line}\r\n`).join("");
}

/** The side of a backend. */
export interface SmtpServer {
	readonly name: string;
	isInData: boolean;
}

/** How a backend answers each command. */
const REPLIES: ReadonlyMap<string, string> = new Map([
	["MAIL", "250 2.1.0 Ok\r\n"],
	["RCPT", "250 2.1.5 Ok\r\n"],
	["DATA", "354 End data with <CR><LF>.<CR><LF>\r\n"],
	["NOOP", "250 2.0.0 Ok\r\n"],
	["RSET", "250 2.0.0 Ok\r\n"],
	["QUIT", "221 2.0.0 Bye\r\n"],
]);

/** A string that is made anew has no hash: comparing its beginning is faster than looking it up. */
const VERBS = [...REPLIES.keys(), "EHLO"];

/** What a backend says first: its name is how anyone learns which one it is. */
export function smtpBanner(name: string): string {
	return `220 ${name} ESMTP\r\n`;
}

/** What a backend that serves nothing says before it closes (RFC 5321, 3.8). */
export function smtpUnavailable(name: string): string {
	return `421 4.3.2 ${name} Service not available, closing transmission channel\r\n`;
}

/** The name in a banner, or `null` when the line is none. */
export function nameInBanner(line: string): string | null {
	return /^220 (\S+) ESMTP/.exec(line)?.[1] ?? null;
}

/**
 * A backend's answer to one line, without its end.
 * @returns "" inside a message, where nothing is answered
 */
export function smtpReply(server: SmtpServer, line: string): string {
	if (server.isInData) {
		if (line !== ".") return "";
		server.isInData = false;
		return "250 2.0.0 Ok: queued\r\n";
	}
	// Nearly always it is in capitals, and one of these.
	const known = VERBS.find((verb) => line.startsWith(verb));
	const verb = known ?? line.slice(0, 4).toUpperCase();
	if (verb === "DATA") server.isInData = true;
	if (verb === "EHLO" || verb === "HELO") return `250 ${server.name}\r\n`;
	return REPLIES.get(verb) ?? "502 5.5.2 Error: command not recognized\r\n";
}

const END_OF_MESSAGE = "\r\n.\r\n";

/** Is the text a message, or its end, with nothing behind it? */
export function isWholeMessage(text: string): boolean {
	const end = text.indexOf(END_OF_MESSAGE);
	return (
		end >= 0 &&
		end === text.length - END_OF_MESSAGE.length &&
		!text.startsWith(".\r\n")
	);
}

/** Is the text one line, with its end? */
export function isOneLine(text: string): boolean {
	return text.length > 1 && text.indexOf("\r\n") === text.length - 2;
}

interface Lines {
	readonly lines: readonly string[];
	/** What is no whole line yet. */
	readonly rest: string;
}

/**
 * Takes the complete lines off a stream of text.
 * @param rest what was left over the last time
 * @returns the lines without their ends, and what is no whole line yet
 */
export function takeLines(rest: string, text: string): Lines {
	const lines = (rest + text).split("\r\n");
	const unfinished = lines.pop() ?? "";
	return { lines, rest: unfinished };
}
