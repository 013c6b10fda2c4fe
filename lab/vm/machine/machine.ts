/** A virtual machine: its process, its sockets, its console, and its end. */
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { atProcessEnd } from "../../../scenarios/files/process-end.ts";
import type { Backend } from "../../../sim/linux/linux.ts";
import { missingFor } from "../../doctor.ts";
import { LabError, type LabErrorCode } from "../../lab-error.ts";
import { type Image, mustBeIntact } from "../image/image.ts";
import { FrameReader, framed } from "../wire/frames.ts";
import {
	type Accelerator,
	acceleratorsToTry,
	rememberKvm,
} from "./accelerator.ts";
import {
	type AgentAnswer,
	type AgentChannel,
	createAgentChannel,
} from "./agent-channel.ts";
import { type LastWords, lastWords, tailOf } from "./console.ts";
import { type MachineProcess, startProcess } from "./machine-process.ts";
import { qemuCommand } from "./qemu.ts";
import {
	createRunFolder,
	noteMachine,
	removeRunFolder,
	sweepRunFolders,
} from "./run-folder.ts";

export interface MachineOptions {
	readonly image: Image;
	/** Which program `iptables` is in the guest; by default legacy. */
	readonly backend?: Backend;
	readonly accelerator?: Accelerator | "auto";
	/** A request that takes longer means that the machine hangs. */
	readonly answerMs?: number;
	/** A machine that shows no sign of life for that long after its start will not; by default, what its accelerator may need. */
	readonly bootMs?: number;
}

export interface Machine {
	readonly accelerator: Accelerator;
	/** From the call to the first sign of the agent. */
	readonly readyMs: number;
	/** For those who watch over it. */
	readonly pid: number;
	/** Why it is of no use any more; `null` while it is. */
	readonly failure: LabError | null;
	/** Puts frames on the trunk. */
	send(frames: readonly Uint8Array[]): void;
	/** Takes over what comes out of the trunk. */
	listen(take: (frame: Buffer) => void): void;
	/** Is called once, when the machine fails. @returns takes it back */
	onFailure(take: (failure: LabError) => void): () => void;
	/** @throws LabError when the machine fails meanwhile, or does not answer in time */
	call(operation: string, payload: Uint8Array): Promise<AgentAnswer>;
	/** Declares it unusable and ends it. */
	fail(code: LabErrorCode, message: string): LabError;
	/** Ends it; nothing of it is left. */
	stop(): Promise<void>;
}

const MEMORY_MB = 384;
/** A machine that is translated needs four seconds on an idle host; a busy one gets its time. */
const BOOT_MS: Readonly<Record<Accelerator, number>> = {
	kvm: 5_000,
	tcg: 90_000,
};
const ANSWER_MS = 60_000;

