import { beforeAll, expect, it } from "vitest";
import { readFileIn } from "../engine/container-file.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	testLab,
} from "../engine/test-engine.ts";
import { ensureImages } from "../image/images.ts";
import { labContainers } from "./containers.ts";
import { findLabs, sweepLabs, thisProcess } from "./owner.ts";
import { removeLab } from "./remove-lab.ts";

describeOnDocker("what is left of a lab", () => {
	const engine = testLab();
	let images: ReadonlyMap<string, string> = new Map();
	let labs = 0;

	beforeAll(async () => {
		images = await ensureImages(engine().docker, ["base"]);
	}, BUILD_TIMEOUT_MS);

	const idle = { image: "base", command: ["sleep", "600"] };
	const newLab = (owner: string) => {
		const id = `t${process.pid}x${++labs}`;
		return labContainers(engine().docker, id, { images, owner });
	};
	const found = async (id: string) =>
		(await findLabs(engine().docker)).find((lab) => lab.id === id);

	it("is found and removed: what runs, what was only created, what is paused, and the volume", async () => {
		const { docker } = engine();
		const containers = newLab(thisProcess());
		const shared = { ...idle, volumes: ["/shared"] };
		await (await containers.create({ ...shared, role: "runs" })).start();
		await containers.create({ ...idle, role: "created" });
		const paused = await containers.create({ ...idle, role: "paused" });
		await paused.start();
		await paused.pause();
		expect((await found(containers.lab))?.containers).toHaveLength(3);
		// Two at once, as a signal and an error may have it.
		await Promise.all([
			removeLab(docker, containers.lab),
			removeLab(docker, containers.lab),
		]);
		expect(await found(containers.lab)).toBe(undefined);
		await containers.remove();
	});

	it("is found by its volume alone, and swept when its owner is gone", async () => {
		const { docker } = engine();
		const gone = { pid: 1, started: "never" };
		const { namespace } = JSON.parse(thisProcess()) as { namespace: string };
		const containers = newLab(JSON.stringify({ ...gone, namespace }));
		const one = await containers.create({
			...idle,
			role: "one",
			volumes: ["/shared"],
		});
		await one.remove({ force: true });
		expect(await found(containers.lab)).toMatchObject({ containers: [] });
		expect(await sweepLabs(docker)).toContain(containers.lab);
		expect(await found(containers.lab)).toBe(undefined);
		await containers.remove();
	});

	it("is not swept while its owner lives, and grows no more once it is removed", async () => {
		const { docker } = engine();
		const containers = newLab(thisProcess());
		const being = containers.create({ ...idle, role: "being-made" });
		expect(await sweepLabs(docker)).not.toContain(containers.lab);
		await Promise.all([containers.remove(), being]);
		const late = containers.create({ ...idle, role: "late" });
		await expect(late).rejects.toMatchObject({ code: "closed" });
		expect(await found(containers.lab)).toBe(undefined);
	});

	it("can be read from a container that does not run any more", async () => {
		const containers = newLab(thisProcess());
		const text = "é".repeat(10_000);
		const one = await containers.create({
			image: "base",
			role: "one",
			command: ["sh", "-c", `printf %s "$TEXT" > /file`],
			environment: { TEXT: text },
		});
		await one.start();
		await one.wait();
		expect(await readFileIn(one, "/file")).toBe(text);
		await expect(readFileIn(one, "/nosuch")).rejects.toMatchObject({
			statusCode: 404,
		});
		await containers.remove();
	});
});
