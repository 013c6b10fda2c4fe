/** A router whose kernel is a virtual machine: QEMU in a container, whose network cards are ports of the switch. */
import { basename } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { Container } from "dockerode";
import type { Backend } from "../../../sim/linux/linux.ts";
import { parseAddress } from "../../../sim/packet/address.ts";
import { LabError, type LabErrorCode } from "../../lab-error.ts";
import type { Image } from "../../vm/image/image.ts";
import { provenAccelerator } from "../../vm/machine/accelerator.ts";
import {
	type AgentAnswer,
	type AgentChannel,
	createAgentChannel,
} from "../../vm/machine/agent-channel.ts";
import { lastWords } from "../../vm/machine/console.ts";
import { createGuest, type Guest } from "../../vm/machine/guest.ts";
import { MachineSettings } from "../../vm/machine/machine-settings.ts";
import { machineWords } from "../../vm/machine/qemu.ts";
import { deleteNeighbour } from "../../vm/netlink.ts";
import { packFiles } from "../engine/archive.ts";
import { containerLog } from "../engine/container-log.ts";
import type { LabContainers } from "../resources/containers.ts";
import type { RouterBox } from "./router-box.ts";
import { routerMac, tapName } from "./topology.ts";

/** Where the sockets of the machines lie, in a volume that the checker sees as well. */
export const RUN_FOLDER = "/run/marktwin";
const BOOT_FOLDER = "/boot";
const MEMORY_MB = 512;
const BOOT_MS = 90_000;
const ANSWER_MS = 60_000;

function agentSocket(router: number): string {
	return `${RUN_FOLDER}/agent${router}`;
}

/** The health checker's own way in, since a port serves one at a time. */
export function conditionsSocket(router: number): string {
	return `${RUN_FOLDER}/conditions${router}`;
}

export interface RouterMachineOptions {
	readonly docker: Docker;
	readonly containers: LabContainers;
	readonly image: Image;
	/** 0 is the one that serves first. */
	readonly router: number;
	readonly bridges: number;
	/** Which of the two its `iptables` is. */
	readonly iptables: Backend;
}

/** Creates and starts it; the taps have to be there. */
export async function startRouterMachine(
	options: RouterMachineOptions,
): Promise<Container> {
	const { containers, image, router } = options;
	const container = await containers.create({
		role: `router${router + 1}`,
		image: "machine",
		command: qemuWords(options),
		network: { of: "switch" },
		devices: ["/dev/net/tun", ...kvmDevice()],
		volumes: [RUN_FOLDER],
	});
	await putFiles(container, [image.kernelFile, image.initrdFile]);
	await container.start();
	return container;
}

/** `linux 6.1.192-2 under tcg`. */
export function machineVersion({ manifest }: Image): string {
	return `linux ${manifest.version} under ${provenAccelerator()}`;
}

export interface ConnectedGuest {
	readonly guest: Guest;
	/** Lets go of it; the machine stays. */
	disconnect(): void;
}

export async function connectRouterMachine(
	docker: Docker,
	container: Container,
	{
		image,
		router,
		bridges,
	}: Pick<RouterMachineOptions, "image" | "router" | "bridges">,
): Promise<RouterBox> {
	const { guest, disconnect } = await connectGuest(docker, container, router);
	const settings = new MachineSettings(guest);
	return {
		linux: guest,
		disconnect,
		version: machineVersion(image),
		setSysctl: (name, value) => settings.set(name, value),
		async forgetNeighbour(name, address) {
			const index = await guest.read(`/sys/class/net/${name}/ifindex`);
			await guest.netlink([
				deleteNeighbour(Number(index ?? 0), parseAddress(address) ?? 0),
			]);
		},
		// The agent has given the first one a name of its own.
		cards: Array.from({ length: bridges }, (_, index) =>
			index === 0 ? "trunk" : `eth${index}`,
		),
	};
}

/**
 * Connects to the agent of a machine that runs, or that is about to.
 * @param socket another way in, for when somebody is at the usual one
 * @throws LabError when it does not come up
 */
