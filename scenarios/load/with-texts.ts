/** A scenario whose files are texts in it, so that it needs nothing but itself. */
import { RulesetError } from "../../sim/ruleset/base/ruleset-error.ts";
import { restoreForm } from "../../sim/script/check-rules.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { withListenerBackends } from "../../sim/world/setup/services.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import type {
	PlayableScenario,
	RulesetSource,
	Scenario,
	ScenarioStep,
	SetsSource,
} from "../language/scenario.ts";

/** A ruleset that stands in for every file of some name. @public */
export interface RulesText {
	readonly name: string;
	readonly text: string;
}

/** The texts of what a scenario names. Paths say where in it: `steps[2].operation.file`. */
interface Texts {
	rules(source: RulesetSource, path: string): RulesText | Promise<RulesText>;
	sets(source: SetsSource, path: string): string | Promise<string>;
	/** A script that cannot be read is left as it is, with its fault; else that is thrown. */
	readonly keepsFaulty?: boolean;
}

interface WithTexts {
	readonly scenario: PlayableScenario;
	readonly faults: readonly RulesetError[];
	/** What scripts do besides that is not played. */
	readonly notes: readonly Note[];
}

/**
 * Puts the texts in. A shell script of iptables commands becomes what iptables-restore takes in its place; ports on
 * which the gateway listens are backends.
 * @throws RulesetError with the faults of a script, unless `keepsFaulty`
 */
export async function withTexts(
	scenario: Scenario,
	texts: Texts,
): Promise<WithTexts> {
	const { linux } = scenario.setup.gateway;
	const faults: RulesetError[] = [];
	const notes: Note[] = [];
	const rules = async (
		source: RulesetSource,
		path: string,
	): Promise<RulesText> => {
		const { name, text } = await texts.rules(source, path);
		try {
			const restored = restoreForm(text, name, linux);
			notes.push(...restored.notes);
			return { name, text: restored.text };
		} catch (error) {
			if (!texts.keepsFaulty || !(error instanceof RulesetError)) throw error;
			faults.push(error);
			return { name, text };
		}
	};
	const { sets, ...gateway } = scenario.setup.gateway;
	const ruleset = await rules(scenario.setup.ruleset, "setup.ruleset.file");
	const steps: Step[] = [];
	for (const [index, step] of scenario.steps.entries())
		steps.push(
			await withText(step, {
				rules: (source) => rules(source, `steps[${index}].operation.file`),
				sets: (source) =>
					texts.sets(source, `steps[${index}].operation.input.file`),
			}),
		);
	const playable = {
		...scenario,
		setup: withListenerBackends({
			...scenario.setup,
			ruleset,
			gateway:
				sets === undefined
					? gateway
					: {
							...gateway,
							sets: await texts.sets(sets, "setup.gateway.sets.file"),
						},
		}),
		steps,
	};
	return { scenario: playable, faults, notes };
}

async function withText(
	step: ScenarioStep,
	textOf: {
		rules(source: RulesetSource): Promise<RulesText>;
		sets(source: SetsSource): string | Promise<string>;
	},
): Promise<Step> {
	if (step.kind !== "operation") return step;
	const { operation } = step;
	if (operation.kind === "ipset") {
		const { kind, command, input } = operation;
		return {
			...step,
			operation:
				input === undefined
					? { kind, command }
					: { kind, command, input: await textOf.sets(input) },
		};
	}
	if (operation.kind !== "restore") return { ...step, operation };
	const { file, noflush, counters } = operation;
	const source =
		"text" in operation ? { name: file, text: operation.text } : { file };
	const { name, text } = await textOf.rules(source);
	return {
		...step,
		operation: { kind: "restore", file: name, text, noflush, counters },
	};
}
