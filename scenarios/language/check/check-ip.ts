/** Commands of iproute2 in a scenario: they are understood, and their interfaces are there. */
import { ipCommandFault } from "../../../sim/routing/iproute/check-command.ts";
import type { Scenario } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";

export function ipFaults({
	setup,
	steps,
	expect,
}: Scenario): readonly ScenarioFault[] {
	const interfaces = [
		"lo",
		...setup.gateway.interfaces.map(({ name }) => name),
	];
	const failing = new Set(
		expect.flatMap((one) =>
			one.kind === "operation" && !one.ok ? [one.step] : [],
		),
	);
	const faultOf = (path: string, command: string): ScenarioFault[] => {
		const fault = ipCommandFault(command, interfaces);
		return fault === null
			? []
			: [
					{
						path,
						message: `${command}: ${fault}`,
						remedy:
							"Write it as ip(8) takes it; docs/scenarios.md lists what is understood.",
					},
				];
	};
	return [
		...(setup.gateway.ip ?? []).flatMap((command, index) =>
			faultOf(`setup.gateway.ip[${index}]`, command),
		),
		...steps.flatMap((step, index) =>
			// A command that is to fail may name what is not there.
			step.kind === "operation" &&
			step.operation.kind === "ip" &&
			!failing.has(step.label)
				? faultOf(`steps[${index}].operation.command`, step.operation.command)
				: [],
		),
	];
}
