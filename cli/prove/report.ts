/** A proof as a page shows it: properties × events, and each counterexample as a play. */
import type { Played } from "../../reports/build/build.ts";
import type {
	CounterexampleView,
	ProofCell,
	ProofView,
	ServiceProofView,
} from "../../reports/contract/report-proof.ts";
import {
	PROPERTIES,
	type PropertyName,
	QUIET,
} from "../../scenarios/analysis/prove/state/events.ts";
import {
	type Counterexample,
	outcomeOf,
	type Result,
	type Run,
	type ServiceProof,
} from "../../scenarios/analysis/prove/state/proof.ts";
import { collectRunDetails } from "../../scenarios/details/run-details.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import type { PageOutput } from "../outputs/page.ts";
import { type NamedCounterexample, playCommand } from "./counterexamples.ts";
import { assumedWords, folded, type ProvedFile, whyWords } from "./print.ts";

/** By counterexample: its name, and the command that plays it. */
type Plays = ReadonlyMap<
	Counterexample,
	{ readonly name: string; readonly replay: string }
>;

/** Connections of a play that are followed: it has few. */
const FOLLOWED = { connections: 40 };

/** @param folder that counterexamples were written into; left out: none */
export async function writeProofPage(
	write: NonNullable<PageOutput["write"]>,
	proved: readonly ProvedFile[],
	{
		counterexamples,
		folder,
	}: {
		readonly counterexamples: readonly NamedCounterexample[];
		readonly folder: string | undefined;
	},
): Promise<void> {
	const plays: Plays = new Map(
		counterexamples.map(({ counterexample, name }) => [
			counterexample,
			{ name, replay: playCommand(name, folder) },
		]),
	);
	await write({
		proofs: proved.map((one) => proofView(one, plays)),
		played: counterexamples.map(({ scenario, name }): Played => {
			const result = checkScenario(scenario);
			const details = collectRunDetails(result, FOLLOWED);
			const replay = playCommand(name, folder);
			return { kind: "result", result, details, comparison: null, replay };
		}),
	});
}

function proofView({ file, proof }: ProvedFile, plays: Plays): ProofView {
	const { services, leftOut } = proof;
	const [first] = services;
	return {
		file,
		status: outcomeOf(proof),
		assumed: first === undefined ? "" : assumedWords(first.assumed),
		quiet: `Quiet operation is: ${QUIET}.`,
		services: services.map((one) => serviceView(one, plays)),
		leftOut,
	};
}

/** Of a service, and a class of its clients. */
function serviceView(one: ServiceProof, plays: Plays): ServiceProofView {
	const { runs, names, cannot } = columnsOf(one);
	const shown = new Map<Counterexample, CounterexampleView>();
	const indexOf = (counterexample: Counterexample, title: string) => {
		if (!shown.has(counterexample))
			shown.set(counterexample, playOf(counterexample, title, plays));
		return [...shown.keys()].indexOf(counterexample);
	};
	const properties = PROPERTIES.map(({ name, words }) => {
		const cells = runs.map((run, at) =>
			cellOf(name, run, (found) => indexOf(found, `${name}, ${names[at]}`)),
		);
		return { name, about: words, cells };
	});
	return {
		service: `${one.service}, ${one.clients}`,
		events: names,
		cannot,
		properties,
		counterexamples: [...shown.values()],
	};
}

/** Events that do not happen here have no row where all were tried, each by itself; what was asked for has one. */
function columnsOf({ assumed, single }: ServiceProof): {
	readonly runs: readonly Run[];
	readonly names: readonly string[];
	readonly cannot: readonly string[];
} {
	const all = single.length === 0 ? [assumed] : single;
	const runs =
		single.length === 0 ? all : all.filter(({ cannot }) => cannot.length === 0);
	const names = runs.map(({ events }) =>
		events.length === 0 ? "quiet operation" : events.join(", "),
	);
	return { runs, names, cannot: all.flatMap(({ cannot }) => cannot) };
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
	plays: Plays,
): CounterexampleView {
	const { steps, happens } = counterexample;
	const { name = "", replay = "" } = plays.get(counterexample) ?? {};
	return { title, steps: folded(steps), happens, entry: name, replay };
}
