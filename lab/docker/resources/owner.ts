/** Whose lab it is: what a harness left that was killed is removed by the next one. */
import type Docker from "dockerode";
import { isOwnerGone, ownerRecord } from "../../vm/machine/run-folder.ts";
import { ifEngines } from "../engine/engine-error.ts";
import { LAB_LABEL, OWNER_LABEL } from "./labels.ts";
import { removeLab } from "./remove-lab.ts";

/** Of a lab that goes with this process. */
export function thisProcess(): string {
	return ownerRecord(process.pid);
}

/** Of a lab that stays until somebody takes it down. */
export const NOBODY = "";

export interface FoundLab {
	readonly id: string;
	readonly owner: string;
	/** Its containers; none when a volume is all that is left. */
	readonly containers: readonly Docker.ContainerInfo[];
}

/** All labs of which anything is left, running or not. */
export async function findLabs(docker: Docker): Promise<readonly FoundLab[]> {
	try {
		return await find(docker);
	} catch (error) {
		throw ifEngines("the labs that are there", error);
	}
}

async function find(docker: Docker): Promise<readonly FoundLab[]> {
	const filters = { label: [LAB_LABEL] };
	const containers = await docker.listContainers({ all: true, filters });
	const { Volumes: volumes } = await docker.listVolumes({ filters });
	const labels = [...containers, ...(volumes ?? [])].map(
		// An engine leaves out labels where there are none.
		({ Labels }) => Labels ?? {},
	);
	const ids = new Set(labels.map((own) => own[LAB_LABEL] ?? ""));
	return [...ids].sort().map((id) => ({
		id,
		owner: labels.find((own) => own[LAB_LABEL] === id)?.[OWNER_LABEL] ?? NOBODY,
		containers: containers.filter(({ Labels }) => Labels[LAB_LABEL] === id),
	}));
}

/** Removes the labs of processes that are gone. @returns their ids */
export async function sweepLabs(docker: Docker): Promise<readonly string[]> {
	const gone = (await findLabs(docker)).filter(
		({ owner }) => owner !== NOBODY && isOwnerGone(owner),
	);
	await Promise.all(gone.map(({ id }) => removeLab(docker, id)));
	return gone.map(({ id }) => id);
}
