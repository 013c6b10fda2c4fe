/** Plays scenarios in containers, each in a lab of its own, and leaves nothing behind. */
import type Docker from "dockerode";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { DriverInfo } from "../../../scenarios/result/driver-info.ts";
import type { Invocation } from "../../../scenarios/result/invocation.ts";
import type { RunResult } from "../../../scenarios/result/result.ts";
import type { Limits } from "../../../scenarios/run/budget.ts";
import {
	checkScenario,
	resultOf,
} from "../../../scenarios/run/run-scenario.ts";
import { LOOPBACK, listeningOf } from "../../../sim/world/setup/services.ts";
import { LabError } from "../../lab-error.ts";
import { requireImage } from "../../vm/image/image.ts";
import { connectEngine } from "../engine/engine.ts";
import { ifEngines } from "../engine/engine-error.ts";
import { ensureImages } from "../image/images.ts";
import { type Lab, type LabOptions, startLab } from "../lab.ts";
import { sweepLabs, thisProcess } from "../resources/owner.ts";
import { ROUTER_IMAGE } from "../router/router-fleet.ts";
import {
	chooseKernel,
	type HostKernel,
	kernelName,
	type RouterKernel,
	type RouterWish,
	routerWish,
} from "../router/router-kernel.ts";
import { probeHostKernel } from "../router/router-probe.ts";
import { whyNotFault } from "./faults.ts";
import { untilInTime } from "./lateness.ts";
import { type Arrivals, planArrivals } from "./plan-arrivals.ts";
import { type LivePlay, playLive } from "./play.ts";

/** What a lab is made of, besides its router. */
export const LAB_IMAGES = ["tools", "mail"] as const;

export interface DockerLab {
	readonly driver: DriverInfo;
	/** Makes images that are missing; removes labs of processes that were killed. */
	prepare(say: (line: string) => void): Promise<void>;
	/** @throws LabError, and ScenarioError when the scenario cannot be set up */
	play(scenario: PlayableScenario, options: PlayOptions): Promise<DockerResult>;
}

interface PlayOptions {
	readonly seed?: number;
	/** What the play on the model may take. */
	readonly limits?: Limits;
	readonly file?: string;
	/** The command that plays it once more, for the results. */
	readonly replay?: Invocation;
}

interface DockerResult {
	readonly result: RunResult;
	/** The model's, of the same scenario and seed: its arrivals were played. */
	readonly model: RunResult;
	readonly live: LivePlay;
	/** How long the lab took to be ready. */
	readonly readyMs: number;
}

export function createDockerLab(wish: RouterWish = routerWish({})): DockerLab {
	let prepared: Prepared | null = null;
	let last = "not started";
	let say: (line: string) => void = () => {};
	return {
		get driver(): DriverInfo {
			return { kind: "docker", name: "docker", version: last };
		},
		async prepare(sayIt) {
			say = sayIt;
			prepared = await prepareLab(wish, say);
			last = `docker ${prepared.engine}`;
		},
		async play(scenario, options) {
			const { seed = scenario.setup.seed, file = "" } = options;
			if (prepared === null) throw new TypeError("nothing was prepared");
			mustBePlayable(scenario);
			const model = checkScenario(scenario, options);
			const arrivals = planArrivals(scenario, model, (one) =>
				checkScenario(one, options),
			);
			const kernel = prepared.kernelFor(scenario);
			const version = `${kernelName(kernel)}, docker ${prepared.engine}`;
			if (version !== last) say(`the router's: ${kernelName(kernel)}`);
			last = version;
			const { start } = prepared;
			const what = { scenario, seed, file, model, arrivals };
			const once = async () => {
				const lab = await start(scenario, { kernel, owner: thisProcess() });
				try {
					return await playIn(lab, what, version);
				} catch (error) {
					throw ifEngines(`lab ${lab.id}`, error);
				} finally {
					await lab.down();
				}
			};
			return untilInTime(once, (why) =>
				say(`${scenario.name} is played once more: ${why}`),
			);
		},
	};
}

/** An engine with what a lab is made of, and what is known of its host. */
export interface Prepared {
	readonly docker: Docker;
	/** Its version, and the images that clients and servers are made of. */
	readonly engine: string;
	/** `null` when nobody asked, since a virtual machine's kernel is wanted. */
	readonly host: HostKernel | null;
	/** @throws LabError when what is wished for cannot be had */
	kernelFor(scenario: Pick<PlayableScenario, "setup" | "steps">): RouterKernel;
	/** @throws LabError */
	start(
		scenario: Pick<PlayableScenario, "setup" | "steps">,
		options: Pick<LabOptions, "kernel" | "owner">,
	): Promise<Lab>;
}

/**
 * Makes images that are missing, looks at the host's kernel where it might be the router's, and
 * removes labs of processes that were killed.
 * @throws LabError
 */
