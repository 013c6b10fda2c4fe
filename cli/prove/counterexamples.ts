/** The counterexamples of a proof, each with a name of its own, and as files. */
import { join } from "node:path";
import { uniqueNames } from "../../reports/unique-names.ts";
import type { Counterexample } from "../../scenarios/analysis/prove/state/proof.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { shellLine } from "../../scenarios/result/invocation.ts";
import { writeText } from "../files/files.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { givenCommand } from "../outputs/page.ts";
import type { ProvedFile } from "./print.ts";

export interface NamedCounterexample {
	readonly counterexample: Counterexample;
	/** Of its scenario, and of its file without the extension. */
	readonly name: string;
	readonly scenario: PlayableScenario;
}

/** Of a file's name; file systems take 255 octets. */
const MOST_NAME = 120;

/** Of all rulesets, each once: what quiet operation violates is violated under every event. */
export function namedCounterexamples(
	proved: readonly ProvedFile[],
): readonly NamedCounterexample[] {
	const found = new Map<Counterexample, string>();
	for (const { proof } of proved)
		for (const { single, assumed } of proof.services)
			for (const { events, proved: results } of [assumed, ...single])
				for (const { result } of results) {
					if (result.kind !== "violated") continue;
					const { counterexample } = result;
					if (found.has(counterexample)) continue;
					const under = events.length === 0 ? "quiet" : events.join("-");
					const name = `${counterexample.scenario.name}-${under}`;
					found.set(counterexample, name.slice(0, MOST_NAME));
				}
	const names = uniqueNames([...found.values()]);
	return [...found.keys()].map((counterexample, index) => {
		const name = names[index] ?? "";
		const scenario = { ...counterexample.scenario, name };
		return { counterexample, name, scenario };
	});
}

function fileOf(name: string, folder: string): string {
	return join(folder, `${name}.scenario.json`);
}

/** Each as a scenario file. */
export async function writeCounterexamples(
	all: readonly NamedCounterexample[],
	folder: string,
): Promise<void> {
	for (const { name, scenario } of all)
		await writeText(fileOf(name, folder), `${jsonLine(scenario, 2)}\n`);
}

/** Where they are written when nothing is said of it. */
const FOLDER = "counterexamples";

/**
 * The command that plays one of them: what was not written is written first.
 * @param folder that they were written into; left out: none
 */
export function playCommand(name: string, folder: string | undefined): string {
	const play = shellLine(["marktwin", "run", fileOf(name, folder ?? FOLDER)]);
	// It ends with 1 where something is violated, so no && stands between them.
	return folder === undefined
		? `${givenCommand()} --counterexamples ${FOLDER}; ${play}`
		: play;
}
