/**
 * What the file behind `marktwin healthcheck --config` says. Everything but `targets` has a default,
 * so the smallest file names what is to be probed and nothing else.
 */
import type {
	HealthPolicy,
	HealthTarget,
} from "../../../sim/endpoint/health-checker.ts";

export type ProbeSettings =
	/** Connect, wait for 220, greet and encrypt if that is asked for, say QUIT. */
	| SmtpProbeSettings
	/** Connect, that is all. */
	| { readonly kind: "tcp" }
	/** Run a program: it ends with 0 when the backend is well. */
	| { readonly kind: "command"; readonly command: readonly string[] };

export interface SmtpProbeSettings {
	readonly kind: "smtp";
	/** The name to greet with; 250 has to be the answer. `null`: no greeting, unless STARTTLS needs one. */
	readonly ehlo: string | null;
	readonly starttls: boolean;
	/** The certificate has to be valid, for `serverName` or else the target's address. */
	readonly verify: boolean;
	readonly serverName: string | null;
}

export interface CheckedTarget extends HealthTarget {
	readonly probe: ProbeSettings;
}

export interface HealthCheckConfig extends Omit<HealthPolicy, "initially"> {
	readonly targets: readonly CheckedTarget[];
	/** `found`: as the conditions say at the start, so that a restart sends nobody to a dead backend. */
	readonly initially: "found" | "alive" | "dead";
	/** The folder of the conditions. */
	readonly conditions: string;
	/** Writes a condition instead, given its name and value behind these words. */
	readonly write: { readonly command: readonly string[] } | null;
	/** The program that evicts: `-D -p tcp --reply-src ADDRESS` is put behind these words. */
	readonly conntrack: readonly string[];
	/** What conditions are left at: as they are, or all of them alive, or dead. */
	readonly onExit: "keep" | "alive" | "dead";
	/** A file that always says what is believed. */
	readonly status: string | null;
}

/** The same as `recipeHealthCheck()` of scenarios has, so that those tell what to expect of it. */
const DEFAULTS = {
	probe: { kind: "smtp" },
	intervalMs: 1000,
	timeoutMs: 800,
	rise: 2,
	fall: 2,
	jitterMs: 0,
	initially: "found",
	writeAtStart: true,
	rewriteMs: null,
	aliveValue: "0",
	deadValue: "1",
	neverAllDead: false,
	evict: false,
	conntrack: ["conntrack"],
	conditions: "/proc/net/nf_condition",
	write: null,
	onExit: "keep",
	status: null,
};

const SMTP_DEFAULTS = {
	ehlo: null,
	starttls: false,
	verify: false,
	serverName: null,
};

type Given = Readonly<Record<string, unknown>>;

/** Puts defaults in where nothing is said; what has the wrong form is left to the schema. */
export function withDefaults(given: unknown): unknown {
	if (!isRecord(given)) return given;
	// A default must not contradict what is given.
	const { intervalMs } = given;
	const timeoutMs =
		typeof intervalMs === "number"
			? Math.min(DEFAULTS.timeoutMs, intervalMs)
			: DEFAULTS.timeoutMs;
	const all: Given = { ...DEFAULTS, timeoutMs, ...given };
	const targets = Array.isArray(all.targets)
		? all.targets.map(targetWithDefaults)
		: all.targets;
	return {
		...all,
		probe: probeWithDefaults(all.probe),
		...(targets === undefined ? {} : { targets }),
	};
}

function targetWithDefaults(given: unknown): unknown {
	if (!isRecord(given)) return given;
	const { probe = null } = given;
	return { ...given, probe: probeWithDefaults(probe) };
}

function probeWithDefaults(given: unknown): unknown {
	return isRecord(given) && given.kind === "smtp"
		? { ...SMTP_DEFAULTS, ...given }
		: given;
}

function isRecord(value: unknown): value is Given {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
