/** The recipe beside proxies in the router's place, measured. */
import { cpus, loadavg, totalmem } from "node:os";
import {
	type Contestant,
	contestants,
} from "../../lab/docker/measure/contestants.ts";
import type { RunFigures } from "../../lab/docker/measure/figures.ts";
import { measureOnce } from "../../lab/docker/measure/measure.ts";
import {
	type Measured,
	type Measurement,
	measurementText,
} from "../../lab/docker/measure/table.ts";
import { type Prepared, prepareLab } from "../../lab/docker/play/docker-lab.ts";
import { routerWish } from "../../lab/docker/router/router-kernel.ts";
import { LabError } from "../../lab/lab-error.ts";
import { findImage } from "../../lab/vm/image/image.ts";
import { imageOf } from "../../lab/vm/image/wish.ts";
import {
	recipeHealthCheck,
	recipeSetup,
} from "../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { resolveRules } from "../../scenarios/load/load-scenarios.ts";
import { recipeRules } from "../../scenarios/suites/index.ts";
import { invariant } from "../../sim/invariant.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustBeWritable, STANDARD, writeText } from "../files/files.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { err, out } from "../screen/screen.ts";
import type { MeasureOptions } from "./options.ts";

/** @returns the exit code */
export async function measure(options: MeasureOptions): Promise<number> {
	const { runs, json, kernel } = options;
	if (json !== undefined) await mustBeWritable(json);
	const began = performance.now();
	const say = (line: string) => {
		const seconds = ((performance.now() - began) / 1_000).toFixed(1);
		err.show([`${seconds.padStart(6)} s  ${line}`]);
	};
	const recipe = await recipeRules();
	const scenario = await resolveRules(
		{
			name: "measure",
			suite: "",
			title: "",
			story: "",
			trap: null,
			setup: recipeSetup({ ruleset: recipe, healthCheck: recipeHealthCheck() }),
			steps: [],
			expect: [],
			endMs: 0,
		},
		".",
		{ file: "" },
	);
	// The host's kernel is asked in any case: proxies run on it.
	const prepared = await prepareLab(routerWish({ kernel: "auto" }), say);
	const { host } = prepared;
	invariant(host !== null, "the host's kernel was prepared");
	const image = findImage(imageOf(DEFAULT_LINUX, kernel));
	const all = contestants(host, {
		recipe: recipe.text,
		machine: image === null ? null : { kind: "vm", image, iptables: "legacy" },
	});
	const [before = 0] = loadavg();
	const { measured, missing } = await measureAll(all, {
		prepared,
		scenario,
		runs,
		say,
	});
	if (image === null)
		missing.push(
			"the recipe on a virtual machine's kernel, which has not been built (marktwin lab build)",
		);
	const measurement: Measurement = {
		createdAt: new Date().toISOString(),
		machine: await machineName(prepared),
		loadAverage: { before, after: loadavg()[0] ?? 0 },
		measured,
		missing,
	};
	// Whoever wants JSON there wants nothing else there.
	const screen = json === STANDARD ? err : out;
	screen.show([measurementText(measurement).trimEnd()]);
	if (json !== undefined)
		await writeText(json, `${jsonLine(measurement, 1)}\n`);
	return EXIT.holds;
}

/**
 * In turns, so that what else goes on meanwhile troubles all of them alike. Whoever fails once is not
 * measured any more, and it is said why: the others' figures are not lost for it.
 */
async function measureAll(
	all: readonly Contestant[],
	how: {
		readonly prepared: Prepared;
		readonly scenario: PlayableScenario;
		readonly runs: number;
		readonly say: (line: string) => void;
	},
): Promise<{ readonly measured: Measured[]; readonly missing: string[] }> {
	const figures = new Map<Contestant, RunFigures[]>();
	for (const contestant of all) figures.set(contestant, []);
	const missing: string[] = [];
	for (let run = 1; run <= how.runs; run++)
		for (const [contestant, own] of figures) {
			how.say(`run ${run} of ${how.runs}: ${contestant.name}`);
			try {
				own.push(await measureOnce(how.prepared, how.scenario, contestant));
			} catch (error) {
				if (!(error instanceof LabError)) throw error;
				figures.delete(contestant);
				missing.push(`${contestant.name}, since ${error.message}`);
			}
		}
	const measured = [...figures].map(([{ name, about }, runs]) => ({
		name,
		about,
		runs,
	}));
	return { measured, missing };
}

async function machineName({
	docker,
	engine,
	host,
}: Prepared): Promise<string> {
	const { NCPU: count } = (await docker.info()) as { readonly NCPU: number };
	const model = cpus()[0]?.model ?? "unknown processor";
	const memory = Math.round(totalmem() / 2 ** 30);
	return `${count} cores (${model}), ${memory} GB, linux ${host?.release}, docker ${engine}`;
}
