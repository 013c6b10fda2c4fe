/** The routers of a lab, whatever they stand on: this is where the kinds part. */
import type Docker from "dockerode";
import type { Container } from "dockerode";
import type { ContainerSpec, LabContainers } from "../resources/containers.ts";
import type { RouterBox } from "./router-box.ts";
import {
	HOST_CHECKER,
	HOST_REACH,
	hostRouterBox,
	startHostRouter,
} from "./router-host.ts";
import {
	kernelName,
	type RouterKernel,
	type RouterReach,
} from "./router-kernel.ts";
import {
	conditionsSocket,
	connectRouterMachine,
	RUN_FOLDER,
	startRouterMachine,
} from "./router-machine.ts";
import type { SwitchPorts } from "./topology.ts";

export interface RouterFleet {
	readonly reach: RouterReach;
	/** What the checker's container has to have for it. */
	readonly checker: Partial<ContainerSpec>;
	/** Starts what has to be there before the wiring. @returns what is wired */
	begin(): Promise<SwitchPorts>;
	/** Starts the rest, once everything is wired. */
	boxes(): Promise<readonly RouterBox[]>;
}

export interface FleetOptions {
	readonly docker: Docker;
	readonly containers: LabContainers;
	/** Names of the router's interfaces. */
	readonly interfaces: readonly string[];
	/** The one that serves, and those that may take over. */
	readonly count: number;
}

export function routerFleet(
	kernel: RouterKernel,
	options: FleetOptions,
): RouterFleet {
	switch (kernel.kind) {
		case "vm":
			return machines(kernel, options);
		case "host":
		case "proxy":
			return namespaces(kernel, options);
	}
}

/** The images of which routers are made, by kind. */
export const ROUTER_IMAGE = {
	vm: "machine",
	host: "router",
	proxy: "proxies",
} as const;

function machines(
	{ image, iptables }: Extract<RouterKernel, { readonly kind: "vm" }>,
	{ docker, containers, interfaces, count }: FleetOptions,
): RouterFleet {
	const sockets = range(count).map(conditionsSocket);
	const onRouter = ["node", "/opt/marktwin/router-command.mjs", sockets.join()];
	return {
		reach: {
			condition: [...onRouter, "condition"],
			conntrack: [...onRouter, "conntrack"],
		},
		checker: { volumes: [RUN_FOLDER] },
		begin: async () => ({ kind: "taps", count }),
		boxes: () =>
			Promise.all(
				range(count).map(async (router) => {
					const bridges = interfaces.length;
					const about = { image, router, bridges, iptables };
					const container = await startRouterMachine({
						docker,
						containers,
						...about,
					});
					return connectRouterMachine(docker, container, about);
				}),
			),
	};
}

function namespaces(
	kernel: Exclude<RouterKernel, { readonly kind: "vm" }>,
	{ containers, interfaces, count }: FleetOptions,
): RouterFleet {
	const started: Container[] = [];
	return {
		reach: HOST_REACH,
		checker: HOST_CHECKER,
		async begin() {
			const pids: number[] = [];
			// One after the other: the later ones share the first one's processes.
			for (const router of range(count)) {
				const container = await startHostRouter({
					containers,
					router,
					image: ROUTER_IMAGE[kernel.kind],
					iptables: kernel.kind === "host" ? kernel.iptables : null,
				});
				started.push(container);
				pids.push((await container.inspect()).State.Pid);
			}
			return { kind: "cables", pids, names: interfaces };
		},
		boxes: () =>
			Promise.all(
				started.map((container, router) =>
					hostRouterBox(container, {
						router,
						interfaces,
						wires: containers.get("wires"),
						version: kernelName(kernel),
					}),
				),
			),
	};
}

function range(count: number): readonly number[] {
	return Array.from({ length: count }, (_, at) => at);
}
