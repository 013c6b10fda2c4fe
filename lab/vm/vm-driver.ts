/** The kernel as a driver: one virtual machine, in which one gateway after the other stands. */
import type { AsyncDriver, DriverPorts } from "../../scenarios/run/driver.ts";
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import type { Backend } from "../../sim/linux/linux.ts";
import { LabError } from "../lab-error.ts";
import type { Surroundings } from "./guest-box.ts";
import type { Image } from "./image/image.ts";
import { requireImage } from "./image/image.ts";
import type { ImageWish } from "./image/wish.ts";
import type { Accelerator } from "./machine/accelerator.ts";
import { createGuest } from "./machine/guest.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import { MachineSettings } from "./machine/machine-settings.ts";
import type { Programs } from "./own-ports.ts";
import { enableNftTraces } from "./rule-traces.ts";
import type { TimeMode } from "./script-time.ts";
import { Trunk } from "./trunk.ts";
import { VmGateway } from "./vm-gateway.ts";

export interface VmDriverOptions {
	/** Left out: the usual one. */
	readonly image?: ImageWish;
	/** Which program `iptables` is in the guest; left out: legacy. */
	readonly backend?: Backend;
	readonly accelerator?: Accelerator | "auto";
	readonly time?: TimeMode;
	/** Left out: the play speaks for programs of the gateway's own (`played`). */
	readonly programs?: Programs;
	/** See `MachineOptions`. */
	readonly bootMs?: number;
}

export interface VmDriver extends AsyncDriver {
	readonly image: Image;
	/** How the machine runs, or ran last; `null` before the first scenario. */
	readonly accelerator: Accelerator | null;
	/** How long the last boot took. */
	readonly readyMs: number;
	/** Why machines ended before their time, oldest first. */
	readonly failures: readonly LabError[];
	/** Boots now what would be booted for the first scenario. */
	start(): Promise<Machine>;
	/** A kernel draws and traces by itself: what a model is given for that is of no use to it. */
	open(setup: GatewaySetup, ports?: DriverPorts): Promise<VmGateway>;
	/** Ends the machine. */
	close(): Promise<void>;
}

/**
 * @throws LabError (`missing`) when the image has not been built, or QEMU is not here
 *
 *     const driver = createVmDriver();
 *     try { await checkScenarioAsync(scenario, { driver }); } finally { await driver.close(); }
 */
export function createVmDriver(options: VmDriverOptions = {}): VmDriver {
	const { time = "moved", programs = "played", backend = "legacy" } = options;
	const image = requireImage(options.image);
	const failures: LabError[] = [];
	let here: Surroundings | null = null;
	/** Machines do not come up here: the next one would be waited for as long, and in vain. */
	let hopeless: LabError | null = null;
	let accelerator: Accelerator | null = null;
	/** One gateway at a time: whoever comes next waits for the one before. */
	let turn: Promise<void> = Promise.resolve();

	async function ready(): Promise<Surroundings> {
		if (here !== null && here.machine.failure === null) return here;
		if (hopeless !== null) throw hopeless;
		await stop();
		const machine = await start();
		accelerator = machine.accelerator;
		try {
			here = await surroundingsOn(machine, { programs, backend });
		} catch (error) {
			await end(machine);
			throw error;
		}
		return here;
	}

	async function start(): Promise<Machine> {
		try {
			const { accelerator: wanted = "auto" } = options;
			const { bootMs } = options;
			const limits = bootMs === undefined ? {} : { bootMs };
			const how = { image, backend, accelerator: wanted };
			return await startMachine({ ...how, ...limits });
		} catch (error) {
			// Once one was up, the reason may be gone when the next one is needed.
			if (accelerator === null && error instanceof LabError)
				if (error.code === "start") hopeless = error;
			throw error;
		}
	}

	async function stop(): Promise<void> {
		const old = here;
		here = null;
		if (old !== null) await end(old.machine);
	}

	async function end(machine: Machine): Promise<void> {
		if (machine.failure !== null) failures.push(machine.failure);
		await machine.stop();
	}

	return {
		kind: "vm",
		name: "vm",
		get version() {
			return versionOf(image, backend, accelerator);
		},
		image,
		failures,
		get accelerator() {
			return accelerator;
		},
		get readyMs() {
			return here?.machine.readyMs ?? 0;
		},
		start: async () => (await ready()).machine,
		async open(setup) {
			const before = turn;
			let done = () => {};
			turn = new Promise((resolve) => {
				done = resolve;
			});
			await before;
			try {
				return await VmGateway.open({ ...(await ready()), time, done }, setup);
			} catch (error) {
				done();
				throw error;
			}
		},
		// A gateway that is still open finds its machine gone.
		close: stop,
	};
}

/** What boxes need that are to stand on a machine which has just come up. @throws LabError */
async function surroundingsOn(
	machine: Machine,
	how: Pick<Surroundings, "programs" | "backend">,
): Promise<Surroundings> {
	const guest = createGuest(machine);
	const trunk = await Trunk.open(machine);
	if (how.backend === "nft") await enableNftTraces(guest);
	return { ...how, machine, trunk, settings: new MachineSettings(guest) };
}

/** `linux 6.1.192-2 under tcg, iptables-legacy 1.8.9-2`. */
function versionOf(
	{ manifest }: Image,
	backend: Backend,
	accelerator: Accelerator | null,
): string {
	const under = accelerator === null ? "" : ` under ${accelerator}`;
	return `linux ${manifest.version}${under}, iptables-${backend} ${manifest.iptables}`;
}
