/**
 * The form of the configuration once defaults are in it. The entries that scenarios have as well are
 * theirs. This room knows no valibot: a schema is used through Standard Schema, the interface for
 * those who do not know its library (https://standardschema.dev).
 */
import type { ScenarioFault } from "../../../scenarios/language/scenario-error.ts";
import {
	address,
	byKind,
	list,
	object,
	oneLine,
	oneOf,
	port,
	yesNo,
} from "../../../scenarios/language/schema/schema.ts";
import {
	healthPolicyEntries,
	orNull,
} from "../../../scenarios/language/schema/schema-world.ts";
import { invariant } from "../../../sim/invariant.ts";
import type { ProbeSettings } from "./config.ts";

const words = list(oneLine);

const probe = byKind([
	object({
		kind: oneOf(["smtp"]),
		ehlo: orNull(oneLine),
		starttls: yesNo,
		verify: yesNo,
		serverName: orNull(oneLine),
	}),
	object({ kind: oneOf(["tcp"]) }),
	object({ kind: oneOf(["command"]), command: words }),
]);

const configSchema = object({
	targets: list(
		object({
			backend: oneLine,
			address,
			port,
			condition: oneLine,
			probe: orNull(probe),
		}),
	),
	probe,
	...healthPolicyEntries,
	initially: oneOf(["found", "alive", "dead"]),
	aliveValue: oneLine,
	deadValue: oneLine,
	conditions: oneLine,
	write: orNull(object({ command: words })),
	conntrack: words,
	onExit: oneOf(["keep", "alive", "dead"]),
	status: orNull(oneLine),
});

type Validated = ReturnType<(typeof configSchema)["~standard"]["validate"]>;
type Valid = Extract<Validated, { readonly issues?: undefined }>;
/** A target that says nothing of its probe has that of the file. */
export type GivenConfig = Valid["value"];

/** Not both of them are empty. */
export interface FormChecked {
	readonly config: GivenConfig | null;
	readonly faults: readonly ScenarioFault[];
}

export function checkForm(given: unknown): FormChecked {
	// To a schema a list is an object without any of the keys: one fault is enough.
	if (Array.isArray(given)) {
		const message = "expected an object, not a list";
		const remedy = 'Write it so: { "targets": [ … ] }.';
		return { config: null, faults: [{ path: "", message, remedy }] };
	}
	const result = configSchema["~standard"].validate(given);
	invariant(!(result instanceof Promise), "a check of the form waits");
	if (result.issues === undefined) return { config: result.value, faults: [] };
	const faults = result.issues.map(({ message, path = [] }) => {
		const [what = "", ...remedy] = message.split("\n");
		return {
			path: pathOf(path),
			message: what,
			remedy: remedy.join("\n    "),
		};
	});
	return { config: null, faults };
}

type Segment = PropertyKey | { readonly key: PropertyKey };

/** `targets[0].port` */
function pathOf(segments: readonly Segment[]): string {
	return segments
		.map((segment) => (typeof segment === "object" ? segment.key : segment))
		.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
		.join("")
		.replace(/^\./, "");
}

/** Of a checked form, so nothing is left to find out. */
export function probesOf(config: GivenConfig): readonly ProbeSettings[] {
	return config.targets.map((target) => target.probe ?? config.probe);
}
