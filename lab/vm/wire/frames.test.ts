import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader, framed } from "./frames.ts";

describe("frames on QEMU's socket", () => {
	it("come out as they went in, however the stream is cut", () => {
		const frames = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 });
		const cuts = fc.array(fc.nat(400), { maxLength: 12 });
		fc.assert(
			fc.property(frames, cuts, (given, at) => {
				const stream = framed(given);
				const reader = new FrameReader();
				const seen: string[] = [];
				const places = [0, ...at.filter((one) => one < stream.length)];
				places.sort((a, b) => a - b).push(stream.length);
				for (const [index, from] of places.slice(0, -1).entries())
					reader.push(stream.subarray(from, places[index + 1]), (frame) =>
						seen.push(frame.toString("hex")),
					);
				expect(seen).toEqual(
					given.map((frame) => Buffer.from(frame).toString("hex")),
				);
			}),
		);
	});

	it("have their length in front, big endian", () => {
		expect(framed([Uint8Array.of(7, 8, 9)])).toEqual(
			Buffer.from([0, 0, 0, 3, 7, 8, 9]),
		);
	});

	it("are not taken from a stream that has none", () => {
		const push = () => new FrameReader().push(Buffer.from("READY\n"), () => {});
		expect(push).toThrow("a frame of 1380270404 octets");
	});
});
