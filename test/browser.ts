/** For tests that need a browser: whether there is one here, and one for all of a file's tests. */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { examine, remedyFor } from "../lab/doctor.ts";

const findings = examine(["browser"]);
const path = findings[0]?.found ?? null;

/** `describe`, where there is a browser; elsewhere skipped, and the name says why. */
export function describeInBrowser(name: string, tests: () => void): void {
	if (path !== null) describe(name, tests);
	else {
		const why = `no Chromium: ${remedyFor(findings)}`;
		process.stderr.write(`skipped, ${name}: ${why}\n`);
		describe.skip(`${name} (${why})`, tests);
	}
}

/** A browser that is closed after the file's tests, and that asks nobody for anything. */
export function browser(): () => Browser {
	let started: Browser | null = null;
	beforeAll(async () => {
		started = await chromium.launch({
			executablePath: path ?? "",
			args: [
				// In containers there is no sandbox to be had; only pages of our own are shown.
				"--no-sandbox",
				"--disable-gpu",
				"--disable-quic",
				"--no-first-run",
				"--disable-background-networking",
				"--disable-component-update",
				"--disable-sync",
			],
		});
	});
	afterAll(async () => started?.close());
	return () => started as Browser;
}
