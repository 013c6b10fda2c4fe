/** Builders of what is done to the gateway while it runs. All of them are steps: put them at a time with `at`. */
import * as v from "valibot";
import type { ConntrackFilter } from "../../../sim/contract/gateway.ts";
import type { ScenarioStep, SetsSource } from "../scenario.ts";
import { finite, namedText, text, yesNo } from "../schema/schema.ts";
import { conntrackFilter } from "../schema/schema-gateway.ts";
import { checkArguments, options } from "./check-arguments.ts";
import {
	type LabelOrOptions,
	labelOf,
	labelOr,
	stepOptions,
} from "./step-options.ts";

function operation(
	label: string,
	operation: Extract<ScenarioStep, { readonly kind: "operation" }>["operation"],
): ScenarioStep {
	return { atMs: 0, label, kind: "operation", operation };
}

/** Options of `restore`: `--noflush`, `--counters`, and the label of the step. @public */
export interface RestoreOptions {
	readonly noflush?: boolean;
	readonly counters?: boolean;
	readonly label?: string;
}

const restoreArguments = v.object({
	rules: v.lazy((given) => (typeof given === "string" ? text : namedText)),
	options: labelOr(
		options<RestoreOptions>({ noflush: yesNo, counters: yesNo, label: text }),
	),
});

/** `iptables-restore [--noflush] [--counters] < FILE`, of a file beside the scenario or of a text. @public */
export function restore(
	rules: string | { readonly name: string; readonly text: string },
	options: string | RestoreOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("restore", restoreArguments, { rules, options }, surplus);
	const {
		noflush = false,
		counters = false,
		label = "",
	} = typeof options === "string" ? { label: options } : options;
	const source =
		typeof rules === "string"
			? { file: rules }
			: { file: rules.name, text: rules.text };
	return operation(label, { kind: "restore", ...source, noflush, counters });
}

const ipArguments = v.object({ command: text, options: stepOptions });

/** One command line of iproute2: `ip route replace default via 203.0.113.1 dev isp2`. @public */
export function ip(
	command: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("ip", ipArguments, { command, options }, surplus);
	return operation(labelOf(options), { kind: "ip", command });
}

const iptablesArguments = v.object({ command: text, options: stepOptions });

/** One command line without the `iptables` in front: `-t mangle -F MAILMARK`. @public */
export function iptables(
	command: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("iptables", iptablesArguments, { command, options }, surplus);
	return operation(labelOf(options), { kind: "iptables", command });
}

/** Options of `ipset`: what `restore` reads, and the label of the step. @public */
export interface IpsetOptions {
	/** As `ipset save` prints it: a text, or a file beside the scenario. */
	readonly input?: SetsSource;
	readonly label?: string;
}

const ipsetArguments = v.object({
	command: text,
	options: labelOr(
		options<IpsetOptions>({
			input: v.lazy((given) =>
				typeof given === "string" ? text : v.strictObject({ file: text }),
			),
			label: text,
		}),
	),
});

/**
 * One command line without the `ipset` in front: `add blocked 10.0.0.1 timeout 60`, `swap fresh blocked`; `restore -!` reads
 * `input`.
 * @public
 */
export function ipset(
	command: string,
	options: string | IpsetOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("ipset", ipsetArguments, { command, options }, surplus);
	const { input, label = "" } =
		typeof options === "string" ? { label: options } : options;
	return operation(
		label,
		input === undefined
			? { kind: "ipset", command }
			: { kind: "ipset", command, input },
	);
}

const conditionArguments = v.object({
	name: text,
	write: text,
	options: stepOptions,
});

/** `printf TEXT > /proc/net/nf_condition/NAME`. The recipe's rules say `!`: "1" means dead. @public */
export function setCondition(
	name: string,
	write: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments(
		"setCondition",
		conditionArguments,
		{ name, write, options },
		surplus,
	);
	return operation(labelOf(options), { kind: "condition", name, write });
}

const evictArguments = v.object({
	filter: conntrackFilter,
	options: stepOptions,
});

/** `conntrack -D`: throws away the entries that fit. @public */
export function evict(
	filter: ConntrackFilter,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("evict", evictArguments, { filter, options }, surplus);
	return operation(labelOf(options), { kind: "evict", filter });
}

const sysctlArguments = v.object({
	name: text,
	value: finite,
	options: stepOptions,
});

/** `sysctl -w net.NAME=VALUE`: `sysctl("netfilter.nf_conntrack_tcp_loose", 0)`. @public */
export function sysctl(
	name: string,
	value: number,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("sysctl", sysctlArguments, { name, value, options }, surplus);
	return operation(labelOf(options), { kind: "sysctl", name, value });
}

const linkArguments = v.object({ name: text, options: stepOptions });

/** `ip link set NAME down`, for an interface of the gateway. @public */
export function linkDown(
	name: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("linkDown", linkArguments, { name, options }, surplus);
	return operation(labelOf(options), {
		kind: "link",
		interface: name,
		up: false,
	});
}

/** `ip link set NAME up`, for an interface of the gateway. @public */
export function linkUp(
	name: string,
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("linkUp", linkArguments, { name, options }, surplus);
	return operation(labelOf(options), {
		kind: "link",
		interface: name,
		up: true,
	});
}

const takeOverArguments = v.object({ options: stepOptions });

/** A second router with the same rules and conditions and an empty conntrack table takes the addresses over. @public */
export function takeOver(
	options: LabelOrOptions = {},
	...surplus: readonly never[]
): ScenarioStep {
	checkArguments("takeOver", takeOverArguments, { options }, surplus);
	return operation(labelOf(options), { kind: "take-over" });
}
