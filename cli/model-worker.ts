/** What a thread of `marktwin run` runs: it plays what it is sent on the model, one scenario after the other. */
import { parentPort } from "node:worker_threads";
import { checkScenario } from "../scenarios/run/run-scenario.ts";
import type { FromThread, ToThread } from "./play/model-thread.ts";

parentPort?.on("message", (sent: ToThread) =>
	parentPort?.postMessage(answerTo(sent)),
);

function answerTo({ scenario, settings }: ToThread): FromThread {
	try {
		return { kind: "result", result: checkScenario(scenario, settings) };
	} catch (error) {
		const {
			name,
			message,
			stack = "",
		} = error instanceof Error ? error : new Error(String(error));
		return { kind: "error", error: { name, message, stack } };
	}
}
