/** What a fuzz had to show, and what it has shown: one account of it, for JUnit, summaries and annotations alike. */
import type { FuzzView } from "../contract/report.ts";
import { counted, number } from "../wording.ts";

export interface FuzzCheck {
	readonly kind: "divergences" | "chance" | "unknown" | "holes";
	/** The same whatever was drawn. */
	readonly name: string;
	/** `incomplete`: nothing is wrong, and not everything was seen. */
	readonly status: "holds" | "violated" | "incomplete";
	/** What keeps it from holding; "" when nothing does. */
	readonly sentence: string;
	/** One by one. */
	readonly lines: readonly string[];
}

export function fuzzChecks(fuzz: FuzzView): readonly FuzzCheck[] {
	return [
		ofDivergences(fuzz),
		...(fuzz.chances.length === 0 ? [] : [ofChance(fuzz)]),
		ofUnknown(fuzz),
		ofHoles(fuzz),
	];
}

function ofDivergences({
	divergences,
	rulesets,
	packets,
}: FuzzView): FuzzCheck {
	const played = `${counted(rulesets, "ruleset")} and ${counted(packets, "packet")}`;
	return check(divergences > 0, {
		kind: "divergences",
		name: "model and kernel agree on generated rulesets",
		status: "violated",
		sentence: `${counted(divergences, "divergence")} in ${played}`,
		lines: [],
	});
}

function ofChance({ chances }: FuzzView): FuzzCheck {
	const outside = chances.filter(({ isInside }) => !isInside);
	return check(outside.length > 0, {
		kind: "chance",
		name: "chance decides as often as it has to",
		status: "violated",
		sentence: `${outside.length} of ${counted(chances.length, "rule")} of chance matched too often or too seldom`,
		lines: outside.map(
			({ rule, packets, model, kernel, low, high }) =>
				`${rule}, of ${number(packets)} packets: model ${number(model)}, kernel ${number(kernel)}; ${number(low)} to ${number(high)} are right`,
		),
	});
}

function ofUnknown({ unknown }: FuzzView): FuzzCheck {
	const times = unknown.reduce((sum, one) => sum + one.times, 0);
	return check(times > 0, {
		kind: "unknown",
		name: "the model knows what becomes of every packet",
		status: "incomplete",
		sentence: `${counted(times, "time")} the model did not know`,
		lines: unknown.map((one) => `${one.what} (${number(one.times)})`),
	});
}

function ofHoles({ coverage }: FuzzView): FuzzCheck {
	const many = coverage.reduce((sum, { holes }) => sum + holes.length, 0);
	const total = coverage.reduce((sum, one) => sum + one.total, 0);
	return check(many > 0, {
		kind: "holes",
		name: "everything that is modelled was met",
		status: "incomplete",
		sentence: `${number(many)} of ${number(total)} were not met`,
		lines: coverage
			.filter(({ holes }) => holes.length > 0)
			.map(({ title, holes }) => `${title}: ${holes.join(", ")}`),
	});
}

function check(isShort: boolean, otherwise: FuzzCheck): FuzzCheck {
	return isShort
		? otherwise
		: { ...otherwise, status: "holds", sentence: "", lines: [] };
}
