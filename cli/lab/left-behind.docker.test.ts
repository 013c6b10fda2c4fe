/** Whatever becomes of the command, nothing of its lab stays: no container, no volume, no process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { beforeAll, expect, it } from "vitest";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	testLab,
} from "../../lab/docker/engine/test-engine.ts";
import { createDockerLab } from "../../lab/docker/play/docker-lab.ts";
import { OWNER_LABEL } from "../../lab/docker/resources/labels.ts";
import { findLabs } from "../../lab/docker/resources/owner.ts";
import { mix32 } from "../../sim/chance/seeded.ts";
import { execute } from "../../test/marktwin.ts";

/** All twenty take two minutes and a half: MARKTWIN_KILLS=20. */
const KILLS = Number(process.env.MARKTWIN_KILLS ?? 3);
const SEED = Number(process.env.MARKTWIN_SEED ?? Date.now() % 100_000);
const ENGINE_MS = 500;
/** From its start to its end the command takes about so long. */
const PLAY_MS = 9_000;

const COMMAND = [
	"--import",
	"tsx",
	fileURLToPath(new URL("../main.ts", import.meta.url)),
];

describeOnDocker("of a lab", () => {
	const lab = testLab();
	const kills = Array.from({ length: KILLS }, (_, index) => moment(index));
	const signals = [
		["SIGINT", moment(-1)],
		["SIGTERM", moment(-2)],
		["SIGHUP", 2_000],
	] as const;

	beforeAll(async () => {
		await createDockerLab().prepare(() => {});
	}, BUILD_TIMEOUT_MS);

	it(
		`nothing is left after kill -9 and a down (MARKTWIN_SEED=${SEED}: after ${kills.join(", ")} ms)`,
		async () => {
			for (const afterMs of kills) {
				const { pid } = await play({ signal: "SIGKILL", afterMs });
				const { docker } = lab();
				// What the engine was about when the command was killed, it finishes.
				await sleep(ENGINE_MS);
				const had = await containersOf(docker, pid);
				await downWith(await labsOf(docker, pid));
				await expectNothing(docker, pid, had);
			}
		},
		KILLS * 30_000,
	);

	it(`nothing is left after kill -9, once somebody plays again (MARKTWIN_SEED=${SEED})`, async () => {
		const { docker } = lab();
		const { pid } = await play({ signal: "SIGKILL", afterMs: 5_000 });
		const had = await containersOf(docker, pid);
		const next = await play({ signal: null, afterMs: 0 });
		expect(next.code).toBe(0);
		await expectNothing(docker, pid, had);
		await expectNothing(docker, next.pid, []);
	}, 60_000);

	it.each(signals)(
		"nothing is left after %s at %i ms",
		async (signal, afterMs) => {
			const { docker } = lab();
			const { pid, ...ended } = await play({ signal, afterMs });
			// It may have been done already.
			if (ended.code === null) expect(ended.signal).toBe(signal);
			else expect(ended.code).toBe(0);
			await expectNothing(docker, pid, []);
		},
		30_000,
	);
});

function moment(index: number): number {
	return (mix32(SEED * 1_000 + index) >>> 0) % PLAY_MS;
}

/** The command, and what became of it when it was told to end after so long. */
async function play({
	signal,
	afterMs,
}: {
	readonly signal: NodeJS.Signals | null;
	readonly afterMs: number;
}): Promise<{
	readonly pid: number;
	readonly code: number | null;
	readonly signal: string | null;
}> {
	const words = [...COMMAND, "run", "--on", "docker", "live-b1-dead"];
	const child = spawn(process.execPath, words, { stdio: "ignore" });
	const exit = once(child, "exit");
	if (signal !== null) {
		await Promise.race([sleep(afterMs), exit]);
		child.kill(signal);
	}
	const [code, by] = (await exit) as [number | null, string | null];
	return { pid: child.pid ?? 0, code, signal: by };
}

/** By their names, so that a lab of whoever runs the tests stays. */
async function downWith(labs: readonly string[]): Promise<void> {
	for (const id of labs) {
		const words = [...COMMAND, "lab", "down", "--lab", id];
		const ended = await execute(process.execPath, words);
		expect(ended).toMatchObject({ code: 0, err: "" });
	}
}

async function labsOf(docker: Docker, pid: number): Promise<readonly string[]> {
	const isOwn = isOf(pid);
	return (await findLabs(docker))
		.filter(({ owner }) => isOwn({ Labels: { [OWNER_LABEL]: owner } }))
		.map(({ id }) => id);
}

function isOf(
	pid: number,
): (one: {
	readonly Labels: Readonly<Record<string, string>> | null;
}) => boolean {
	return ({ Labels }) => {
		const owner = Labels?.[OWNER_LABEL] ?? "";
		return owner !== "" && (JSON.parse(owner) as { pid: number }).pid === pid;
	};
}

async function containersOf(
	docker: Docker,
	pid: number,
): Promise<readonly string[]> {
	const all = await docker.listContainers({
		all: true,
		filters: { label: [OWNER_LABEL] },
	});
	return all.filter(isOf(pid)).map(({ Id }) => Id);
}

/** @param had containers whose processes must not be there either */
async function expectNothing(
	docker: Docker,
	pid: number,
	had: readonly string[],
): Promise<void> {
	expect(await containersOf(docker, pid)).toEqual([]);
	const { Volumes: volumes } = await docker.listVolumes();
	expect((volumes ?? []).filter(isOf(pid))).toEqual([]);
	const left = readdirSync("/proc").filter((name) => {
		const group = /^\d+$/.test(name) ? cgroupOf(name) : "";
		return had.some((id) => group.includes(id));
	});
	expect(left).toEqual([]);
}

function cgroupOf(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/cgroup`, "utf8");
	} catch {
		// It has ended meanwhile.
		return "";
	}
}
