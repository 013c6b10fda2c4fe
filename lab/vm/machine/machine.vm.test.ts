import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import {
	OUTSIDE,
	RECIPE_GATEWAY,
} from "../../../scenarios/language/build/build.ts";
import type { Ask } from "../../../sim/contract/ask.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { LabError } from "../../lab-error.ts";
import { requireImage } from "../image/image.ts";
import { describeOnVm, vmDriver } from "../test-machine.ts";
import { createGuest } from "./guest.ts";
import { type Machine, startMachine } from "./machine.ts";
import { runBase, sweepRunFolders } from "./run-folder.ts";

const SLOW = { timeout: 300_000 };

// Machines of other people may come and go meanwhile: these have a place of their own.
const base = mkdtempSync(join(tmpdir(), "marktwin-test-"));
process.env.TMPDIR = base;
afterAll(() => rmSync(base, { recursive: true, force: true }));

const driver = vmDriver();

/** Folders of this process's machines. */
function runFolders(): readonly string[] {
	return readdirSync(runBase()).filter((name) =>
		name.startsWith("marktwin-vm-"),
	);
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

async function failureOf(promise: Promise<unknown>): Promise<LabError> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof LabError) return error;
		throw error;
	}
	throw new Error("nothing failed");
}

const ping: Ask = {
	kind: "packet",
	atMs: 0,
	interface: OUTSIDE,
	packet: parsePacket("icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 seq 1"),
};

/** Opens a gateway on a machine, lets something happen to it, and returns what becomes of the next packet. */
async function disturb(how: (machine: Machine) => Promise<unknown>) {
	const machine = await driver().start();
	const gateway = await driver().open(RECIPE_GATEWAY);
	expect((await gateway.answer(ping)).emissions).toHaveLength(1);
	try {
		await how(machine);
		return await failureOf(gateway.answer(ping));
	} finally {
		await gateway.close();
	}
}

/** Whoever comes after the failure is served as if nothing had been. */
async function expectNextIsServed(): Promise<void> {
	const gateway = await driver().open(RECIPE_GATEWAY);
	expect((await gateway.answer(ping)).emissions).toHaveLength(1);
	await gateway.close();
}

describeOnVm("a machine that goes wrong", () => {
	it(
		"is killed: the scenario fails, and the next one gets another",
		SLOW,
		async () => {
			const error = await disturb(async (machine) => {
				process.kill(machine.pid, "SIGKILL");
			});
			expect(error.code).toBe("died");
			expect(error.message).toContain("virtual machine (");
			await expectNextIsServed();
			expect(driver().failures).toHaveLength(1);
			expect(runFolders()).toHaveLength(1);
		},
	);

	it("has an oops: its last words are in the error", SLOW, async () => {
		const error = await disturb(async (machine) => {
			const crash = createGuest(machine).write("/proc/sysrq-trigger", "c");
			await failureOf(crash);
		});
		expect(error.code).toBe("oops");
		expect(error.console.join("\n")).toContain("sysrq");
		await expectNextIsServed();
	});

	it("hangs: it is ended when it does not answer in time", SLOW, async () => {
		const image = requireImage();
		const machine = await startMachine({ image, answerMs: 1_000 });
		process.kill(machine.pid, "SIGSTOP");
		const error = await failureOf(createGuest(machine).read("/proc/uptime"));
		expect(error.code).toBe("hangs");
		await machine.stop();
		expect(isAlive(machine.pid)).toBe(false);
	});

	it("does not come up: with what it said", SLOW, async () => {
		const image = requireImage();
		const error = await failureOf(
			startMachine({
				accelerator: "tcg",
				image: { ...image, initrdFile: image.kernelFile },
			}),
		);
		expect(["oops", "died"]).toContain(error.code);
		expect(error.console.join("\n")).toMatch(/panic|initramfs/i);
	});
});

describeOnVm("a machine", () => {
	it("leaves nothing when it is shut down", SLOW, async () => {
		const machine = await driver().start();
		await driver().close();
		expect(isAlive(machine.pid)).toBe(false);
		expect(runFolders()).toEqual([]);
	});

	it.each([
		["SIGINT", 0],
		["SIGKILL", 1],
	] as const)("ends with its harness, by %s", SLOW, async (signal, left) => {
		const url = (name: string) =>
			JSON.stringify(new URL(name, import.meta.url).href);
		const script = `import { startMachine } from ${url("./machine.ts")};
			import { requireImage } from ${url("../image/image.ts")};
			const machine = await startMachine({ image: requireImage() });
			console.log(machine.pid); setInterval(() => {}, 1000);`;
		const harness = spawn(
			process.execPath,
			["--import", "tsx", "--input-type=module", "--eval", script],
			{ stdio: ["ignore", "pipe", "inherit"] },
		);
		const said: Buffer = await new Promise((resolve) =>
			harness.stdout.once("data", resolve),
		);
		const pid = Number(said.toString());
		expect(isAlive(pid)).toBe(true);
		const ended = new Promise((resolve) =>
			harness.once("exit", (_, by) => resolve(by)),
		);
		harness.kill(signal);
		expect(await ended).toBe(signal);
		await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
		expect(sweepRunFolders()).toHaveLength(left);
		expect(runFolders()).toEqual([]);
	});
});
