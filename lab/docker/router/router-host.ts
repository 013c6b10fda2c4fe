/**
 * A router on the host's kernel: a container with a network namespace of its own, into which cables from
 * the switch lead. Its tables, connections and settings are that namespace's; the host's are never looked at.
 */

import type { Container } from "dockerode";
import { sysctlPath } from "../../../sim/conntrack/settings/sysctl-name.ts";
import type { Backend } from "../../../sim/linux/linux.ts";
import type { Linux } from "../../kernel/linux-gateway.ts";
import { sysctlOutcome } from "../../kernel/sysctl.ts";
import { LabError } from "../../lab-error.ts";
import { execIn } from "../engine/exec.ts";
import type { ContainerSpec, LabContainers } from "../resources/containers.ts";
import type { RouterBox } from "./router-box.ts";
import type { RouterReach } from "./router-kernel.ts";
import { RUN_FOLDER } from "./router-machine.ts";

/** Rules and links; and sockets that announce addresses (arping), or speak to the kernel (iptables-legacy). */
const ROUTER_CAPABILITIES = ["NET_ADMIN", "NET_RAW"];
const CAPABILITIES = {
	router: ROUTER_CAPABILITIES,
	// Proxies listen on port 25, and their workers are somebody else than root.
	proxies: [
		...ROUTER_CAPABILITIES,
		"NET_BIND_SERVICE",
		"SETUID",
		"SETGID",
		"CHOWN",
		"DAC_OVERRIDE",
	],
} as const;
const PROGRAM_MS = 60_000;
const CONNTRACK_FILE = "/proc/net/nf_conntrack";
/** What a program says of an error that it met, and its number. */
const ERRNO: readonly (readonly [string, number])[] = [
	["Operation not permitted", 1],
	["No such file or directory", 2],
	["Permission denied", 13],
	["Invalid argument", 22],
	["Numerical result out of range", 34],
	["Read-only file system", 30],
];
const EIO = 5;
/** One write() of all that comes, into a file that is there. */
const WRITE = "dd bs=64K conv=notrunc,nocreat status=none";
/** Not one of dd's. */
const CANNOT_MOUNT = 90;

export interface HostRouterOptions {
	readonly containers: LabContainers;
	/** 0 is the one that serves first. */
	readonly router: number;
	readonly image: "router" | "proxies";
	/** `null`: rules are none of its business. */
	readonly iptables: Backend | null;
}

/** Creates and starts it; the cables come later. */
export async function startHostRouter({
	containers,
	router,
	image,
	iptables,
}: HostRouterOptions): Promise<Container> {
	const container = await containers.create({
		role: `router${router + 1}`,
		image,
		// The others are reached by the numbers of their processes, so all of them see each other's.
		command: [
			"sh",
			"-c",
			`echo $$ > ${RUN_FOLDER}/router${router + 1}.pid; exec sleep infinity`,
		],
		...(router === 0 ? {} : { processesOf: "router1" }),
		capabilities: CAPABILITIES[image],
		volumes: [RUN_FOLDER],
	});
	await container.start();
	if (iptables !== null)
		await hostShell(container, router).must([
			"update-alternatives",
			"--set",
			"iptables",
			`/usr/sbin/iptables-${iptables}`,
		]);
	return container;
}

/** @param wires the container that may enter all networks of the lab, and its own mounts */
export async function hostRouterBox(
	container: Container,
	about: {
		readonly router: number;
		readonly wires: Container;
		readonly interfaces: readonly string[];
		readonly version: string;
	},
): Promise<RouterBox> {
	const { wires, interfaces: cards, version } = about;
	const { Pid: pid } = (await container.inspect()).State;
	const linux = hostShell(container, about.router);
	return {
		version,
		cards,
		linux,
		setSysctl: (name, value) => setSysctl({ wires, pid }, name, value),
		async forgetNeighbour(name, address) {
			await linux.run(["ip", "neigh", "del", address, "dev", name]);
		},
		disconnect: () => {},
	};
}

function hostShell(container: Container, router: number): Linux {
	const run: Linux["run"] = async (words, input = "") => {
		const options = { input, timeoutMs: PROGRAM_MS };
		const { code, out, err } = await execIn(container, words, options);
		return { status: code, out, err };
	};
	return {
		run,
		async must(words, input) {
			const { status, out, err } = await run(words, input);
			if (status === 0) return out;
			throw new LabError({
				code: "start",
				place: `router ${router + 1}`,
				message: `${words.join(" ")} ended with ${status}: ${err.trim()}`,
				remedy: "",
			});
		},
		async read(path) {
			const { status, out } = await run(["cat", path]);
			if (status === 0) return out;
			if (path !== CONNTRACK_FILE) return null;
			// A kernel may have been built without the file; the program prints the same lines.
			return (await run(["conntrack", "-L", "-o", "extended"])).out;
		},
		async write(path, text) {
			const script = `${WRITE} of="$1"`;
			const { status, err } = await run(["sh", "-c", script, "-", path], text);
			return status === 0 ? 0 : errnoOf(err);
		},
	};
}

/**
 * Containers see the kernel's settings read-only. So a /proc that can be written is mounted where
 * nobody else sees it, by somebody who stands in the router's namespace: settings that are the whole
 * machine's are not there, or cannot be written.
 */
async function setSysctl(
	{ wires, pid }: { readonly wires: Container; readonly pid: number },
	name: string,
	value: number,
): Promise<ReturnType<typeof sysctlOutcome>> {
	const path = sysctlPath(name).replace("/proc/", "/mnt/");
	const script = `mount -t proc proc /mnt || exit ${CANNOT_MOUNT}; exec ${WRITE} of="$1"`;
	const { code, err } = await execIn(
		wires,
		[
			"nsenter",
			"-t",
			`${pid}`,
			"-n",
			"unshare",
			"-m",
			"sh",
			"-c",
			script,
			"-",
			path,
		],
		{ input: `${value}` },
	);
	if (code === CANNOT_MOUNT)
		throw new LabError({
			code: "unsupported",
			place: `net.${name}`,
			message: err.trim(),
			remedy: "Take --kernel vm: a virtual machine's settings are its own.",
		});
	return sysctlOutcome(name, code === 0 ? 0 : errnoOf(err));
}

/** Programs tell errors in words. */
export function errnoOf(said: string): number {
	return ERRNO.find(([words]) => said.includes(words))?.[1] ?? EIO;
}

/** What the checker's container needs so that its program can enter the routers' namespaces. */
export const HOST_CHECKER: Partial<ContainerSpec> = {
	processesOf: "router1",
	capabilities: ["NET_ADMIN", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"],
	isUnconfined: true,
	volumes: [RUN_FOLDER],
};

/** With the routers' own programs, and in their networks. */
export const HOST_REACH: RouterReach = {
	condition: onEveryRouter(
		`sh -c 'printf %s "$2" > "/proc/net/nf_condition/$1"' -`,
	),
	conntrack: onEveryRouter("conntrack"),
};

function onEveryRouter(command: string): readonly string[] {
	const each = `nsenter -t "$(cat "$file")" -n -m ${command} "$@" || worst=$?`;
	// One line: it goes into a configuration of the checker's.
	const script = `worst=0; for file in ${RUN_FOLDER}/router*.pid; do ${each}; done; exit $worst`;
	return ["sh", "-c", script, "-"];
}
