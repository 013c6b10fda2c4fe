import { describe, expect, it } from "vitest";
import { paintFor, progressOn } from "./terminal.ts";

const RED = "\u001b[31mx\u001b[39m";

describe("colour", () => {
	it.each([
		{ isTTY: true, environment: {}, painted: RED },
		{ isTTY: false, environment: {}, painted: "x" },
		{ isTTY: true, environment: { NO_COLOR: "1" }, painted: "x" },
		{ isTTY: true, environment: { NO_COLOR: "" }, painted: RED },
		{ isTTY: true, environment: { TERM: "dumb" }, painted: "x" },
		{ isTTY: false, environment: { FORCE_COLOR: "1" }, painted: RED },
		{ isTTY: true, environment: { FORCE_COLOR: "0" }, painted: "x" },
		{
			isTTY: false,
			environment: { FORCE_COLOR: "1", NO_COLOR: "1" },
			painted: "x",
		},
	])("on a terminal: $isTTY, with $environment", (given) => {
		const paint = paintFor({ isTTY: given.isTTY }, given.environment);
		expect(paint("red", "x")).toBe(given.painted);
	});
});

describe("progress", () => {
	function streamOf(isTTY: boolean) {
		const written: string[] = [];
		const write = (text: string | Uint8Array) => {
			written.push(String(text));
			return true;
		};
		return { isTTY, columns: 10, write, written };
	}

	it("is one line that goes away", () => {
		const stream = streamOf(true);
		const progress = progressOn(stream);
		progress.show("playing 1/2 alternating");
		progress.clear();
		progress.clear();
		expect(stream.written).toEqual(["\r\x1b[2Kplaying 1", "\r\x1b[2K"]);
	});

	it("is for people only", () => {
		const stream = streamOf(false);
		const progress = progressOn(stream);
		progress.show("playing");
		progress.clear();
		expect(stream.written).toEqual([]);
	});
});
