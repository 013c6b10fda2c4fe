/**
 * `node healthcheck.mjs`: `marktwin healthcheck` in a container, where marktwin is not installed. The
 * same options, the same exit codes; only the command line around it is left out.
 */
import { parseArgs } from "node:util";
import { ScenarioError } from "../../../scenarios/language/scenario-error.ts";
import {
	type HealthcheckOutcome,
	healthcheck,
} from "../../healthcheck/command.ts";

/** As `cli/exit-code.ts` has them. */
const EXIT_OF: Readonly<Record<HealthcheckOutcome, number>> = {
	well: 0,
	"some-dead": 1,
	"not-written": 1,
	"not-running": 2,
	"not-probed": 3,
	unread: 141,
};
const BAD_INPUT = 2;

const { values } = parseArgs({
	options: {
		config: { type: "string", short: "c", default: "" },
		"check-config": { type: "boolean", default: false },
		once: { type: "boolean", default: false },
		status: { type: "boolean", default: false },
		verbose: { type: "boolean", short: "v", default: false },
	},
});

try {
	const { "check-config": checkConfig, ...options } = values;
	const outcome = await healthcheck({ ...options, checkConfig }, (text) =>
		process.stdout.write(text),
	);
	process.exitCode = EXIT_OF[outcome];
} catch (error) {
	if (!(error instanceof ScenarioError)) throw error;
	process.stderr.write(`${error.message}\n`);
	process.exitCode = BAD_INPUT;
}
