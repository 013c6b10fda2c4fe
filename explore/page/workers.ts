/** The page's ends of its workers. */
import type {
	FromPlay,
	FromStudy,
	ToPlay,
	ToStudy,
} from "../engine/messages.ts";
import type { Rules, Study } from "../engine/study.ts";

function startWorker(code: string, name: string): Worker {
	const url = URL.createObjectURL(
		new Blob([code], { type: "text/javascript" }),
	);
	const worker = new Worker(url, { name });
	URL.revokeObjectURL(url);
	return worker;
}

/** The worker that plays. */
export interface Player {
	say(message: ToPlay): void;
	/** Ends whatever it does, and gives its memory back. */
	restart(): void;
}

export function startPlayer(
	code: string,
	hear: (message: FromPlay) => void,
): Player {
	let isUsed = false;
	let worker = begin();
	function begin(): Worker {
		const started = startWorker(code, "play");
		// What one said that was ended since is about another play.
		const isEnded = () => started !== worker;
		started.onmessage = ({ data }: MessageEvent<FromPlay>) => {
			if (!isEnded()) hear(data);
		};
		started.onerror = (event) => {
			if (!isEnded()) hear(broken(event));
		};
		return started;
	}
	return {
		say(message) {
			isUsed = true;
			worker.postMessage(message);
		},
		restart() {
			if (!isUsed) return;
			isUsed = false;
			worker.terminate();
			worker = begin();
		},
	};
}

function broken(event: ErrorEvent): FromPlay {
	return {
		kind: "failed",
		message: `This is a bug of marktwin: ${event.message || "the worker has ended"}. Start again.`,
	};
}

/** The worker that looks at rules: the latest ones alone. */
export interface Student {
	look(rules: Rules): void;
	/** What it may still find is of no interest any more. */
	drop(): void;
}

/** An analysis of earlier rules that still goes on is given up. */
export function startStudent(
	code: string,
	hear: (study: Study | null, failed: string) => void,
): Student {
	let worker: Worker | null = null;
	let number = 0;
	let isBusy = false;
	function begin(): Worker {
		const started = startWorker(code, "rules");
		started.onmessage = ({ data }: MessageEvent<FromStudy>) => {
			if (data.number !== number) return;
			isBusy = false;
			if ("study" in data) hear(data.study, "");
			else hear(null, data.failed);
		};
		started.onerror = (event) => {
			if (started === worker && isBusy) hear(null, event.message);
		};
		return started;
	}
	function drop(): void {
		number++;
		if (!isBusy) return;
		worker?.terminate();
		worker = null;
		isBusy = false;
	}
	return {
		drop,
		look(rules) {
			drop();
			worker ??= begin();
			isBusy = true;
			worker.postMessage({ number, rules } satisfies ToStudy);
		},
	};
}
