/** Opens a page with the program that the system has for it. */
import { spawn } from "node:child_process";
import { InputError } from "../screen/input-error.ts";

/** A program that finds no browser ends by then; one that is the browser goes on. */
const GRACE_MS = 2_000;

function opener(): readonly [program: string, ...words: string[]] {
	if (process.platform === "darwin") return ["open"];
	return process.platform === "win32" ? ["explorer.exe"] : ["xdg-open"];
}

/**
 * Does not wait for the browser's end.
 * @throws InputError where no browser opens it
 */
export function openInBrowser(
	address: string,
	[program, ...words] = opener(),
): Promise<void> {
	return new Promise((resolve, reject) => {
		const fail = (why: string) =>
			reject(
				new InputError(
					`--open: ${program} ${why}; the page is written, and not opened`,
					`Open it by hand: ${address}`,
				),
			);
		const started = spawn(program, [...words, address], {
			detached: true,
			stdio: "ignore",
		});
		const timer = setTimeout(() => {
			started.unref();
			resolve();
		}, GRACE_MS);
		started.once("error", () => {
			clearTimeout(timer);
			fail("is not there");
		});
		started.once("exit", (code, signal) => {
			clearTimeout(timer);
			// Explorer ends with 1 whatever it did.
			if (code === 0 || program === "explorer.exe") resolve();
			else fail(`has found no browser (it ended with ${code ?? signal})`);
		});
	});
}
