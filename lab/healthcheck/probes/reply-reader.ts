/** Takes SMTP replies off a stream (RFC 5321, 4.2). */

export interface Reply {
	/** `220` */
	readonly code: string;
	/** Its last line. */
	readonly line: string;
}

export interface ReplyReader {
	/** The replies that are complete now; `null` when this is no SMTP. */
	read(text: string): readonly Reply[] | null;
}

/** The longest reply line has 512 octets, and a reply some dozen lines: whoever says more says something else. */
const MOST_CHARACTERS = 65_536;
/** A `-` behind the code says that another line follows. */
const LINE = /^(\d{3})(-| |$)/;

export function createReplyReader(): ReplyReader {
	let rest = "";
	let length = 0;
	return {
		read(text) {
			length += text.length;
			if (length > MOST_CHARACTERS) return null;
			const lines = (rest + text).split("\n");
			rest = lines.pop() ?? "";
			const replies: Reply[] = [];
			for (const line of lines) {
				const found = LINE.exec(line.trimEnd());
				if (found === null) return null;
				const [, code = "", mark] = found;
				if (mark === "-") continue;
				replies.push({ code, line: line.trimEnd() });
			}
			return replies;
		},
	};
}
