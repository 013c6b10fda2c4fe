/** A proof as a page: properties × events, and each counterexample as a play. */
import { join } from "node:path";
import { buildReport, type Played } from "../../reports/build/build.ts";
import type {
	CounterexampleView,
	ProofCell,
	ProofView,
} from "../../reports/contract/report-proof.ts";
import { reportHtml } from "../../reports/formats/html.ts";
import {
	PROPERTIES,
	type PropertyName,
} from "../../scenarios/analysis/prove/state/events.ts";
import type {
	Counterexample,
	Result,
	Run,
	ServiceProof,
} from "../../scenarios/analysis/prove/state/proof.ts";
import { collectRunDetails } from "../../scenarios/details/run-details.ts";
import { shellLine } from "../../scenarios/result/invocation.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { version } from "../base/version.ts";
import { writeText } from "../files/files.ts";
import { readPage } from "../outputs/read-page.ts";
import type { NamedCounterexample } from "./confirm.ts";
import { folded, type ProvedFile, whyWords } from "./print.ts";

interface Shown {
	/** The command line behind `marktwin`. */
	readonly command: readonly string[];
	readonly counterexamples: readonly NamedCounterexample[];
	/** Where they were written; left out: nowhere. */
	readonly folder?: string;
}

/** Connections of a play that are followed: it has few. */
const FOLLOWED = { connections: 40 };

export async function writeProofReport(
	file: string,
	proved: readonly ProvedFile[],
	shown: Shown,
): Promise<void> {
	const played = shown.counterexamples.map(({ counterexample }): Played => {
		const result = checkScenario(counterexample.scenario);
		const details = collectRunDetails(result, FOLLOWED);
		return { kind: "result", result, details, comparison: null };
	});
	const made = buildReport({
		marktwin: version(),
		command: shellLine(["marktwin", ...shown.command]),
		createdAt: new Date().toISOString(),
		tookMs: null,
		seed: null,
		notices: [],
		notPlayed: [],
		played,
		fuzzed: null,
		verdicts: [],
		proofs: proved.flatMap((one) => proofViews(one, shown)),
	});
	await writeText(file, reportHtml(made, await readPage()));
}

/** One for each service and class of its clients. */
function proofViews(
	{ file, proof }: ProvedFile,
	shown: Shown,
): readonly ProofView[] {
	return proof.services.map((one) => {
		const { runs, names } = columnsOf(one);
		const plays = new Map<Counterexample, CounterexampleView>();
		const cells = (property: PropertyName) =>
			runs.map((run, at) =>
				cellOf(property, run, (counterexample) => {
					const title = `${property}, ${names[at]}`;
					if (!plays.has(counterexample))
						plays.set(counterexample, playOf(counterexample, title, shown));
					return [...plays.keys()].indexOf(counterexample);
				}),
			);
		const properties = PROPERTIES.map(({ name, words }) => {
			return { name, about: words, cells: cells(name) };
		});
		return {
			file,
			service: `${one.service}, ${one.clients}`,
			events: names,
			properties,
			counterexamples: [...plays.values()],
			leftOut: proof.leftOut,
		};
	});
}

/** Events that cannot happen to it have no column. */
function columnsOf({ assumed, single }: ServiceProof): {
	readonly runs: readonly Run[];
	readonly names: readonly string[];
} {
	const all = single.length === 0 ? [assumed] : single;
	const runs = all.filter(
		({ events, cannot }) =>
			events.length === 0 || cannot.length < events.length,
	);
	const names = runs.map(({ events }) =>
		events.length === 0 ? "quiet operation" : events.join(", "),
	);
	return { runs, names };
}

function cellOf(
	property: PropertyName,
	{ proved }: Run,
	indexOf: (counterexample: Counterexample) => number,
): ProofCell {
	const found = proved.find((one) => one.property === property);
	const result: Result = found?.result ?? {
		kind: "unknown",
		why: "it was not proved",
	};
	return {
		status: result.kind,
		words: whyWords(result),
		counterexample:
			result.kind === "violated" ? indexOf(result.counterexample) : -1,
	};
}

function playOf(
	counterexample: Counterexample,
	title: string,
	{ counterexamples, folder }: Shown,
): CounterexampleView {
	const { steps, happens } = counterexample;
	const named = counterexamples.find(
		({ counterexample: one }) => one.steps === steps,
	);
	const name = named?.name ?? "";
	return {
		title,
		steps: folded(steps),
		happens,
		entry: name,
		replay:
			folder === undefined || name === ""
				? ""
				: shellLine(["marktwin", "run", join(folder, `${name}.scenario.json`)]),
	};
}
