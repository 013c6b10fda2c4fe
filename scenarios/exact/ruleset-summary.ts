/** What is known of the rulesets that were played, in a few lines each. */
import {
	compareRationals,
	printPercent,
	printRational,
	ZERO,
} from "../../sim/rational.ts";
import type { Service, VectorSplit } from "../analysis/services/service.ts";
import type { Share } from "../analysis/split/split.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { analyseSetup } from "./analyse-setup.ts";

/** A ruleset as it was played: services with their exact shares, and what the linter finds. */
export interface RulesetSummary {
	readonly name: string;
	/** `null`: it has too many rules to be looked at. */
	readonly known: {
		readonly services: readonly ServiceLine[];
		readonly findings: readonly FindingLine[];
	} | null;
}

/** What one group of clients gets under some values of conditions. */
export interface ServiceLine {
	readonly service: string;
	readonly clients: string;
	/** `all alive`, `10.20.0.11:80 dead` */
	readonly when: string;
	/** `10.20.0.11:80 1/3, …`; those that get nothing are left out. */
	readonly shares: string;
}

export interface FindingLine {
	readonly code: string;
	readonly severity: string;
	/** 0: it is not in the file. */
	readonly line: number;
	readonly message: string;
}

/**
 * The distinct rulesets of scenarios, in their order; each is analysed in the gateway of the first scenario
 * that plays it.
 * @param most so many are analysed; the others are left out
 */
export function rulesetSummaries(
	scenarios: readonly PlayableScenario[],
	most: number,
): {
	readonly rulesets: readonly RulesetSummary[];
	readonly leftOut: number;
} {
	const setups = new Map<string, PlayableScenario["setup"]>();
	for (const { setup } of scenarios) {
		const key = JSON.stringify(setup.ruleset);
		if (!setups.has(key)) setups.set(key, setup);
	}
	return {
		rulesets: [...setups.values()].slice(0, most).map(summaryOf),
		leftOut: Math.max(0, setups.size - most),
	};
}

function summaryOf(setup: PlayableScenario["setup"]): RulesetSummary {
	const { name } = setup.ruleset;
	const found = analyseSetup(setup);
	if (found === null) return { name, known: null };
	return {
		name,
		known: {
			services: found.analysis.services.flatMap(serviceLines),
			findings: found.findings.map(({ lint, severity, at, message }) => {
				return { code: lint.code, severity, line: at.line, message };
			}),
		},
	};
}

function serviceLines({ key, name, classes }: Service): readonly ServiceLine[] {
	const service = name === null ? key : `${name} (${key})`;
	return classes.flatMap(({ name: clients, vectors }) =>
		vectors.map(({ name: when, split }) => {
			return { service, clients, when, shares: sharesText(split) };
		}),
	);
}

function sharesText({ parts }: VectorSplit["split"]): string {
	return parts
		.filter(
			({ share }) =>
				share.kind !== "exact" || compareRationals(share.value, ZERO) > 0,
		)
		.map(({ key, share }) => `${key} ${shareText(share)}`)
		.join(", ");
}

/** Fractions longer than this are shown as per cent. */
const LONGEST = 12;

function shareText(share: Share): string {
	switch (share.kind) {
		case "exact": {
			const fraction = printRational(share.value);
			return fraction.length <= LONGEST ? fraction : printPercent(share.value);
		}
		case "interval":
			return `${printRational(share.least)} to ${printRational(share.greatest)} (${share.on})`;
		case "unknown":
			return `unknown: ${share.why}`;
	}
}
