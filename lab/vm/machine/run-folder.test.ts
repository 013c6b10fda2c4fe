import { execFileSync, spawn } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readlinkSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { qemuCommand } from "./qemu.ts";
import {
	createRunFolder,
	isOwnerGone,
	noteMachine,
	ownerRecord,
	sweepRunFolders,
} from "./run-folder.ts";

const base = temporaryFolder();

/** @param name what its command line begins with */
function sleeper(name = "sleep") {
	const child = spawn("sleep", ["600"], { stdio: "ignore", argv0: name });
	const ended = new Promise((resolve) => child.once("exit", resolve));
	return { pid: child.pid ?? 0, ended, child };
}

it("a machine whose harness is gone is ended, and its folder removed", async () => {
	const folder = createRunFolder(base);
	const harness = sleeper();
	const machine = sleeper(`qemu path=${folder}/agent`);
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

/** The folder of a harness that is gone. */
function abandoned(within: string = base): string {
	const folder = createRunFolder(within);
	const namespace = readlinkSync("/proc/self/ns/pid");
	const record = { pid: 2 ** 22 + 1, started: "1", namespace };
	writeFileSync(join(folder, "owner"), JSON.stringify(record));
	return folder;
}

it("a process that is alive and that the folder does not belong to is left alone", async () => {
	const stranger = sleeper("an-important-daemon");
	const folder = abandoned();
	writeFileSync(join(folder, "qemu"), ownerRecord(stranger.pid));
	expect(sweepRunFolders(base)).toEqual([folder]);
	expect(stranger.child.exitCode ?? stranger.child.signalCode).toBeNull();
	stranger.child.kill();
	await stranger.ended;
});

it.each<{ readonly how: string; readonly plant: (folder: string) => void }>([
	{
		how: "others may write in it",
		plant: (folder) => chmodSync(folder, 0o777),
	},
	{
		how: "others may read it",
		plant: (folder) => chmodSync(folder, 0o750),
	},
	{
		how: "it is a link",
		plant: (folder) => {
			renameSync(folder, join(base, "elsewhere"));
			symlinkSync(join(base, "elsewhere"), folder);
		},
	},
	{
		how: "it is a file",
		plant: (folder) => {
			rmSync(folder, { recursive: true });
			writeFileSync(folder, "");
		},
	},
	...(process.getuid?.() === 0
		? [
				{
					how: "it is another user's",
					plant: (folder: string) =>
						void execFileSync("chown", ["65534", folder]),
				},
			]
		: []),
])(
	"a folder is none of ours when $how: neither read nor removed",
	async ({ plant }) => {
		const folder = abandoned();
		const victim = sleeper(`victim ${folder}/agent`);
		writeFileSync(join(folder, "qemu"), ownerRecord(victim.pid));
		plant(folder);
		expect(sweepRunFolders(base)).toEqual([]);
		expect(existsSync(folder)).toBe(true);
		expect(victim.child.exitCode ?? victim.child.signalCode).toBeNull();
		victim.child.kill();
		await victim.ended;
		rmSync(folder, { recursive: true });
		rmSync(join(base, "elsewhere"), { recursive: true, force: true });
	},
);

it.each(["pipe", "link", "device", "folder"])(
	"a %s in the place of a record is none, and nobody waits for it",
	(kind) => {
		const own = mkdtempSync(join(base, "kinds-"));
		const folder = createRunFolder(own);
		const owner = join(folder, "owner");
		rmSync(owner);
		if (kind === "pipe") execFileSync("mkfifo", [owner]);
		if (kind === "folder") mkdirSync(owner);
		if (kind === "link") symlinkSync(join(abandoned(), "owner"), owner);
		if (kind === "device") symlinkSync("/dev/zero", owner);
		expect(sweepRunFolders(own)).toEqual([]);
		expect(existsSync(folder)).toBe(true);
	},
);

it.each([
	"",
	"{",
	"null",
	"7",
	"[]",
	"{}",
	'{"pid":"1"}',
	'{"pid":-1,"started":null,"namespace":"x"}',
	'{"pid":-1,"started":"","namespace":"x"}',
])("%s is no record, and its owner may be alive", (text) => {
	expect(isOwnerGone(text)).toBe(false);
});

it("a place where no folder can be made is said, with what to do", () => {
	const missing = join(base, "nosuch");
	for (const use of [createRunFolder, sweepRunFolders])
		expect(() => use(missing)).toThrow(
			`${missing}: no such file or folder: this folder is for the machine's sockets; TMPDIR names another one`,
		);
	const file = join(base, "file");
	writeFileSync(file, "");
	expect(() => createRunFolder(file)).toThrow("Name a folder.");
});

it("a machine is ended, whatever signs its folder's path has", async () => {
	const odd = mkdtempSync(join(base, "a b,c,,d-"));
	const folder = abandoned(odd);
	const image = { folder: "", kernelFile: "k", initrdFile: "i" };
	const words = qemuCommand({
		image: { ...image, manifest: null as never },
		accelerator: "tcg",
		backend: "legacy",
		memoryMb: 1,
		trunk: `${folder}/trunk`,
		agent: `${folder}/agent`,
		console: `${folder}/console`,
	});
	const machine = sleeper(words.join(" "));
	writeFileSync(join(folder, "qemu"), ownerRecord(machine.pid));
	expect(sweepRunFolders(odd)).toEqual([folder]);
	await machine.ended;
	expect(machine.child.signalCode).toBe("SIGKILL");
});
