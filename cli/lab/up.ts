/** A lab that stays until somebody takes it down. */

import { execIn } from "../../lab/docker/engine/exec.ts";
import { configText } from "../../lab/docker/play/checker.ts";
import { prepareLab } from "../../lab/docker/play/docker-lab.ts";
import { NOBODY } from "../../lab/docker/resources/owner.ts";
import {
	kernelName,
	needsCondition,
	routerWish,
} from "../../lab/docker/router/router-kernel.ts";
import {
	recipeHealthCheck,
	recipeSetup,
} from "../../scenarios/language/build/build.ts";
import { resolveRules } from "../../scenarios/load/load-scenarios.ts";
import { setUpOperations } from "../../scenarios/run/set-up.ts";
import { recipeRules } from "../../scenarios/suites/index.ts";
import { EXIT } from "../base/exit-code.ts";
import { operand, readRules } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out } from "../screen/screen.ts";
import { CHECKER_LOG } from "./containers.ts";
import type { UpOptions } from "./options.ts";

/** @returns the exit code */
export async function up(options: UpOptions): Promise<number> {
	const { rules } = options;
	const began = performance.now();
	const say = (line: string) => {
		const seconds = ((performance.now() - began) / 1000).toFixed(1);
		err.show([`${seconds.padStart(6)} s  ${line}`]);
	};
	const given =
		rules === undefined ? await recipeRules() : await readRules(rules);
	const healthCheck = recipeHealthCheck();
	const scenario = await resolveRules(
		{
			name: "lab",
			suite: "",
			title: "",
			story: "",
			trap: null,
			setup: recipeSetup({ ruleset: given, healthCheck }),
			steps: [],
			expect: [],
			endMs: 0,
		},
		".",
		{ file: "" },
	);
	const { ruleset } = scenario.setup;
	const prepared = await prepareLab(routerWish(options), say);
	const kernel = prepared.kernelFor(scenario);
	say(`starting containers; the router's: ${kernelName(kernel)}`);
	const lab = await prepared.start(scenario, { kernel, owner: NOBODY });
	try {
		for (const { operation } of setUpOperations(scenario.setup)) {
			const outcome = await lab.router.operate(operation);
			if (outcome.ok) continue;
			throw new InputError(`${ruleset.name} does not load:`, [
				...outcome.message.split("\n"),
				`marktwin check ${operand(rules ?? ruleset.name)} tells more.`,
			]);
		}
		await execIn(
			lab.containers.get("checker"),
			[
				"sh",
				"-c",
				`cat > /tmp/healthcheck.json; node /opt/marktwin/healthcheck.mjs --config /tmp/healthcheck.json > ${CHECKER_LOG} 2>&1 &`,
			],
			{ input: configText(healthCheck, lab.reach) },
		);
	} catch (error) {
		await lab.down();
		throw error;
	}
	lab.disconnect();
	lab.containers.keep();
	say(`lab ${lab.id} is up: ${lab.router.version}`);
	out.show([howToUse(ruleset.name, needsCondition(scenario))]);
	return EXIT.holds;
}

function howToUse(rules: string, hasConditions: boolean): string {
	const flip =
		"  marktwin lab shell router 'echo 1 > /proc/net/nf_condition/mail1up'\n";
	return `The router has ${rules} loaded; clients know 10.0.0.1:25, mail servers are b1 and b2.

  marktwin lab shell router iptables-save -c
${hasConditions ? flip : ""}  marktwin lab shell c1 'busybox nc 10.0.0.1 25 < /dev/null'
  marktwin lab logs b1
  marktwin lab logs checker
  marktwin lab down`;
}