/**
 * Boots a machine, with KVM if that works.
 * @throws LabError
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
	const missing = missingFor("vm");
	if (missing !== null) throw missing;
	mustBeIntact(options.image);
	sweepRunFolders();
	const accelerators = acceleratorsToTry(options.accelerator);
	for (const [index, accelerator] of accelerators.entries()) {
		const machine = new RunningMachine(accelerator, options);
		try {
			await machine.boot();
			if (accelerator === "kvm") rememberKvm(true, "");
			return machine;
		} catch (error) {
			await machine.stop();
			const isLast = index === accelerators.length - 1;
			if (isLast || !(error instanceof LabError)) throw error;
			rememberKvm(false, error.message.split("\n")[0] ?? "");
		}
	}
	throw new Error("there is no accelerator to try");
}

class RunningMachine implements Machine {
	readonly accelerator: Accelerator;
	readyMs = 0;
	failure: LabError | null = null;
	private readonly folder: string;
	private readonly answerMs: number;
	private readonly bootMs: number;
	private readonly servers: Server[] = [];
	private readonly sockets: Socket[] = [];
	private readonly process: MachineProcess;
	private readonly frames = new FrameReader();
	private readonly greeted: Promise<void>;
	private readonly forget: () => void;
	private readonly watchers = new Set<(failure: LabError) => void>();
	private takeFrame: (frame: Buffer) => void = () => {};
	private trunk: Socket | null = null;
	private agent: AgentChannel | null = null;

	constructor(accelerator: Accelerator, options: MachineOptions) {
		this.accelerator = accelerator;
		this.answerMs = options.answerMs ?? ANSWER_MS;
		this.bootMs = options.bootMs ?? BOOT_MS[accelerator];
		this.folder = createRunFolder();
		this.greeted = this.prepareSockets();
		const words = qemuCommand({
			image: options.image,
			backend: options.backend ?? "legacy",
			accelerator,
			memoryMb: MEMORY_MB,
			trunk: this.path("trunk"),
			agent: this.path("agent"),
			console: this.path("console"),
		});
		this.process = startProcess(words);
		this.process.ended.then(() => this.fail("died", "the machine ended"));
		const remove = () => {
			this.process.kill();
			removeRunFolder(this.folder);
		};
		this.forget = atProcessEnd(remove);
		try {
			if (this.process.pid !== undefined)
				noteMachine(this.folder, this.process.pid);
		} catch (error) {
			remove();
			throw error;
		}
	}

	get pid(): number {
		return this.process.pid ?? 0;
	}

	/** Waits until the agent is there. */
	async boot(): Promise<void> {
		const began = performance.now();
		await this.within(this.bootMs, this.greeted, () =>
			this.fail(
				"start",
				`no sign of life ${this.bootMs / 1000} s after the start`,
			),
		);
		this.readyMs = performance.now() - began;
	}

	send(frames: readonly Uint8Array[]): void {
		const { trunk } = this;
		if (trunk === null || this.failure !== null) return;
		trunk.write(framed(frames));
	}

	listen(take: (frame: Buffer) => void): void {
		this.takeFrame = take;
	}

	onFailure(take: (failure: LabError) => void): () => void {
		this.watchers.add(take);
		return () => this.watchers.delete(take);
	}

	async call(operation: string, payload: Uint8Array): Promise<AgentAnswer> {
		if (this.failure !== null) throw this.failure;
		if (this.agent === null) throw this.fail("start", "there is no agent");
		return this.within(this.answerMs, this.agent.call(operation, payload), () =>
			this.fail("hangs", `no answer within ${this.answerMs / 1000} s`),
		);
	}

	fail(code: LabErrorCode, message: string): LabError {
		if (this.failure !== null) return this.failure;
		const { isBroken, lines } = this.lastWords();
		const failure = new LabError({
			code: isBroken ? "oops" : code,
			place: `virtual machine (${this.accelerator})`,
			message: isBroken ? "the guest's kernel broke down" : message,
			remedy:
				code === "closed" ? "" : "The next scenario gets a machine of its own.",
			console: lines,
		});
		this.failure = failure;
		this.process.kill();
		this.agent?.close(failure);
		for (const watcher of this.watchers) watcher(failure);
		return failure;
	}

	async stop(): Promise<void> {
		this.fail("closed", "it was shut down");
		if (this.process.pid !== undefined) await this.process.ended;
		for (const socket of this.sockets) socket.destroy();
		for (const server of this.servers) server.close();
		removeRunFolder(this.folder);
		this.forget();
	}

	private path(name: string): string {
		return join(this.folder, name);
	}

	/** QEMU connects to both, and then the guest has to greet. */
	private prepareSockets(): Promise<void> {
		const accept = (name: string, use: (socket: Socket) => void) => {
			const server = createServer((socket) => {
				// One machine, one connection.
				server.close();
				this.sockets.push(socket);
				// That it is gone shows in the process's end.
				socket.on("error", () => {});
				use(socket);
			});
			server.on("error", ({ message }) =>
				this.fail("start", `its socket cannot be made: ${message}`),
			);
			server.listen(this.path(name));
			this.servers.push(server);
		};
		return new Promise((resolve) => {
			accept("trunk", (socket) => {
				this.trunk = socket;
				socket.on("data", (chunk: Buffer) => this.take(chunk));
			});
			accept("agent", (socket) => {
				this.agent = createAgentChannel(socket, resolve);
			});
		});
	}

	private take(chunk: Buffer): void {
		try {
			this.frames.push(chunk, (frame) => this.takeFrame(frame));
		} catch (error) {
			if (!(error instanceof RangeError)) throw error;
			this.fail("died", `its trunk carries no frames: ${error.message}`);
		}
	}

	/** @throws LabError when the machine fails first, or the time is over */
	private async within<T>(
		limitMs: number,
		what: Promise<T>,
		late: () => LabError,
	): Promise<T> {
		if (this.failure !== null) throw this.failure;
		let end = () => {};
		const failed = new Promise<never>((_, reject) => {
			const timer = setTimeout(() => reject(late()), limitMs);
			this.watchers.add(reject);
			end = () => {
				clearTimeout(timer);
				this.watchers.delete(reject);
			};
		});
		try {
			return await Promise.race([what, failed]);
		} finally {
			end();
		}
	}

	private lastWords(): LastWords {
		return lastWords(`${this.process.errors()}${tailOf(this.path("console"))}`);
	}
}
