/** What a configuration of the right form can still get wrong: its parts contradict each other, or the kernel. */
import type { ScenarioFault } from "../../../scenarios/language/scenario-error.ts";
import type { GivenConfig, ProbeSettings } from "./config.ts";

/** Faster than that it would be an attack. */
const LEAST_INTERVAL_MS = 10;
/** `XT_CONDITION`: what iptables takes as `--condition`, without the 0 at its end. */
const MOST_NAME_CHARACTERS = 30;

const fault = (
	path: string,
	message: string,
	remedy: string,
): ScenarioFault => ({ path, message, remedy });

export function checkConfig(config: GivenConfig): readonly ScenarioFault[] {
	return [
		...checkTargets(config),
		...checkTimes(config),
		...checkValues(config),
		...checkProbe(config.probe, "probe"),
		...checkCommand(config.write?.command ?? ["-"], "write.command"),
		...checkCommand(config.conntrack, "conntrack"),
		...(["conditions", "status"] as const)
			.filter((key) => config[key] === "")
			.map((key) => fault(key, "is empty", "Name it, or leave it out.")),
	];
}

function checkTargets({ targets }: GivenConfig): readonly ScenarioFault[] {
	if (targets.length === 0)
		return [fault("targets", "is empty", "Say what is to be probed.")];
	const names = targets.map(({ backend }) => backend);
	const conditions = targets.map(({ condition }) => condition);
	return targets.flatMap(({ backend, condition, probe }, index) => {
		const path = `targets[${index}]`;
		const named = names.indexOf(backend);
		const first = conditions.indexOf(condition);
		return [
			...(backend === ""
				? [fault(`${path}.backend`, "is empty", "Give it a name.")]
				: named < index
					? [
							fault(
								`${path}.backend`,
								`"${backend}" is the name of targets[${named}] already`,
								"Give each target a name of its own: the log and the status file name targets by it.",
							),
						]
					: []),
			...checkName(condition, `${path}.condition`),
			...(first < index
				? [
						fault(
							`${path}.condition`,
							`"${condition}" is written for targets[${first}] already`,
							"Give each target a condition of its own.",
						),
					]
				: []),
			...(probe === null ? [] : checkProbe(probe, `${path}.probe`)),
		];
	});
}

/** What the kernel takes for a file below /proc/net/nf_condition, and iptables for a name. */
function checkName(name: string, path: string): readonly ScenarioFault[] {
	if (["", ".", ".."].includes(name) || name.includes("/"))
		return [
			fault(
				path,
				`"${name}" cannot be the name of a condition`,
				"Write the name that the rules have behind --condition.",
			),
		];
	if (Buffer.byteLength(name) > MOST_NAME_CHARACTERS)
		return [
			fault(
				path,
				`"${name}" is longer than ${MOST_NAME_CHARACTERS} characters`,
				"No rule can name it: iptables refuses it.",
			),
		];
	return [];
}

function checkTimes(config: GivenConfig): readonly ScenarioFault[] {
	const { intervalMs, timeoutMs } = config;
	if (intervalMs < LEAST_INTERVAL_MS)
		return [
			fault(
				"intervalMs",
				`${intervalMs} ms is too short`,
				`Write ${LEAST_INTERVAL_MS} or more.`,
			),
		];
	if (timeoutMs > intervalMs)
		return [
			fault(
				"timeoutMs",
				`a probe may take longer (${timeoutMs} ms) than the time to the next one (${intervalMs} ms)`,
				"Make `timeoutMs` at most `intervalMs`.",
			),
		];
	return [];
}

function checkValues(config: GivenConfig): readonly ScenarioFault[] {
	const { aliveValue, deadValue, write } = config;
	if (aliveValue === deadValue)
		return [
			fault(
				"deadValue",
				`alive and dead are both "${deadValue}"`,
				"Make them differ: the log and the status file name targets by them.",
			),
		];
	// xt_condition takes what else is written without an error, and changes nothing.
	return (["aliveValue", "deadValue"] as const)
		.filter((key) => write === null && !["0", "1"].includes(config[key]))
		.map((key) =>
			fault(
				key,
				`"${config[key]}" is no value of a condition`,
				'Write "0" or "1": the kernel ignores anything else.',
			),
		);
}

function checkProbe(
	probe: ProbeSettings,
	path: string,
): readonly ScenarioFault[] {
	if (probe.kind === "command")
		return checkCommand(probe.command, `${path}.command`);
	if (probe.kind !== "smtp") return [];
	const { starttls, verify, serverName } = probe;
	const names = (["ehlo", "serverName"] as const)
		.filter((key) => probe[key] !== null && !/^\S+$/.test(probe[key]))
		.map((key) =>
			fault(
				`${path}.${key}`,
				`"${probe[key]}" is no host name`,
				"Write a name such as mail.example.com.",
			),
		);
	if (verify && !starttls)
		names.push(
			fault(
				`${path}.verify`,
				"without STARTTLS there is no certificate",
				"Add `starttls: true`, or leave `verify` out.",
			),
		);
	if (serverName !== null && !verify)
		names.push(
			fault(
				`${path}.serverName`,
				"the name has no effect when the certificate is not verified",
				"Add `verify: true`, or leave `serverName` out.",
			),
		);
	return names;
}

function checkCommand(
	command: readonly string[],
	path: string,
): readonly ScenarioFault[] {
	if ((command[0] ?? "") !== "") return [];
	return [
		fault(path, "names no program", 'Write it so: ["program", "argument"].'),
	];
}
