/** A lab: a switch, a router, backends with real mail servers, clients and a health checker, all in containers. */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { Container } from "dockerode";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { LabError } from "../lab-error.ts";
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
	plugName,
	seatsOf,
	wiringScript,
} from "./router/topology.ts";

export interface Lab {
	readonly id: string;
	readonly containers: LabContainers;
	readonly router: LabRouter;
	readonly seats: readonly LabHost[];
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
/** Where every mail server of the lab listens. */
export const SERVICE_PORT = 25;
const WIRE_MS = 30_000;

export function backendServiceRole(backend: string): string {
	return `${backend}-mail`;
}

/**
 * Puts everything in place, and waits until all mail servers answer. What was begun is removed again
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
				routers,
				pids: await pidsOf(containers.get("switch"), holders),
			}),
		);
		const [started] = await Promise.all([
			fleet.boxes(),
			startServices(containers, seats, slowBackends(scenario)),
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

/** The containers whose networks everything else uses; they are there as long as the lab is. */
async function startHolders(
	containers: LabContainers,
	seats: readonly LabHost[],
	checker: Partial<ContainerSpec>,
): Promise<readonly Container[]> {
	const idle = { image: "tools", command: IDLE };
	const specs = [
		{ ...idle, role: "switch" },
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

async function startServices(
	containers: LabContainers,
	seats: readonly LabHost[],
	slow: ReadonlySet<string>,
): Promise<void> {
	const backends = seats.filter(({ kind }) => kind === "backend");
	await Promise.all(
		backends.map(async ({ name }) => {
			const service = await containers.create({
				role: backendServiceRole(name),
				image: "mail",
				network: { of: name },
				// As a mail server has them that drops its privileges for each of its parts.
				capabilities: MAIL_CAPABILITIES,
				// The others are not to wait for anything.
				environment: slow.has(name) ? { CAN_BE_SLOW: "yes" } : {},
			});
			await service.start();
			await waitForService(containers.get(name));
		}),
	);
}

/** Backends that are slow at any time: their mail servers are set up for it. */
function slowBackends({
	setup,
	steps,
}: LabOptions["scenario"]): ReadonlySet<string> {
	const first = setup.backends.flatMap(({ name, behaviour }) =>
		behaviour.kind === "slow" ? [name] : [],
	);
	const later = steps.flatMap((step) =>
		step.kind === "backend" && step.becomes.kind === "slow"
			? [step.backend]
			: [],
	);
	return new Set([...first, ...later]);
}

const MAIL_CAPABILITIES = [
	"CHOWN",
	"DAC_OVERRIDE",
	"FOWNER",
	"KILL",
	"SETGID",
	"SETUID",
	"NET_BIND_SERVICE",
	"SYS_CHROOT",
];

/** Until somebody serves in the holder's network. */
export async function waitForService(holder: Container): Promise<void> {
	const script = `until busybox nc -w 1 127.0.0.1 ${SERVICE_PORT} </dev/null | grep -q ^220; do sleep 0.05; done`;
	await mustIn(holder, script, SERVICE_MS);
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
