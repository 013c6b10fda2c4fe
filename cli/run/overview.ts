/**
 * All suites on one screen: a sign for each scenario, and what became of the connections of the one
 * that tells most.
 *
 *     split     ✓✓✓▲       121212121212  New connections alternate between the two backends
 *     failover  ✓✓✓✓✓✓✓✓▲  22222222      Backend 1 is dead: every new connection goes to backend 2
 */
import {
	type Outcome,
	type RunResult,
	worst,
} from "../../scenarios/result/result.ts";
import { nameText, screenText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";
import { path } from "./picture.ts";

export const SIGNS: Readonly<Record<Outcome, string>> = {
	holds: "✓",
	violated: "✗",
	unknown: "?",
};
/** Holds as it is told, and what is told is that the ruleset does wrong. */
export const TRAP = "▲";
export const COLOURS = {
	holds: "green",
	violated: "red",
	unknown: "yellow",
} as const;

const PATH_WIDTH = 16;
const LEGEND =
	"1, 2 …: the backend that each connection met; ·: none; │: something happened in between";

/** Nothing when there is one suite only: it is on the screen already. */
export function printOverview(
	results: readonly RunResult[],
	view: { readonly paint: Paint; readonly columns: number },
): readonly string[] {
	const { paint, columns } = view;
	const names = [...new Set(results.map(({ scenario }) => scenario.suite))];
	if (names.length < 2) return [];
	const rows = names.map((suite) => {
		const all = results.filter(({ scenario }) => scenario.suite === suite);
		const { scenario, account } = mostTelling(all);
		const backends = scenario.setup.backends.map(({ name }) => name);
		return {
			suite: nameText(screenText(suite)),
			all,
			title: nameText(screenText(scenario.title)),
			shown: path(backends, account, paint, PATH_WIDTH),
		};
	});
	const suiteWidth = Math.max(...rows.map(({ suite }) => suite.length));
	const signsWidth = Math.max(...rows.map(({ all }) => all.length));
	const pathWidth = Math.max(...rows.map(({ shown }) => shown.width));
	const room = columns - suiteWidth - signsWidth - pathWidth - 6;
	const lines = rows.map(({ suite, all, title, shown }) => {
		const signs = all.map((result) => signOf(result, paint)).join("");
		return [
			suite.padEnd(suiteWidth),
			signs + " ".repeat(signsWidth - all.length),
			shown.text + " ".repeat(pathWidth - shown.width),
			shortened(title, Math.max(room, 20)),
		].join("  ");
	});
	const legend = wrap(LEGEND, columns).map((line) => paint("dim", line));
	return ["", ...lines, "", ...legend];
}

/** The first of those that came out worst: suites begin with what they are about. */
function mostTelling(results: readonly RunResult[]): RunResult {
	const outcome = worst(results.map((result) => result.outcome));
	const found = results.find((result) => result.outcome === outcome);
	return found as RunResult;
}

function signOf({ scenario, outcome }: RunResult, paint: Paint): string {
	return scenario.trap !== null && outcome === "holds"
		? paint("yellow", TRAP)
		: paint(COLOURS[outcome], SIGNS[outcome]);
}

function shortened(text: string, width: number): string {
	return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
