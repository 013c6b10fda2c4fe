/** Opens a page with the program that the system has for it. */
import { spawn } from "node:child_process";

/**
 * Does not wait for the browser's end.
 * @returns what to say: nothing, or why it could not be opened
 */
export function openInBrowser(address: string): Promise<readonly string[]> {
	const [program, ...words] =
		process.platform === "darwin"
			? ["open", address]
			: process.platform === "win32"
				? ["explorer.exe", address]
				: ["xdg-open", address];
	return new Promise((resolve) => {
		const started = spawn(program, words, { detached: true, stdio: "ignore" });
		started.once("error", () =>
			resolve([`${program} is not there: open ${address} by hand.`]),
		);
		started.once("spawn", () => {
			started.unref();
			resolve([]);
		});
	});
}
