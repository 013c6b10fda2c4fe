import type { Container } from "dockerode";
import { beforeAll, expect, it } from "vitest";
import { LabError } from "../../lab-error.ts";
import { ensureImages } from "../image/images.ts";
import { runOnce } from "../resources/run-once.ts";
import { execIn, spawnIn } from "./exec.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker, testLab } from "./test-engine.ts";

describeOnDocker("programs in containers", () => {
	const lab = testLab();
	let image = "";
	let container: Container;

	beforeAll(async () => {
		const { docker, labels } = lab();
		image = (await ensureImages(docker, ["base"])).get("base") ?? "";
		container = await docker.createContainer({
			Image: image,
			Cmd: ["sleep", "600"],
			Labels: { ...labels },
			HostConfig: { NetworkMode: "none" },
		});
		await container.start();
	}, BUILD_TIMEOUT_MS);

	/** Names that are in the network namespace of a helper. */
	const once = (words: readonly string[], more = {}) =>
		runOnce(lab().docker, { image, words, labels: lab().labels, ...more });

	it("tell their exit code, and what they said, by stream", async () => {
		const words = ["sh", "-c", "cat; echo no >&2; exit 3"];
		expect(await execIn(container, words, { input: "yes\n" })).toEqual({
			code: 3,
			out: "yes\n",
			err: "no\n",
		});
		expect(await once(words, { input: "yes\n" })).toEqual({
			code: 3,
			out: "yes\n",
			err: "no\n",
		});
	});

	it("lose nothing of much output, and no character of two octets", async () => {
		const input = "é".repeat(1_000_000);
		expect((await execIn(container, ["cat"], { input })).out).toBe(input);
		expect((await once(["cat"], { input })).out).toBe(input);
	});

	it("that are not there end with 126 or 127, and say so", async () => {
		for (const timeoutMs of [1000, null]) {
			const ended = await execIn(container, ["nosuch"], { timeoutMs });
			expect([126, 127]).toContain(ended.code);
			expect(ended.out).toBe("");
			expect(ended.err).toContain("nosuch");
		}
		await expect(once(["nosuch"])).rejects.toThrow(LabError);
	});

	it("that take too long are ended", async () => {
		const words = ["sleep", "100"];
		const ended = await execIn(container, words, { timeoutMs: 200 });
		expect(ended.code).toBe(124);
		await expect(once(words, { timeoutMs: 200 })).rejects.toThrow(
			"not done after 0.2 s",
		);
	});

	it("hand over lines while they run, and take more input", async () => {
		const lines: string[] = [];
		const program = await spawnIn(container, ["cat"], {
			onLine(line) {
				lines.push(line);
				program.endInput();
			},
		});
		program.write("one\n");
		expect((await program.ended).code).toBe(0);
		expect(lines).toEqual(["one"]);
	});

	it("run as who they are told to be", async () => {
		const { out } = await execIn(container, ["id", "-u"], { user: "65534" });
		expect(out).toBe("65534\n");
	});

	it("see the host's processes only when they are told to, and have no powers", async () => {
		const count = "ls -d /proc/[0-9]* | wc -l; grep CapEff /proc/self/status";
		const words = ["sh", "-c", count];
		const own = (await once(words)).out.split("\n");
		const host = (await once(words, { pidMode: "host" })).out.split("\n");
		expect(Number(host[0])).toBeGreaterThan(Number(own[0]));
		expect(own[1]).toMatch(/\b0{16}$/);
	});

	it("leave no container behind", async () => {
		const { docker, labels } = lab();
		const label = Object.entries(labels).map(
			([key, value]) => `${key}=${value}`,
		);
		const left = await docker.listContainers({ all: true, filters: { label } });
		expect(left.map(({ Id }) => Id)).toEqual([container.id]);
	});

	it("need a container that runs, and an image that is here", async () => {
		await container.pause();
		const paused = execIn(container, ["true"]);
		await expect(paused).rejects.toMatchObject({ code: "died" });
		await container.unpause();
		const missing = once(["true"], { image: "marktwin/nosuch:1" });
		await expect(missing).rejects.toMatchObject({ code: "missing" });
	});
});
