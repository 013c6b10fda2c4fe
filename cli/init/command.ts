import { Command, Option } from "commander";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import { InputError } from "../screen/input-error.ts";
import { CI_SYSTEMS } from "./ci-files.ts";
import type { InitCiOptions } from "./init-ci.ts";
import type { InitScenarioOptions } from "./init-scenario.ts";

type InitOptions = InitScenarioOptions & Partial<InitCiOptions>;

/** `marktwin init RULES…`: files that check a ruleset from then on. */
export function initCommand(): Command {
	const command = new Command("init")
		.description(
			"write what checks your rulesets from now on: scenarios, or a job for CI",
		)
		.argument("<rules...>", RULES_HELP)
		.addOption(
			new Option(
				"--ci <system>",
				"write a job for this CI system instead of scenarios",
			).choices(CI_SYSTEMS),
		)
		.option(
			"--package <what>",
			"what npm installs in CI: a file in the repository, a URL, a name in a registry (default marktwin as package.json has it, or marktwin-VERSION.tgz)",
		)
		.option(
			"-o, --output <file>",
			"file to write to; - is standard output (default RULES.scenario.ts beside the rules, or where the CI system looks for it)",
		)
		.addOption(
			new Option(
				"--format <format>",
				"of scenarios: TypeScript or JSON (default by the name of the file, else TypeScript)",
			).choices(["ts", "json"]),
		)
		.option(
			"--service <text>",
			"scenarios of the services alone that have this text in their address or name: 203.0.113.1:80 (default all, 40 at most)",
		)
		.option("--force", "write over a file that is there already", false);
	return addWorldOptions(command)
		.addHelpText("after", `\n${HELP}`)
		.action(async (rules: readonly string[], options: InitOptions) => {
			process.exitCode = await init(rules, options);
		});
}

const HELP = `Scenarios, for each service that the rules balance over TCP or UDP: the split, each backend dead
and back, all dead, connections that are held open. They expect what a balancer should do, so
with faulty rules some are violated until the rules are repaired. What rules do not tell
(addresses, routes) is assumed where it is not given, and named in the file.

A job for CI checks that the rules would load, lints them, and plays the scenarios that the
repository has. Run it at the top of the repository that holds the rules. It is given what is
told here of the router (--linux, --sets, --addresses …); files of it are in the repository, too.

Examples:
  marktwin init web.rules
  marktwin run web.scenario.ts
  iptables-save | marktwin init - --output router.scenario.ts
  marktwin init --ci github firewall/router.rules
  marktwin init --ci gitlab --output .gitlab/marktwin.yml router.rules

Exit codes:
  0  the file is written, also where a scenario is violated
  2  the rules would be refused, or the file is there already
  3  the rules balance nothing that scenarios can play: nothing is written`;

async function init(
	rules: readonly string[],
	options: InitOptions,
): Promise<number> {
	const { ci } = options;
	mustBelong(options);
	if (ci !== undefined) {
		const { initCi } = await import("./init-ci.ts");
		return initCi(rules, { ...options, ci });
	}
	const { initScenarios } = await import("./init-scenario.ts");
	return initScenarios(rules, options);
}

/** @throws InputError for an option of the one kind of file that is given for the other */
function mustBelong(options: InitOptions): void {
	const ofScenarios = {
		"--format": options.format,
		"--service": options.service,
	};
	const isForCi = options.ci !== undefined;
	const others = isForCi ? ofScenarios : { "--package": options.package };
	for (const [name, value] of Object.entries(others))
		if (value !== undefined)
			throw new InputError(
				`${name} is for ${isForCi ? "scenarios, and --ci writes a job for CI" : "a job for CI"}`,
				isForCi ? "Leave one of them out." : "Add --ci github or --ci gitlab.",
			);
}
