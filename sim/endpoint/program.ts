/**
 * What programs of backends say on a connection: a small machine for each, which reads text and answers. Whether the
 * process runs, and how fast, is the backend's matter (`backend.ts`).
 */
import { unreachable } from "../invariant.ts";
import { answerText, closesBehind, readRequest } from "./protocols/http.ts";
import {
	isOneLine,
	isWholeMessage,
	type SmtpServer,
	smtpBanner,
	smtpReply,
	smtpUnavailable,
	takeLines,
} from "./protocols/smtp.ts";

/**
 * What a program that serves says. `smtp`: a mail server. `http`: answers each request. `echo`: sends back what it
 * gets. `silent`: takes connections or datagrams and says nothing. `smtp` and `http` are of TCP alone.
 * @public
 */
export type Program =
	| { readonly kind: "smtp" }
	| { readonly kind: "http" }
	| { readonly kind: "echo" }
	| { readonly kind: "silent" };

/**
 * Whose a program of the gateway's own is, as `-m owner` asks for it: a number, or a name that every Debian machine
 * has. Left out: the user is root, and the group the one with the user's name or number.
 * @public
 */
export interface ProgramOwner {
	readonly user?: string | number;
	readonly group?: string | number;
}

/** What a program says, and whether it closes the connection behind it. */
export interface Saying {
	readonly text: string;
	readonly closes: boolean;
}

/** One connection, as the program on it sees it. */
export interface Talk {
	/** It has accepted the connection: what it says first. */
	begin(): readonly Saying[];
	/** It reads what has come: what it answers. */
	read(text: string): readonly Saying[];
	/** A step of the scenario has it say something out of turn, which names who says it. */
	outOfTurn(): string;
}

/** Who speaks. */
export interface Speaker {
	readonly name: string;
	/** It turns its clients away. */
	readonly isUnavailable: boolean;
}

const NOTHING: readonly Saying[] = [];
const GOODBYE: readonly Saying[] = [{ text: "", closes: true }];

/** A new connection of a program. */
export function startTalk({ kind }: Program, speaker: Speaker): Talk {
	switch (kind) {
		case "smtp":
			return new MailTalk(speaker);
		case "http":
			return webTalk(speaker);
		case "echo":
			return echoTalk(speaker, (text) => [{ text, closes: false }]);
		case "silent":
			return echoTalk(speaker, () => NOTHING);
		default:
			return unreachable(kind);
	}
}

/** A class, since a backend holds one for each connection that is not forgotten. */
class MailTalk implements Talk, SmtpServer {
	readonly name: string;
	isInData = false;
	private readonly speaker: Speaker;
	/** Of what came: what is no whole line yet. */
	private rest = "";

	constructor(speaker: Speaker) {
		this.name = speaker.name;
		this.speaker = speaker;
	}

	begin(): readonly Saying[] {
		if (this.speaker.isUnavailable) return this.turnAway();
		return [{ text: smtpBanner(this.name), closes: false }];
	}

	read(text: string): readonly Saying[] {
		if (this.speaker.isUnavailable)
			return text === "" ? NOTHING : this.turnAway();
		if (this.rest === "" && isOneLine(text))
			return [this.answer(text.slice(0, -2))];
		// The lines of a message are not answered, but for the last one.
		if (this.rest === "" && this.isInData && isWholeMessage(text))
			return [this.answer(".")];
		const { lines, rest } = takeLines(this.rest, text);
		this.rest = rest;
		return lines.map((line) => this.answer(line));
	}

	outOfTurn(): string {
		return `250 ${this.name} is still here\r\n`;
	}

	private answer(line: string): Saying {
		const text = smtpReply(this, line);
		return { text, closes: text.startsWith("221") };
	}

	private turnAway(): readonly Saying[] {
		return [{ text: smtpUnavailable(this.name), closes: true }];
	}
}

function webTalk(speaker: Speaker): Talk {
	const { name } = speaker;
	let unread = "";
	return {
		begin: () => NOTHING,
		read(text) {
			unread += text;
			const sayings: Saying[] = [];
			for (;;) {
				const reading = readRequest(unread);
				if (reading.kind === "incomplete") return sayings;
				if (reading.kind === "malformed") {
					unread = "";
					const bad = { name, status: "400 Bad Request", closes: true };
					return [...sayings, { text: answerText(bad), closes: true }];
				}
				unread = reading.rest;
				const closes = closesBehind(reading.message);
				const status = speaker.isUnavailable
					? "503 Service Unavailable"
					: "200 OK";
				sayings.push({ text: answerText({ name, status, closes }), closes });
				if (closes) return sayings;
			}
		},
		// An interim answer, which names a server and answers nothing.
		outOfTurn: () => `HTTP/1.1 100 Continue\r\nServer: ${name}\r\n\r\n`,
	};
}

function echoTalk(
	speaker: Speaker,
	answer: (text: string) => readonly Saying[],
): Talk {
	const { name } = speaker;
	return {
		begin: () => (speaker.isUnavailable ? GOODBYE : NOTHING),
		read(text) {
			if (text === "") return NOTHING;
			return speaker.isUnavailable ? GOODBYE : answer(text);
		},
		outOfTurn: () => `${name} is still here\r\n`,
	};
}
