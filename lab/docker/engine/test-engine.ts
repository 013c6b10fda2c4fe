/** For tests that need Docker's engine: whether there is one, and one connection for all of a file's tests. */
import Docker from "dockerode";
import { afterAll, beforeAll, describe } from "vitest";
import { LAB_LABEL, OWNER_LABEL } from "../resources/labels.ts";
import { thisProcess } from "../resources/owner.ts";
import { connectEngine } from "./engine.ts";

/** Why there can be no containers here; `null` when there can. */
async function whyNot(): Promise<string | null> {
	try {
		await connectEngine();
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

const reason = await whyNot();

/** `describe`, where there is an engine; elsewhere skipped, and the name says why. */
export function describeOnDocker(name: string, tests: () => void): void {
	const why = reason?.replaceAll(/\n\s*/g, "; ");
	if (why === undefined) describe(name, tests);
	else {
		process.stderr.write(`skipped, ${name}: ${why}\n`);
		describe.skip(`${name} (${why})`, tests);
	}
}

/** Longer than any step of a test; the first build of all images takes a minute. */
export const BUILD_TIMEOUT_MS = 300_000;

export interface TestLab {
	readonly docker: Docker;
	/** To be put on every container of the test: those are gone after it, whatever happened. */
	readonly labels: Readonly<Record<string, string>>;
}

/** A lab of the file's own, before each of whose tests an engine is connected. */
export function testLab(): () => TestLab {
	const labels = {
		[LAB_LABEL]: `test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
		[OWNER_LABEL]: thisProcess(),
	};
	let docker: Docker | null = null;
	beforeAll(async () => {
		docker = await connectEngine();
	});
	afterAll(async () => {
		if (docker !== null) await removeLabelled(docker, labels);
	});
	return () => ({ docker: docker ?? new Docker(), labels });
}

async function removeLabelled(
	docker: Docker,
	labels: Readonly<Record<string, string>>,
): Promise<void> {
	const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
	const left = await docker.listContainers({ all: true, filters: { label } });
	for (const { Id: id } of left)
		await docker.getContainer(id).remove({ force: true, v: true });
}
