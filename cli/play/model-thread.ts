/** The model in a thread of its own, so that several scenarios are played at a time. */
import { type ResourceLimits, Worker } from "node:worker_threads";
import { LabError } from "../../lab/lab-error.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import type { RunOptions } from "../../scenarios/run/run-scenario.ts";

/** What a thread is sent: a scenario to play. */
export interface ToThread {
	readonly scenario: PlayableScenario;
	readonly settings: RunOptions;
}

/** What it answers: what happened, or the error that kept it from happening. */
export type FromThread =
	| { readonly kind: "result"; readonly result: RunResult }
	| {
			readonly kind: "error";
			/** Of an error's own fields, threads hand on only these; its class is told by its name. */
			readonly error: Readonly<Record<"name" | "message" | "stack", string>>;
	  };

/** Plays one scenario at a time. */
export interface ModelThread {
	/**
	 * @throws what the play threw; LabError when the thread had no memory left, and an Error when it died
	 * otherwise: the next play gets a new one
	 */
	play(scenario: PlayableScenario, settings: RunOptions): Promise<RunResult>;
	close(): Promise<void>;
}

/** Threads load what was built; tsx, which loads the sources, does not follow them there. */
export const HAS_THREADS = import.meta.url.endsWith(".js");

const PROGRAM = new URL("../model-worker.js", import.meta.url);

/**
 * @param program what a thread runs
 * @param resourceLimits of a thread; left out: as much as Node has in this one
 */
export function openModelThread(
	program: URL = PROGRAM,
	resourceLimits: ResourceLimits = {},
): ModelThread {
	let worker: Worker | null = null;
	return {
		async play(scenario, settings) {
			worker ??= new Worker(program, { resourceLimits });
			const sent: ToThread = { scenario, settings };
			const answer = answerOf(worker);
			worker.postMessage(sent);
			const told = await answer.catch((error: unknown) => {
				// It is no more.
				worker = null;
				throw error;
			});
			if (told.kind === "result") return told.result;
			throw Object.assign(new Error(told.error.message), told.error);
		},
		async close() {
			await worker?.terminate();
		},
	};
}

function answerOf(thread: Worker): Promise<FromThread> {
	return new Promise((resolve, reject) => {
		const isOver = () =>
			thread
				.off("message", onMessage)
				.off("error", onError)
				.off("exit", onExit);
		const onMessage = (answer: FromThread) => {
			isOver();
			resolve(answer);
		};
		const onError = (error: NodeJS.ErrnoException) => {
			isOver();
			const isFull = error.code === "ERR_WORKER_OUT_OF_MEMORY";
			reject(isFull ? outOfMemory() : error);
		};
		const onExit = (code: number) => {
			isOver();
			reject(new Error(`The thread of the model ended with ${code}.`));
		};
		thread.on("message", onMessage).on("error", onError).on("exit", onExit);
	});
}

function outOfMemory(): LabError {
	return new LabError({
		code: "died",
		place: "the thread of the model",
		message: "no memory is left",
		remedy:
			"--max-memory ends a scenario before; NODE_OPTIONS=--max-old-space-size gives Node more.",
	});
}
