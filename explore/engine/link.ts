/** A text in the fragment of a link: compressed, so that it stays short. Nothing of it is sent to any server. */

/** Before the text in a fragment; another one would be another form. */
const MARK = "#s1=";
/** Characters of a fragment that is read. */
const LONGEST_FRAGMENT = 4_000_000;
/** Characters of what it becomes: a few octets may stand for very many. */
const LONGEST_TEXT = 20_000_000;

/** Something in a link that is no text of ours. */
export class LinkError extends Error {
	override readonly name = "LinkError";
}

/** `#s1=…` @throws LinkError for more than a page reads of one */
export async function fragmentOf(text: string): Promise<string> {
	if (text.length > LONGEST_TEXT)
		throw new LinkError(
			`${text.length.toLocaleString("en")} characters are too many for a link. Save the scenario as a file.`,
		);
	const packed = await through(
		new Blob([text]).stream(),
		new CompressionStream("deflate-raw"),
		Number.POSITIVE_INFINITY,
	);
	let binary = "";
	for (const octet of packed) binary += String.fromCharCode(octet);
	const base64 = btoa(binary);
	const fragment = `${MARK}${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
	if (fragment.length > LONGEST_FRAGMENT)
		throw new LinkError(
			`The link would have ${fragment.length.toLocaleString("en")} characters, more than this page reads. Save the scenario as a file.`,
		);
	return fragment;
}

/**
 * The text of a fragment; `null` where it has none.
 * @throws LinkError for one that is broken, or too long
 */
export async function textOfFragment(fragment: string): Promise<string | null> {
	if (fragment === "" || fragment === "#") return null;
	if (!fragment.startsWith(MARK))
		throw new LinkError(
			"The link is not one of this page: its fragment does not begin with #s1=. Copy the whole link again.",
		);
	if (fragment.length > LONGEST_FRAGMENT)
		throw new LinkError(
			`The link is longer than this page reads: ${fragment.length.toLocaleString("en")} characters. Ask for the scenario as a file.`,
		);
	try {
		const base64 = fragment
			.slice(MARK.length)
			.replaceAll("-", "+")
			.replaceAll("_", "/");
		const octets = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
		const text = await through(
			new Blob([octets]).stream(),
			new DecompressionStream("deflate-raw"),
			LONGEST_TEXT,
		);
		return new TextDecoder("utf-8", { fatal: true }).decode(text);
	} catch (error) {
		if (error instanceof LinkError) throw error;
		throw new LinkError(
			"The link is broken: a part of it is missing or was changed. Copy the whole link again.",
		);
	}
}

async function through(
	stream: ReadableStream<Uint8Array<ArrayBuffer>>,
	by: CompressionStream | DecompressionStream,
	most: number,
): Promise<Uint8Array> {
	const reader = stream.pipeThrough(by).getReader();
	const pieces: Uint8Array[] = [];
	let length = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		length += value.length;
		if (length > most) {
			await reader.cancel();
			throw new LinkError(
				`The link holds more than this page reads: more than ${most.toLocaleString("en")} characters.`,
			);
		}
		pieces.push(value);
	}
	const whole = new Uint8Array(length);
	let at = 0;
	for (const piece of pieces) {
		whole.set(piece, at);
		at += piece.length;
	}
	return whole;
}
