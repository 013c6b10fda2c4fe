/** For tests that play in containers: scenarios with the recipe's rules, and a look at what runs. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { scenario } from "../../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { resolveRules } from "../../../scenarios/load/load-scenarios.ts";
import { type Ended, execIn } from "../engine/exec.ts";
import { ROLE_LABEL } from "../resources/labels.ts";
import { findLabs, thisProcess } from "../resources/owner.ts";

/** A lab's up and down and a play of some seconds. */
export const PLAY_TIMEOUT_MS = 60_000;

const UP_WITHIN_MS = 30_000;
const POLL_MS = 50;

const RECIPE_FOLDER = fileURLToPath(
	new URL("../../../scenarios/suites/recipe/", import.meta.url),
);

export function playable({
	setup,
	steps,
}: Pick<
	Parameters<typeof scenario>[0],
	"setup" | "steps"
>): Promise<PlayableScenario> {
	const story = { name: "test", suite: "test", title: "", story: "" };
	return resolveRules(
		scenario({ ...story, setup, steps, expect: [], endMs: 40_000 }),
		RECIPE_FOLDER,
		{ file: "" },
	);
}

/** Those of the labs in which this process plays. */
export async function ownContainers(
	docker: Docker,
): Promise<readonly Docker.ContainerInfo[]> {
	const labs = await findLabs(docker);
	return labs
		.filter(({ owner }) => owner === thisProcess())
		.flatMap(({ containers }) => containers)
		.filter(({ Labels }) => Labels[ROLE_LABEL] !== undefined);
}

/** Runs a line in the container of the lab in which this process plays; waits until it is there. */
export async function inOwn(
	docker: Docker,
	role: string,
	line: string,
): Promise<Ended> {
	const until = performance.now() + UP_WITHIN_MS;
	while (performance.now() < until) {
		const info = (await ownContainers(docker)).find(
			({ Labels, State }) => Labels[ROLE_LABEL] === role && State === "running",
		);
		if (info !== undefined)
			return execIn(docker.getContainer(info.Id), ["sh", "-c", line]);
		await sleep(POLL_MS);
	}
	throw new TypeError(`there is no ${role}`);
}