export async function prepareLab(
	wish: RouterWish,
	say: (line: string) => void,
): Promise<Prepared> {
	const docker = await connectEngine();
	// Whoever wants just that learns at once that it is not there.
	if (wish.kernel === "vm") requireImage(wish.machine);
	await sweepLabs(docker);
	const common = await ensureImages(docker, LAB_IMAGES, say);
	// Looked for once: all labs of one command are made of the same.
	const routers = new Map<RouterKernel["kind"], ReadonlyMap<string, string>>();
	const { Version: number } = await docker.version();
	const engine = `${number} (images: ${imageList(common)})`;
	const host = wish.kernel === "vm" ? null : await askHost(docker, say);
	if (host !== null && wish.kernel === "auto" && !host.hasCondition)
		say(
			`the host's kernel ${host.release} has no xt_condition: rules with conditions get a virtual machine's`,
		);
	return {
		docker,
		engine,
		host,
		kernelFor: (scenario) => chooseKernel(wish, host, scenario),
		async start(scenario, { kernel, owner }) {
			const { kind } = kernel;
			const router =
				routers.get(kind) ??
				(await ensureImages(docker, [ROUTER_IMAGE[kind]], say));
			routers.set(kind, router);
			const images = new Map<string, string>([...common, ...router]);
			return startLab({ docker, images, kernel, scenario, owner });
		},
	};
}

async function askHost(
	docker: Docker,
	say: (line: string) => void,
): Promise<HostKernel> {
	const images = await ensureImages(docker, ["router"], say);
	return probeHostKernel(docker, images.get("router") ?? "");
}

/** `tools 1a2b3c4d5e6f, mail …`, by the engine's own ids. */
function imageList(images: ReadonlyMap<string, string>): string {
	return [...images]
		.map(([name, id]) => `${name} ${id.replace("sha256:", "").slice(0, 12)}`)
		.join(", ");
}

async function playIn(
	lab: Lab,
	what: {
		readonly scenario: PlayableScenario;
		readonly seed: number;
		readonly file: string;
		readonly model: RunResult;
		readonly arrivals: Arrivals;
	},
	version: string,
): Promise<DockerResult> {
	const { scenario, seed, file, model, arrivals } = what;
	const planned = model.account;
	const live = await playLive(scenario, lab, { planned, arrivals, file });
	const driver = { kind: "docker", name: "docker", version } as const;
	return {
		model,
		live,
		readyMs: lab.readyMs,
		result: resultOf(scenario, live.account, {
			seed,
			driver,
			replay: model.replay,
		}),
	};
}

/** @throws LabError (`unsupported`) for what only packets by hand, or a simulated backend, can do */
export function mustBePlayable(
	scenario: Pick<PlayableScenario, "name" | "setup" | "steps" | "expect">,
): void {
	const { name, setup, steps, expect } = scenario;
	const { clients, backends, healthCheck } = setup;
	const hosts = [
		...clients,
		...backends,
		...(healthCheck ? [healthCheck] : []),
	];
	const doesFlow = steps.some(({ kind }) => kind === "send");
	const outcomes = expect.map((one) => ("outcome" in one ? one.outcome : null));
	const reasons = [
		...(hosts.some((one) => one.interface === LOOPBACK)
			? [
					"it has programs of the gateway's own (`lo`, `gateway.listeners`), and programs of a lab run on hosts around the gateway",
				]
			: []),
		...(steps.some(({ kind }) => kind === "packet" || kind === "race")
			? ["it puts packets by hand on a wire"]
			: []),
		...(steps.some(({ kind }) => kind === "neighbour")
			? ["a neighbour of it dies or comes back"]
			: []),
		...(steps.some(({ kind }) => kind === "announce")
			? ["another router of it announces an address"]
			: []),
		...(steps.some(({ kind }) => kind === "carrier")
			? ["a link of it loses its carrier"]
			: []),
		...(steps.some((step) => "who" in step && step.who === "backend")
			? ["a real backend does not speak or close out of turn"]
			: []),
		...whyNotFaults(scenario),
		...(expect.some(({ kind }) => UNSEEN.has(kind))
			? ["it expects what only a look at every packet can tell"]
			: []),
		...(outcomes.includes("half-open")
			? ["it expects what no client can tell: `half-open`"]
			: []),
		...(doesFlow && outcomes.includes("unreachable")
			? [
					"it expects what a socket for datagrams does not tell: `unreachable`; of ICMP errors it tells of a closed port alone",
				]
			: []),
	];
	if (reasons.length === 0) return;
	throw new LabError({
		code: "unsupported",
		place: name,
		message: reasons.join("; "),
		remedy: "Play it on the model, or with --on vm.",
	});
}

/** Behaviours of backends that cannot be had, each reason once. */
function whyNotFaults({
	setup,
	steps,
}: Pick<PlayableScenario, "setup" | "steps">): readonly string[] {
	const reasons = setup.backends.flatMap((backend) => {
		const isMail = listeningOf(setup, backend).some(
			({ program }) => program.kind === "smtp",
		);
		const later = steps.flatMap((step) =>
			step.kind === "backend" && step.backend === backend.name
				? [step.becomes]
				: [],
		);
		return [backend.behaviour, ...later].flatMap(
			(behaviour) => whyNotFault(behaviour, isMail) ?? [],
		);
	});
	return [...new Set(reasons)];
}

/** Expectations about single packets. */
const UNSEEN: ReadonlySet<string> = new Set([
	"packets-out",
	"packets-past",
	"packets-counted",
	"abandoned",
	"gateway-answered",
	"moved",
	"split-by-source",
]);
