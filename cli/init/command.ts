import { Command, Option } from "commander";
import { CI_SYSTEMS } from "./ci-files.ts";
import type { InitCiOptions } from "./init-ci.ts";

/** `marktwin init RULES…`: files that check a ruleset from then on. */
export function initCommand(): Command {
	return new Command("init")
		.description("write what checks your rulesets from now on: a job for CI")
		.argument(
			"<rules...>",
			"files that iptables-restore takes, or shell scripts of iptables commands",
		)
		.addOption(
			new Option("--ci <system>", "CI system that the job is for")
				.choices(CI_SYSTEMS)
				.makeOptionMandatory(),
		)
		.option(
			"--package <what>",
			"what npm installs in CI: a file in the repository, a URL, a name in a registry (default marktwin as package.json has it, or marktwin-VERSION.tgz)",
		)
		.option(
			"-o, --output <file>",
			"file to write to; - is standard output (default where the CI system looks for it)",
		)
		.option("--force", "write over a file that is there already", false)
		.addHelpText(
			"after",
			`
Run it at the top of the repository that holds the rules. The job checks that the rules
would load, lints them, and plays the scenarios that the repository has.

Examples:
  marktwin init --ci github firewall/router.rules
  marktwin init --ci gitlab --output .gitlab/marktwin.yml router.rules`,
		)
		.action(async (rules: readonly string[], options: InitCiOptions) => {
			const { initCi } = await import("./init-ci.ts");
			process.exitCode = await initCi(rules, options);
		});
}
