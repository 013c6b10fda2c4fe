import { spawn } from "node:child_process";
import { existsSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createRunFolder, noteMachine, sweepRunFolders } from "./run-folder.ts";

const base = temporaryFolder();

function sleeper() {
	const child = spawn("sleep", ["600"], { stdio: "ignore" });
	const ended = new Promise((resolve) => child.once("exit", resolve));
	return { pid: child.pid ?? 0, ended, child };
}

it("a machine whose harness is gone is ended, and its folder removed", async () => {
	const [harness, machine] = [sleeper(), sleeper()];
	const folder = createRunFolder(base);
	noteMachine(folder, harness.pid);
	renameSync(join(folder, "qemu"), join(folder, "owner"));
	noteMachine(folder, machine.pid);
	expect(sweepRunFolders(base)).toEqual([]);

	harness.child.kill("SIGKILL");
	await harness.ended;
	expect(sweepRunFolders(base)).toEqual([folder]);
	await machine.ended;
	expect(machine.child.signalCode).toBe("SIGKILL");
	expect(existsSync(folder)).toBe(false);
});

it("a process that only has the number of the one that is gone is left alone", async () => {
	const stranger = sleeper();
	const folder = createRunFolder(base);
	const namespace = readlinkSync("/proc/self/ns/pid");
	const record = { pid: stranger.pid, started: "1", namespace };
	for (const name of ["owner", "qemu"])
		writeFileSync(join(folder, name), JSON.stringify(record));
	expect(sweepRunFolders(base)).toEqual([folder]);
	expect(stranger.child.exitCode ?? stranger.child.signalCode).toBeNull();
	stranger.child.kill();
	await stranger.ended;
});

it("a folder that was just made has no owner yet, and stays", () => {
	const folder = createRunFolder(base);
	writeFileSync(join(folder, "owner"), "");
	expect(sweepRunFolders(base)).toEqual([]);
	expect(existsSync(folder)).toBe(true);
});
