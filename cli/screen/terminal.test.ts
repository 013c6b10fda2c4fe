import { describe, expect, it } from "vitest";
import { progressOn, wantsColour } from "./terminal.ts";

describe("colour", () => {
	it.each([
		{ isTTY: true, environment: {}, isColoured: true },
		{ isTTY: false, environment: {}, isColoured: false },
		{ isTTY: true, environment: { NO_COLOR: "1" }, isColoured: false },
		{ isTTY: true, environment: { NO_COLOR: "" }, isColoured: true },
		{ isTTY: true, environment: { TERM: "dumb" }, isColoured: false },
		{ isTTY: false, environment: { FORCE_COLOR: "1" }, isColoured: true },
		{ isTTY: true, environment: { FORCE_COLOR: "0" }, isColoured: false },
		{
			isTTY: false,
			environment: { FORCE_COLOR: "1", NO_COLOR: "1" },
			isColoured: false,
		},
	])("on a terminal: $isTTY, with $environment", (given) => {
		expect(wantsColour({ isTTY: given.isTTY }, given.environment)).toBe(
			given.isColoured,
		);
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
