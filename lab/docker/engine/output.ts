/** What programs in containers print: one stream, in which the engine mixes standard output and error. */
import { Writable } from "node:stream";

/** What the library's objects carry along, as far as it is used here. */
interface Modem {
	demuxStream(
		stream: NodeJS.ReadableStream,
		out: NodeJS.WritableStream,
		err: NodeJS.WritableStream,
	): void;
}

/**
 * Takes a stream apart until it ends. The library never ends the two streams that it writes to, so
 * the end is that of the raw stream.
 * @param of a container or an exec
 */
export function demultiplex(
	of: { readonly modem: Modem },
	stream: NodeJS.ReadableStream,
	{
		onOut,
		onErr,
	}: {
		readonly onOut: (chunk: Buffer) => void;
		readonly onErr: (chunk: Buffer) => void;
	},
): Promise<void> {
	of.modem.demuxStream(stream, sink(onOut), sink(onErr));
	return new Promise((resolve, reject) => {
		stream.on("end", resolve);
		stream.on("close", resolve);
		stream.on("error", reject);
	});
}

function sink(take: (chunk: Buffer) => void): Writable {
	return new Writable({
		write(chunk: Buffer, _encoding, done) {
			take(chunk);
			done();
		},
	});
}

/** Collects text; octets are put together first, since a character may come in two pieces. */
export interface TextCollector {
	readonly take: (chunk: Buffer) => void;
	readonly text: () => string;
}

export function collectText(): TextCollector {
	const chunks: Buffer[] = [];
	return {
		take: (chunk) => void chunks.push(chunk),
		text: () => Buffer.concat(chunks).toString("utf8"),
	};
}
