/** What there is of labs: listed, read, removed. */
import type Docker from "dockerode";
import { serviceRoles } from "../../lab/docker/backend-services.ts";
import { readFileIn } from "../../lab/docker/engine/container-file.ts";
import { containerLog } from "../../lab/docker/engine/container-log.ts";
import { connectEngine } from "../../lab/docker/engine/engine.ts";
import { engineStatus } from "../../lab/docker/engine/engine-error.ts";
import { ROLE_LABEL } from "../../lab/docker/resources/labels.ts";
import {
	type FoundLab,
	findLabs,
	NOBODY,
	sweepLabs,
} from "../../lab/docker/resources/owner.ts";
import { removeLab } from "../../lab/docker/resources/remove-lab.ts";
import { EXIT } from "../base/exit-code.ts";
import { InputError } from "../screen/input-error.ts";
import { out } from "../screen/screen.ts";
import type { WhichLab } from "./options.ts";

/** Where `lab up` has the checker write what it finds out. */
export const CHECKER_LOG = "/var/log/marktwin/healthcheck.jsonl";

export async function status(): Promise<number> {
	const labs = await findLabs(await connectEngine());
	if (labs.length === 0) {
		out.show(["no lab is up; `marktwin lab up` starts one"]);
		return EXIT.holds;
	}
	for (const { id, owner, containers } of labs) {
		const whose =
			owner === NOBODY ? "" : "  (goes with the command that plays in it)";
		out.show([`lab ${id}${whose}`]);
		if (containers.length === 0)
			out.show(["  its containers are gone, a volume is left"]);
		for (const container of byRole(containers))
			out.show([
				`  ${roleOf(container).padEnd(12)} ${container.State.padEnd(8)} ${container.Status}`,
			]);
	}
	return EXIT.holds;
}

function byRole(containers: FoundLab["containers"]): FoundLab["containers"] {
	return containers.toSorted((one, other) =>
		roleOf(one) < roleOf(other) ? -1 : 1,
	);
}

export async function logs(name: string, which: WhichLab): Promise<number> {
	const docker = await connectEngine();
	const lab = await theLab(docker, which);
	if (name === "checker") {
		const container = containerOf(docker, lab, name);
		// Read from outside: it may not run any more.
		const log = await readFileIn(container, CHECKER_LOG).catch(
			(error: unknown) => {
				if (engineStatus(error) !== 404) throw error;
				throw new InputError(
					`the checker of lab ${lab.id} keeps no log of its own`,
					"It tells the command that plays in this lab.",
				);
			},
		);
		out.show([String(log).trimEnd()]);
		return EXIT.holds;
	}
	const services = serviceRoles(name).filter((role) =>
		lab.containers.some((one) => roleOf(one) === role),
	);
	for (const role of services.length > 0 ? services : [roleNamed(name)]) {
		const container = containerOf(docker, lab, role);
		out.show([(await containerLog(container)).trimEnd()]);
	}
	return EXIT.holds;
}

export async function down({
	lab: id,
	all,
}: WhichLab & { readonly all: boolean }): Promise<number> {
	const docker = await connectEngine();
	const swept = await sweepLabs(docker);
	const labs = await findLabs(docker);
	const wanted = labs.filter((lab) =>
		id === undefined ? all || lab.owner === NOBODY : lab.id === id,
	);
	// One whose process was killed may be the very one that was meant.
	if (id !== undefined && wanted.length === 0 && !swept.includes(id))
		throw noLab(id, labs);
	await Promise.all(wanted.map((lab) => removeLab(docker, lab.id)));
	const names = [...swept, ...wanted.map((lab) => lab.id)].join(", ");
	const left = labs.length - wanted.length;
	const also =
		left === 0 || id !== undefined
			? ""
			: `${left} ${left === 1 ? "goes" : "go"} with the command that plays there; --all removes ${left === 1 ? "it" : "them"} too`;
	out.show([
		names === "" ? "no lab is up" : `removed ${names}`,
		...(also === "" ? [] : [also]),
	]);
	return EXIT.holds;
}

/** The one that is named, else the only one that stays. @throws InputError */
export async function theLab(
	docker: Docker,
	{ lab: id }: WhichLab,
): Promise<FoundLab> {
	const labs = await findLabs(docker);
	const standing = labs.filter(({ owner }) => owner === NOBODY);
	const found =
		id === undefined ? standing : labs.filter((lab) => lab.id === id);
	const [lab] = found;
	if (lab === undefined) throw noLab(id, labs);
	if (found.length === 1) return lab;
	throw new InputError(
		`there are several labs: ${found.map((one) => one.id).join(", ")}`,
		`Name one: --lab ${lab.id}`,
	);
}

/** `router` is the first of them. */
export function roleNamed(name: string): string {
	return name === "router" ? "router1" : name;
}

/** @throws InputError when the lab has none of that name */
export function containerOf(
	docker: Docker,
	lab: FoundLab,
	role: string,
): Docker.Container {
	const found = infoOf(lab, role);
	if (found !== undefined) return docker.getContainer(found.Id);
	throw new InputError(
		`lab ${lab.id} has no ${role}`,
		`It has ${lab.containers.map(roleOf).sort().join(", ")}.`,
	);
}

export function infoOf(
	lab: FoundLab,
	role: string,
): Docker.ContainerInfo | undefined {
	return lab.containers.find((one) => roleOf(one) === role);
}

function roleOf({ Labels }: Docker.ContainerInfo): string {
	return Labels[ROLE_LABEL] ?? "";
}

function noLab(id: string | undefined, labs: readonly FoundLab[]): InputError {
	return new InputError(
		id === undefined ? "no lab is up" : `there is no lab ${id}`,
		labs.length === 0
			? "`marktwin lab up` starts one."
			: `Name one: --lab ${labs.map((lab) => lab.id).join(" or ")}`,
	);
}
