/** What every step may be given besides what it does: a label, as an option or by itself. */
import * as v from "valibot";
import { text } from "../schema/schema.ts";
import { options } from "./check-arguments.ts";

/** Options of a step that has no others. @public */
export interface StepOptions {
	/** By which expectations and other steps name it. */
	readonly label?: string;
}

/** The options, or the label alone: `ip("rule flush", "flush")` is `ip("rule flush", { label: "flush" })`. @public */
export type LabelOrOptions = string | StepOptions;

/** @param given options that a builder takes, or a text in place of them */
export function labelOr<Options extends v.GenericSchema>(given: Options) {
	return v.lazy((one) => (typeof one === "string" ? text : given));
}

export const stepOptions = labelOr(options<StepOptions>({ label: text }));

export function labelOf(given: LabelOrOptions): string {
	return typeof given === "string" ? given : (given.label ?? "");
}
