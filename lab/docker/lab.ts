/** A lab: a switch, a router, backends with real mail servers, clients and a health checker, all in containers. */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { Container } from "dockerode";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { LabError } from "../lab-error.ts";
import { type BackendService, servicesOn } from "./backend-services.ts";
import { ifEngines } from "./engine/engine-error.ts";
import { execIn } from "./engine/exec.ts";
import {
	type ContainerSpec,
	type LabContainers,
	labContainers,
} from "./resources/containers.ts";
import { createRouter, type LabRouter } from "./router/router.ts";
import type { RouterBox } from "./router/router-box.ts";
import { routerFleet } from "./router/router-fleet.ts";
import type { RouterKernel, RouterReach } from "./router/router-kernel.ts";
import {
	type LabHost,
	otherRouters,
	plugName,
	seatsOf,
	wiringScript,
} from "./router/topology.ts";

export interface Lab {
	readonly id: string;
	readonly containers: LabContainers;
	readonly router: LabRouter;
	readonly seats: readonly LabHost[];
	/** What runs on a backend. */
	servicesOn(backend: string): readonly BackendService[];
	/** Starts what runs on a backend, and waits until it serves. @throws LabError */
	startServices(backend: string): Promise<void>;
	/** How the checker's program gets to the routers, those that may take over among them. */
	readonly reach: RouterReach;
	/** How long it took to be ready. */
	readonly readyMs: number;
	/** Runs a program with the power over all networks of the lab, and of nothing else. */
	wire(script: string): Promise<void>;
	/** Unplugs a host, or plugs it in again. */
	plug(seat: string, isIn: boolean): Promise<void>;
	/** Lets go of the router; everything stays. */
	disconnect(): void;
	/** Removes everything. */
	down(): Promise<void>;
}

export interface LabOptions {
	readonly docker: Docker;
	/** Ids by our names. */
	readonly images: ReadonlyMap<string, string>;
	readonly kernel: RouterKernel;
	readonly scenario: Pick<PlayableScenario, "setup" | "steps">;
	/** Who removes it when we are killed; "" when it is to stay. */
	readonly owner: string;
}

/** A container with nothing to do but to be there. */
const IDLE = ["sleep", "infinity"];
const SERVICE_MS = 30_000;
const WIRE_MS = 30_000;

/**
 * Puts everything in place, and waits until all services answer. What was begun is removed again
 * when it fails.
 * @throws LabError
 */
export async function startLab(options: LabOptions): Promise<Lab> {
	const began = performance.now();
	const { docker, scenario } = options;
	const id = randomBytes(3).toString("hex");
	const containers = labContainers(docker, id, options);
	const boxes: RouterBox[] = [];
	const disconnect = () => {
		for (const box of boxes) box.disconnect();
	};
	const down = async () => {
		disconnect();
		await containers.remove();
	};
	try {
		const seats = seatsOf(scenario);
		const { interfaces } = scenario.setup.gateway;
		const fleet = routerFleet(options.kernel, {
			docker,
			containers,
			count: routersOf(scenario),
			interfaces: interfaces.map(({ name }) => name),
		});
		const routers = await fleet.begin();
		const holders = await startHolders(containers, seats, fleet.checker);
		const wire = (script: string) =>
			mustIn(containers.get("wires"), script, WIRE_MS);
		await wire(
			wiringScript(seats, {
				bridges: interfaces.length,
				others: otherRouters(seats),
				routers,
				pids: await pidsOf(containers.get("switch"), holders),
			}),
		);
		const services = new Map(
			scenario.setup.backends.map((one) => [
				one.name,
				servicesOn(scenario, one),
			]),
		);
		const [started] = await Promise.all([
			fleet.boxes(),
			...[...services].map(async ([name, some]) => {
				await Promise.all(some.map(({ spec }) => containers.create(spec)));
				await startServices(containers, name, some);
			}),
		]);
		boxes.push(...started);
		const router = await createRouter(scenario.setup.gateway, boxes);
		const inSwitch = `nsenter -t ${await pidOf(containers.get("switch"))} -n`;
		return {
			id,
			containers,
			router,
			seats,
			wire,
			disconnect,
			down,
			servicesOn: (name) => services.get(name) ?? [],
			startServices: (name) =>
				startServices(containers, name, services.get(name) ?? []),
			reach: fleet.reach,
			readyMs: performance.now() - began,
			async plug(name, isIn) {
				const index = seats.findIndex((seat) => seat.name === name);
				const state = isIn ? "up" : "down";
				await wire(`${inSwitch} ip link set ${plugName(index)} ${state}`);
			},
		};
	} catch (error) {
		await down();
		throw ifEngines(`lab ${id}`, error);
	}
}

/** The one that serves, and one for each take-over. */
function routersOf({ steps }: LabOptions["scenario"]): number {
	const takeOvers = steps.filter(
		(step) => step.kind === "operation" && step.operation.kind === "take-over",
	);
	return 1 + takeOvers.length;
}

/** A new network has this setting of the host. */
const NO_ROUTER = { "net.ipv4.ip_forward": "0" };
/** As in the model, each datagram to a closed port is answered. A kernel's usual limit is one error a second to a peer. */
const EVERY_ERROR = { "net.ipv4.icmp_ratelimit": "0" };

/** The containers whose networks everything else uses; they are there as long as the lab is. */
async function startHolders(
	containers: LabContainers,
	seats: readonly LabHost[],
	checker: Partial<ContainerSpec>,
): Promise<readonly Container[]> {
	const idle = { image: "tools", command: IDLE };
	const specs = [
		{ ...idle, role: "switch", sysctls: NO_ROUTER },
		{
			...idle,
			role: "wires",
			capabilities: ["NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"],
			devices: ["/dev/net/tun"],
			seesHost: true,
			isUnconfined: true,
		},
		...seats.map(({ kind, name }) => ({
			...idle,
			role: name,
			hostName: name,
			sysctls: { ...NO_ROUTER, ...EVERY_ERROR },
			// It finds its way to the routers' conditions.
			...(kind === "checker" ? checker : {}),
		})),
	];
	const all = await Promise.all(
		specs.map(async (spec) => {
			const container = await containers.create(spec);
			await container.start();
			return container;
		}),
	);
	return all.slice(2);
}

/** They are there, and do not run. */
async function startServices(
	containers: LabContainers,
	backend: string,
	services: readonly BackendService[],
): Promise<void> {
	await Promise.all(
		services.map(async ({ role, untilReady }) => {
			await containers.get(role).start();
			await mustIn(containers.get(backend), untilReady, SERVICE_MS);
		}),
	);
}

/** @throws LabError with what the shell said */
async function mustIn(
	container: Container,
	script: string,
	timeoutMs: number,
): Promise<void> {
	const { code, err } = await execIn(container, ["sh", "-c", script], {
		timeoutMs,
	});
	if (code === 0) return;
	throw new LabError({
		code: code === 124 ? "hangs" : "start",
		place: `container ${container.id.slice(0, 12)}`,
		message: `${script.split("\n").at(-1)}: ended with ${code}`,
		remedy: "",
		console: err.trim().split("\n"),
	});
}

async function pidsOf(
	theSwitch: Container,
	holders: readonly Container[],
): Promise<{ readonly switch: number; readonly seats: readonly number[] }> {
	return {
		switch: await pidOf(theSwitch),
		seats: await Promise.all(holders.map(pidOf)),
	};
}

async function pidOf(container: Container): Promise<number> {
	return (await container.inspect()).State.Pid;
}
