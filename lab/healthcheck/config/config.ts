/**
 * What the file behind `marktwin healthcheck --config` holds: its schema, and the types that follow from
 * it. Everything but `targets` has a default, the one of `recipeHealthCheck()` in scenarios, so that
 * those tell what to expect of a checker.
 */
import * as v from "valibot";
import { faultOf } from "../../../scenarios/language/fault-of-issue.ts";
import type { ScenarioFault } from "../../../scenarios/language/scenario-error.ts";
import type { SameShape } from "../../../scenarios/language/schema/same-shape.ts";
import {
	about,
	address,
	byKind,
	list,
	object,
	oneLine,
	oneOf,
	port,
	yesNo,
} from "../../../scenarios/language/schema/schema.ts";
import { httpCheckEntries } from "../../../scenarios/language/schema/schema-http-check.ts";
import { healthPolicyEntries } from "../../../scenarios/language/schema/schema-world.ts";
import type { HealthPolicy } from "../../../sim/endpoint/health-policy.ts";

const words = list(oneLine);
const policy = healthPolicyEntries;

const probe = byKind([
	about(
		object({
			kind: v.literal("smtp"),
			ehlo: v.optional(
				about(
					v.nullable(oneLine),
					"The name to greet with; the answer has to be 250. null: no greeting, unless STARTTLS needs one.",
				),
				null,
			),
			starttls: v.optional(about(yesNo, "TLS has to come about."), false),
			verify: v.optional(
				about(
					yesNo,
					"The certificate has to be valid, for serverName or else for the target's address.",
				),
				false,
			),
			serverName: v.optional(
				about(v.nullable(oneLine), "The name in the certificate."),
				null,
			),
		}),
		"Connect, wait for 220, greet and encrypt if that is asked for, say QUIT.",
	),
	about(
		object({ kind: v.literal("tcp") }),
		"Connect. The kernel of a stuck backend answers as well.",
	),
	about(
		object({ kind: v.literal("http"), ...httpCheckEntries }),
		"Connect, send a request, look at the answer. Redirects are not followed.",
	),
	about(
		object({
			kind: v.literal("https"),
			...httpCheckEntries,
			verify: v.optional(
				about(
					yesNo,
					"The certificate has to be valid, for host or else for the target's address.",
				),
				true,
			),
		}),
		"The same over TLS, asked for by the name of host.",
	),
	about(
		object({
			kind: v.literal("command"),
			command: about(
				words,
				"The program and its arguments. MARKTWIN_BACKEND, MARKTWIN_ADDRESS and MARKTWIN_PORT name the target.",
			),
		}),
		"Run a program: the backend is well when it ends with 0.",
	),
]);

const target = object({
	backend: about(oneLine, "Its name in the log."),
	address: about(address, "IPv4 address that is probed."),
	port: about(port, "TCP port that is probed."),
	condition: about(
		oneLine,
		"The condition that the rules name behind --condition: at most 30 octets, without /.",
	),
	probe: v.optional(
		about(
			v.nullable(probe),
			"How this target is probed, where that differs from the others. null: as they are.",
		),
		null,
	),
});

export const configSchema = object({
	targets: about(
		list(target),
		"What is probed: at least one target. Each has a condition of its own.",
	),
	probe: v.optional(about(probe, "How targets are probed."), { kind: "smtp" }),
	intervalMs: v.optional(policy.intervalMs, 1000),
	timeoutMs: v.exactOptional(policy.timeoutMs),
	rise: v.optional(policy.rise, 2),
	fall: v.optional(policy.fall, 2),
	initially: v.optional(
		about(
			oneOf(["found", "alive", "dead"]),
			"What is believed of a target before its first probes: what its condition says, or this.",
		),
		"found",
	),
	writeAtStart: v.optional(policy.writeAtStart, true),
	rewriteMs: v.optional(policy.rewriteMs, null),
	aliveValue: v.optional(
		about(oneLine, "What is written for a backend that is alive."),
		"0",
	),
	deadValue: v.optional(
		about(oneLine, "What is written for a dead backend."),
		"1",
	),
	evict: v.optional(policy.evict, false),
	neverAllDead: v.optional(policy.neverAllDead, false),
	jitterMs: v.optional(policy.jitterMs, 0),
	conditions: v.optional(
		about(oneLine, "The folder of the conditions."),
		"/proc/net/nf_condition",
	),
	write: v.optional(
		about(
			v.nullable(object({ command: words })),
			"A program that writes a condition instead; its name and its value are put behind these words.",
		),
		null,
	),
	conntrack: v.optional(
		about(
			words,
			"The program that evicts; -D --reply-src ADDRESS is put behind these words.",
		),
		["conntrack"],
	),
	onExit: v.optional(
		about(
			oneOf(["keep", "alive", "dead"]),
			"What conditions are left at: as they are, all of them alive, or dead.",
		),
		"keep",
	),
	status: v.optional(
		about(
			v.nullable(oneLine),
			"A file that always says what is believed. null: none.",
		),
		null,
	),
});

/** As long as nothing else is said; a default must not contradict what is given. */
const TIMEOUT_MS = 800;

/** A target that has no probe of its own has that of the file. */
export type GivenConfig = Required<v.InferOutput<typeof configSchema>>;

export type ProbeSettings = v.InferOutput<typeof probe>;
export type SmtpProbeSettings = Extract<
	ProbeSettings,
	{ readonly kind: "smtp" }
>;

export type HttpProbeSettings = Extract<
	ProbeSettings,
	{ readonly kind: "http" | "https" }
>;

export type CheckedTarget = Omit<v.InferOutput<typeof target>, "probe"> & {
	readonly probe: ProbeSettings;
};

export type HealthCheckConfig = Readonly<
	Omit<GivenConfig, "targets" | "probe">
> & { readonly targets: readonly CheckedTarget[] };

// The checker of scenarios decides by the same; what it knows at the start it has to be told.
type OwnPolicy = Omit<HealthPolicy, "targets" | "initially">;
true satisfies SameShape<OwnPolicy, Pick<HealthCheckConfig, keyof OwnPolicy>>;

/** Not both of them are empty. */
interface FormChecked {
	readonly config: GivenConfig | null;
	readonly faults: readonly ScenarioFault[];
}

/** Checks the form of what a file holds, and fills in what it leaves out. */
export function checkForm(given: unknown): FormChecked {
	// To a schema a list is an object without any of the keys: one fault is enough.
	if (Array.isArray(given)) {
		const message = "expected an object, not a list";
		const remedy = 'Write it so: { "targets": [ … ] }.';
		return { config: null, faults: [{ path: "", message, remedy }] };
	}
	const result = v.safeParse(configSchema, given);
	if (!result.success)
		return { config: null, faults: result.issues.map(faultOf) };
	const { timeoutMs, ...rest } = result.output;
	const config = {
		...rest,
		timeoutMs: timeoutMs ?? Math.min(TIMEOUT_MS, rest.intervalMs),
	};
	return { config, faults: [] };
}
