import type { Failure } from "../outputs/results-file.ts";
import { err } from "../screen/screen.ts";
import { screenText } from "../screen/screen-text.ts";

/** As every bad input is told, besides where it stands among what was played. */
export function reportFailures(failures: readonly Failure[]): void {
	const wrong = failures.filter(({ cause }) => cause === "input");
	const [first] = wrong;
	if (first === undefined) return;
	const names = wrong.map(({ scenario }) => scenario.name).join(", ");
	err.show([
		`marktwin: could not be set up: ${screenText(names)}`,
		screenText(first.message),
	]);
}
