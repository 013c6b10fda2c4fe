/** Rulesets with a planted fault, by seed. */
import type { Choice } from "../../../sim/chance/choice.ts";
import type { PropertyName } from "./state/events.ts";
import { cascadeFor, recipeFor } from "./test-dialogue.ts";

/** A ruleset, the same with a fault, and a property that the fault violates. */
interface Planted {
	readonly backends: number;
	readonly right: string;
	readonly wrong: string;
	readonly violates: PropertyName;
}

type Plant = (backends: number, choice: Choice) => Planted;

function recipe(
	backends: number,
	violates: PropertyName,
	edits: Parameters<typeof recipeFor>[1],
): Planted {
	return {
		backends,
		right: recipeFor(backends),
		wrong: recipeFor(backends, edits),
		violates,
	};
}

const one = (backends: number, choice: Choice) =>
	choice.pick(backends, "backend") + 1;

const FAULTS: Readonly<Record<string, Plant>> = {
	"a mask without a bit of the mark": (backends, choice) => {
		const bad = one(backends, choice);
		const lost = bad & -bad;
		const mask = 0xff & ~lost;
		return recipe(backends, "liveness", {
			reads: (at) => (at === bad ? `${at}/0x${mask.toString(16)}` : `${at}`),
		});
	},
	"a mark that no rule reads": (backends, choice) => {
		const bad = one(backends, choice);
		const other = backends + 1 + choice.pick(9, "mark");
		return recipe(backends, "liveness", {
			sets: (at) => `${at === bad ? other : at}`,
		});
	},
	"a mark that is saved before it is set": (backends) =>
		recipe(backends, "balance", { savesFirst: true }),
	"a mark that is not restored": (backends) =>
		recipe(backends, "balance", { restores: false }),
	"a counter that leaves connections over": (backends, choice) => {
		const more = 1 + choice.pick(3, "more");
		return {
			backends,
			right: cascadeFor(backends, (_, right) => right),
			wrong: cascadeFor(backends, (_, right) => right + more),
			violates: "liveness",
		};
	},
	"a condition with the other sense": (backends, choice) => {
		const bad = one(backends, choice);
		return recipe(backends, "no-dead-backend", {
			sense: (at) => (at === bad ? "" : "! "),
		});
	},
};

const kinds = Object.keys(FAULTS);

/** What is wrong with that of a seed. */
export function kindOf(seed: number): string {
	return kinds[seed % kinds.length] as string;
}

/** @param choice of the seed */
export function plantedBy(seed: number, choice: Choice): Planted {
	const backends = 2 + choice.pick(4, "backends");
	return (FAULTS[kindOf(seed)] as Plant)(backends, choice);
}
