/** Finds everything of a lab by its label, whoever made it, and removes it. */
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { LabError } from "../../lab-error.ts";
import {
	engineMessage,
	engineStatus,
	ifEngines,
} from "../engine/engine-error.ts";
import { LAB_LABEL } from "./labels.ts";

/** An engine under load takes a while to let go of a container. */
const WITHIN_MS = 30_000;
const POLL_MS = 50;

/**
 * Removes a lab's containers and volumes. One look is not enough: what somebody else is removing is
 * still there for a moment, and a volume cannot go before the containers that use it.
 * @throws LabError when something stays
 */
export async function removeLab(docker: Docker, id: string): Promise<void> {
	try {
		await untilGone(docker, id);
	} catch (error) {
		throw ifEngines(`removing lab ${id}`, error);
	}
}

async function untilGone(docker: Docker, id: string): Promise<void> {
	const filters = { label: [`${LAB_LABEL}=${id}`] };
	const until = performance.now() + WITHIN_MS;
	let why = "";
	while (performance.now() < until) {
		const containers = await docker.listContainers({ all: true, filters });
		const { Volumes: volumes } = await docker.listVolumes({ filters });
		if (containers.length + (volumes ?? []).length === 0) return;
		const refused = [
			...(await refusals(
				containers.map(({ Id }) =>
					docker.getContainer(Id).remove({ force: true, v: true }),
				),
			)),
			...(await refusals(
				(volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove()),
			)),
		];
		why = refused.at(-1) ?? "";
		if (refused.length > 0) await sleep(POLL_MS);
	}
	throw new LabError({
		code: "hangs",
		place: `lab ${id}`,
		message: `something of it is still there after ${WITHIN_MS / 1000} s${why && `: ${why}`}`,
		remedy: `docker ps -a --filter label=${LAB_LABEL}=${id}`,
	});
}

/** Why some cannot be removed now; that they are gone already is no reason. */
async function refusals(
	removals: readonly Promise<unknown>[],
): Promise<readonly string[]> {
	const refused: string[] = [];
	for (const outcome of await Promise.allSettled(removals)) {
		if (outcome.status === "fulfilled") continue;
		const { reason } = outcome;
		const status = engineStatus(reason);
		// No answer at all: asking again would not help.
		if (status === null) throw reason;
		if (status !== 404) refused.push(engineMessage(reason));
	}
	return refused;
}
