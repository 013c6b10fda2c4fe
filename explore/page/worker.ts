/** The worker of the page: the model runs here, so that the page stays quick. Two of them run: one plays, one looks at rules. */

import type { FromStudy, ToPlay, ToStudy } from "../engine/messages.ts";
import { PlayWorker } from "../engine/play-worker.ts";
import { study } from "../engine/study.ts";

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

const worker = new PlayWorker({
	post: (message) => postMessage(message),
	// A timer would wait for four milliseconds.
	breathe: () =>
		new Promise((resolve) => {
			waiting.push(resolve);
			channel.port2.postMessage(null);
		}),
	nowMs: () => performance.now(),
});

addEventListener("message", ({ data }: MessageEvent<ToPlay | ToStudy>) => {
	if ("kind" in data) void worker.take(data);
	else postMessage(studied(data));
});

function studied({ number, rules }: ToStudy): FromStudy {
	try {
		return { number, study: study(rules) };
	} catch (error) {
		const failed = error instanceof Error ? error.message : String(error);
		return { number, failed };
	}
}