export async function connectGuest(
	docker: Docker,
	container: Container,
	router: number,
	socket: string = agentSocket(router),
): Promise<ConnectedGuest> {
	let channel: AgentChannel | null = null;
	let failure: LabError | null = null;
	const fail = (
		code: LabErrorCode,
		message: string,
		console: readonly string[] = [],
	) => {
		failure ??= new LabError({
			code,
			message,
			console,
			place: `router ${router + 1}'s virtual machine`,
			remedy: "",
		});
		channel?.close(failure);
		return failure;
	};
	const stream = await openAgent(docker, container, socket);
	const greeted = new Promise<void>((resolve) => {
		channel = createAgentChannel(stream, resolve, { stays: true });
	});
	// Being let go of is an error to a stream, and none to us.
	stream.on("error", ({ message }) => fail("died", message));
	stream.on("close", () => fail("died", "its agent is gone"));
	const within = async <T>(limitMs: number, what: Promise<T>): Promise<T> => {
		const timer = new AbortController();
		try {
			return await Promise.race([
				what,
				sleep(limitMs, undefined, { signal: timer.signal }).then(async () => {
					const message = `no answer within ${limitMs / 1000} s`;
					throw fail("hangs", message, await consoleOf(container));
				}),
			]);
		} finally {
			timer.abort();
		}
	};
	await within(BOOT_MS, greeted);
	const call = (
		operation: string,
		payload: Uint8Array,
	): Promise<AgentAnswer> => {
		if (failure !== null) return Promise.reject(failure);
		const asked = (channel as AgentChannel).call(operation, payload);
		return within(ANSWER_MS, asked);
	};
	return {
		guest: createGuest({ call, fail: (code, message) => fail(code, message) }),
		disconnect: () => {
			fail("closed", "it was closed");
			stream.destroy();
		},
	};
}

function qemuWords({
	image,
	iptables,
	router,
	bridges,
}: RouterMachineOptions): readonly string[] {
	const port = (id: string, path: string, number: number) => [
		"-chardev",
		`socket,id=${id},path=${path},server=on,wait=off`,
		"-device",
		`virtserialport,chardev=${id},nr=${number},name=${id}`,
	];
	return [
		"qemu-system-x86_64",
		...machineWords({
			kernelFile: `${BOOT_FOLDER}/${basename(image.kernelFile)}`,
			initrdFile: `${BOOT_FOLDER}/${basename(image.initrdFile)}`,
			accelerator: provenAccelerator(),
			memoryMb: MEMORY_MB,
			backend: iptables,
			kernelWords: "marktwin.stay",
		}),
		// The container's log is the machine's console.
		"-serial",
		"stdio",
		"-monitor",
		"none",
		...port("agent", agentSocket(router), 1),
		...port("conditions", conditionsSocket(router), 2),
		...Array.from({ length: bridges }, (_, bridge) => [
			"-netdev",
			`tap,id=net${bridge},ifname=${tapName(router, bridge)},script=no,downscript=no,vhost=off`,
			"-device",
			`virtio-net-pci,netdev=net${bridge},mac=${routerMac(router, bridge)},romfile=`,
		]).flat(),
	];
}

function kvmDevice(): readonly string[] {
	return provenAccelerator() === "kvm" ? ["/dev/kvm"] : [];
}

/** Kernel and file system are no part of the container's image: there may be several of them. */
async function putFiles(
	container: Container,
	files: readonly string[],
): Promise<void> {
	const archive = await packFiles(
		files.map((path) => ({ name: basename(path), path })),
	);
	await container.putArchive(archive, { path: BOOT_FOLDER });
}

/** A program in the container joins its standard streams and the agent's socket. */
async function openAgent(
	docker: Docker,
	container: Container,
	socket: string,
): Promise<Duplex> {
	const join = `until [ -S ${socket} ]; do sleep 0.05; done; exec socat -b 65536 - UNIX-CONNECT:${socket}`;
	const exec = await container.exec({
		Cmd: ["sh", "-c", join],
		AttachStdin: true,
		AttachStdout: true,
		AttachStderr: true,
	});
	const raw = await exec.start({ hijack: true, stdin: true });
	const out = new PassThrough();
	const err = new PassThrough();
	docker.modem.demuxStream(raw, out, err);
	err.resume();
	raw.on("end", () => out.destroy());
	raw.on("close", () => out.destroy());
	return Duplex.from({ readable: out, writable: raw });
}

/** The last lines that the machine has printed. */
async function consoleOf(container: Container): Promise<string[]> {
	return [...lastWords(await containerLog(container)).lines];
}
