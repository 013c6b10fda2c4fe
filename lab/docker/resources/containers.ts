/** The containers of one lab: made with its labels, so that whoever comes next finds and removes them. */

import type Docker from "dockerode";
import type { Container, ContainerCreateOptions } from "dockerode";
import { LabError } from "../../lab-error.ts";
import { LAB_LABEL, OWNER_LABEL, ROLE_LABEL } from "./labels.ts";
import { onTermination } from "./live-labs.ts";
import { removeLab } from "./remove-lab.ts";

export interface ContainerSpec {
	/** Unique in the lab: `switch`, `b1`, `b1-mail`. */
	readonly role: string;
	/** Name of one of our images. */
	readonly image: string;
	readonly command?: readonly string[];
	readonly hostName?: string;
	/** None but its own, or that of another role's container. */
	readonly network?: { readonly of: string };
	/** Device files, as they are called on the host. */
	readonly devices?: readonly string[];
	/** Folders that several containers of the lab share. */
	readonly volumes?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	readonly capabilities?: readonly string[];
	/** Settings of the kernel in its network. */
	readonly sysctls?: Readonly<Record<string, string>>;
	/** Sees the processes of the host, to reach their networks. */
	readonly seesHost?: boolean;
	/** Sees the processes of another role's container, and that sees its. */
	readonly processesOf?: string;
	/** AppArmor, where there is one, does not keep it from mounts and from other containers' namespaces. */
	readonly isUnconfined?: boolean;
}

export interface LabContainers {
	readonly lab: string;
	create(spec: ContainerSpec): Promise<Container>;
	/** @throws TypeError for a role that was not created */
	get(role: string): Container;
	/** Labels of everything that belongs to the lab. */
	labels(role: string): Readonly<Record<string, string>>;
	/** Makes no more, and removes all. It happens by itself when the process is told to end. */
	remove(): Promise<void>;
	/** From now on they stay when the process ends. */
	keep(): void;
}

/** `marktwin-1f2e3d-b1`. */
export function containerName(lab: string, role: string): string {
	return `marktwin-${lab}-${role}`;
}

export function labContainers(
	docker: Docker,
	lab: string,
	{
		images,
		owner,
	}: {
		/** Ids by our names. */
		readonly images: ReadonlyMap<string, string>;
		/** Who removes it; "" when it is to stay. */
		readonly owner: string;
	},
): LabContainers {
	const made = new Map<string, Container>();
	/** What the engine has not answered for yet: it makes it even when nobody waits any more. */
	const pending = new Set<Promise<unknown>>();
	let isOver = false;
	let volume: Promise<unknown> | null = null;
	const labels = (role: string) => ({
		[LAB_LABEL]: lab,
		[ROLE_LABEL]: role,
		[OWNER_LABEL]: owner,
	});
	const get = (role: string) => {
		const found = made.get(role);
		if (found === undefined) throw new TypeError(`no container is ${role}`);
		return found;
	};
	const ask = async <T>(asked: () => Promise<T>): Promise<T> => {
		if (isOver) throw takenDown(lab);
		const answer = asked();
		pending.add(answer);
		try {
			return await answer;
		} finally {
			pending.delete(answer);
		}
	};
	// By itself it would be made with the first container, and without labels.
	const ensureVolume = () => {
		const options = {
			Name: containerName(lab, VOLUME),
			Labels: labels(VOLUME),
		};
		volume ??= ask(() => docker.createVolume(options));
		return volume;
	};
	const close = async () => {
		isOver = true;
		await Promise.allSettled(pending);
		await removeLab(docker, lab);
	};
	const keep = onTermination(close);
	return {
		lab,
		labels,
		get,
		keep,
		async create(spec) {
			if (spec.volumes !== undefined) await ensureVolume();
			const options = description(lab, spec, {
				image: images.get(spec.image) ?? spec.image,
				labels: labels(spec.role),
				idOf: (role) => get(role).id,
			});
			const container = await ask(() => docker.createContainer(options));
			made.set(spec.role, container);
			return container;
		},
		remove: () => close().finally(keep),
	};
}

/** What several containers of a lab share. */
const VOLUME = "run";

function takenDown(lab: string): LabError {
	return new LabError({
		code: "closed",
		place: `lab ${lab}`,
		message: "it is being taken down",
		remedy: "",
	});
}

function description(
	lab: string,
	spec: ContainerSpec,
	{
		image,
		labels,
		idOf,
	}: {
		readonly image: string;
		readonly labels: Readonly<Record<string, string>>;
		readonly idOf: (role: string) => string;
	},
): ContainerCreateOptions {
	const { role, command, hostName, network, processesOf } = spec;
	const { environment = {}, capabilities = [] } = spec;
	const { devices = [], volumes = [] } = spec;
	return {
		name: containerName(lab, role),
		Image: image,
		Labels: { ...labels },
		...(command ? { Cmd: [...command] } : {}),
		...(hostName ? { Hostname: hostName } : {}),
		Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
		HostConfig: {
			NetworkMode: network ? `container:${idOf(network.of)}` : "none",
			// Not even those that Docker gives to everybody.
			CapDrop: ["ALL"],
			CapAdd: [...capabilities],
			...(spec.sysctls ? { Sysctls: { ...spec.sysctls } } : {}),
			...(spec.seesHost ? { PidMode: "host" } : {}),
			...(spec.isUnconfined ? { SecurityOpt: ["apparmor=unconfined"] } : {}),
			...(processesOf ? { PidMode: `container:${idOf(processesOf)}` } : {}),
			Devices: devices.map((path) => ({
				PathOnHost: path,
				PathInContainer: path,
				CgroupPermissions: "rwm",
			})),
			Binds: volumes.map((path) => `${containerName(lab, VOLUME)}:${path}`),
		},
	};
}
