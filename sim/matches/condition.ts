import { defineMatch } from "../extension/extension.ts";
import { refusedName } from "../extension/kernel-refusal.ts";
import { isProcName } from "../extension/values/names.ts";
import type { Stateful } from "../stateful.ts";

interface Options {
	readonly name: string;
	readonly inverted: boolean;
}

/** What `/proc/net/nf_condition/NAME` shows: 0 or 1. */
export class ConditionVariable implements Stateful<boolean> {
	value = false;

	save(): boolean {
		return this.value;
	}

	restore(value: boolean): void {
		this.value = value;
	}
}

/** CONDITION_NAME_LEN counts the closing NUL (xtables-addons 3.23, xt_condition.h). */
const GREATEST_LENGTH = 30;

/**
 * Is the switch of that name on? (xtables-addons 3.23: libxt_condition.c, xt_condition.c). The first
 * rule that names a switch makes it, off; it goes with the last one.
 */
export const condition = defineMatch<Options>({
	name: "condition",
	library: { package: "xtables-addons" },
	neverEqual: true,
	options: [
		{
			name: "condition",
			type: "string",
			invertible: true,
			repeatable: true,
		},
	],
	build(given) {
		const [variable, second] = given.all("condition", "string");
		if (!variable)
			return given.refuse(
				"Condition match: must specify --condition",
				"Name the switch: `--condition NAME`.",
			);
		if (second)
			return given.refuse(
				"Can't specify multiple conditions",
				"Write `-m condition` anew for each of them.",
				"condition",
			);
		if (variable.text.length > GREATEST_LENGTH)
			return given.refuse(
				"File name too long",
				`A name has at most ${GREATEST_LENGTH} characters.`,
				"condition",
			);
		return { name: variable.text, inverted: variable.inverted };
	},
	// The blank at the end is the module's own.
	print: ({ name, inverted }) =>
		`${inverted ? " !" : ""} --condition "${name}" `,
	/** `xt_check_proc_name` (x_tables.c, 6.1). */
	check({ name }) {
		return !isProcName(name)
			? refusedName(`xt_condition: name not allowed or too long: "${name}"`)
			: null;
	},
	actsAtLoad: true,
	question: ({ name, inverted }) => ({ kind: "condition", name, inverted }),
	compile({ name, inverted }, ports) {
		const variable = ports.named(
			"condition",
			name,
			() => new ConditionVariable(),
		);
		return inverted ? () => !variable.value : () => variable.value;
	},
});
