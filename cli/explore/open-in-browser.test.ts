import { expect, it } from "vitest";
import { openInBrowser } from "./open-in-browser.ts";

const NODE = process.execPath;

it("opens a page, and does not wait for the browser's end", async () => {
	await openInBrowser("file:///page.html", [NODE, "-e", "process.exit(0)"]);
	await openInBrowser("file:///page.html", [
		NODE,
		"-e",
		"setTimeout(() => {}, 4000)",
	]);
});

it.each([
	[["no-such-program"], /no-such-program is not there/],
	[[NODE, "-e", "process.exit(3)"], /has found no browser \(it ended with 3\)/],
] as const)("says that %j opens nothing", async (words, says) => {
	const opened = openInBrowser("file:///page.html", [...words]);
	await expect(opened).rejects.toThrow(says);
});
