/**
 * Keeps one condition at what it should be: writes it, tries again while that fails, and mends it
 * when somebody else changed it. One write at a time, and only the newest value counts.
 */
import type { Conditions } from "./conditions.ts";
import type { Log } from "./log/log.ts";

export interface ConditionKeeper {
	/** What it should hold from now on. */
	want(value: string): void;
	/** Looks whether it still does. */
	check(): void;
	/** @returns whether it holds what it should, once nothing is under way any more */
	settled(): Promise<boolean>;
	readonly value: string | null;
	readonly isWritten: boolean;
}

/** @param isVerbose tells of writes that changed nothing, too */
export function keepCondition(
	name: string,
	conditions: Conditions,
	log: Log,
	isVerbose: boolean,
): ConditionKeeper {
	let wanted: string | null = null;
	let inPlace: string | null = null;
	let told: string | null = null;
	let underWay: Promise<void> | null = null;

	function begin(value: string, found: string | null): void {
		underWay ??= write(value, found);
	}

	async function write(first: string, found: string | null): Promise<void> {
		let value = first;
		for (;;) {
			const reason = await conditions.write(name, value);
			if (reason === null) took(value, found);
			else refused(value, reason);
			if (wanted === null || wanted === value) break;
			value = wanted;
		}
		underWay = null;
	}

	function took(value: string, found: string | null): void {
		if (found !== null && inPlace === value)
			log({ event: "rewritten", name, value, found });
		else if (inPlace !== value || isVerbose)
			log({ event: "condition", name, value });
		inPlace = value;
		told = null;
	}

	function refused(value: string, reason: string): void {
		if (reason !== told) log({ event: "not-written", name, value, reason });
		inPlace = null;
		told = reason;
	}

	return {
		want(value) {
			wanted = value;
			begin(value, null);
		},
		check() {
			if (wanted === null || underWay !== null) return;
			const found = conditions.read === null ? inPlace : conditions.read(name);
			if (inPlace !== wanted || found !== wanted) begin(wanted, found);
		},
		async settled() {
			await underWay;
			return inPlace !== null && inPlace === wanted;
		},
		get value() {
			return wanted;
		},
		get isWritten() {
			return inPlace !== null && inPlace === wanted;
		},
	};
}
