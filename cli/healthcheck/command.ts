import { Command, Option } from "commander";
import type {
	HealthcheckOptions,
	HealthcheckOutcome,
} from "../../lab/healthcheck/command.ts";
import { EXIT } from "../base/exit-code.ts";
import { out } from "../screen/screen.ts";

const EXIT_OF: Readonly<Record<HealthcheckOutcome, number>> = {
	well: EXIT.holds,
	"some-dead": EXIT.violated,
	"not-written": EXIT.violated,
	"not-running": EXIT.badInput,
	"not-probed": EXIT.unknown,
	unread: EXIT.brokenPipe,
};

/** `marktwin healthcheck`: the one command that changes something on the machine it runs on. */
export function healthcheckCommand(): Command {
	return new Command("healthcheck")
		.description("probe backends, and write the conditions that rules read")
		.requiredOption(
			"--config <file>",
			"file that names the targets and how they are probed, as JSON",
		)
		.addOption(
			new Option("--check-config", "only tell whether the file is right")
				.default(false)
				.conflicts(["once", "status"]),
		)
		.addOption(
			new Option("--once", "probe every target once, and write nothing")
				.default(false)
				.conflicts("status"),
		)
		.option("--status", "show what the running checker believes", false)
		.option("-v, --verbose", "log every probe, not only changes", false)
		.addHelpText(
			"after",
			`
Runs until SIGTERM or SIGINT and logs JSON lines. SIGHUP: reads the file again.
SIGUSR1: logs what it believes.

--once exits with 1 when a probe fails, --status with 1 when a backend is dead or its
condition is not written, and with 2 when no checker runs; both with 3 when a probe cannot be made.

Examples:
  marktwin healthcheck --config /etc/marktwin/healthcheck.json
  marktwin healthcheck --config healthcheck.json --once`,
		)
		.action(async (options: HealthcheckOptions) => {
			const { healthcheck } = await import("../../lab/healthcheck/command.ts");
			const outcome = await healthcheck(options, (text) =>
				out.show(text.trimEnd().split("\n")),
			);
			process.exitCode = EXIT_OF[outcome];
		});
}
