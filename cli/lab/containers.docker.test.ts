import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectEngine } from "../../lab/docker/engine/engine.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
} from "../../lab/docker/engine/test-engine.ts";
import { containerName } from "../../lab/docker/resources/containers.ts";
import {
	conditionsSocket,
	connectGuest,
} from "../../lab/docker/router/router-machine.ts";
import { execute, type How } from "../../test/marktwin.ts";

const COMMAND = [
	"--import",
	"tsx",
	fileURLToPath(new URL("../main.ts", import.meta.url)),
];

const lab = (words: readonly string[], how: How = {}) =>
	execute(process.execPath, [...COMMAND, "lab", ...words], how);

describeOnDocker("a lab to look around in", () => {
	let id = "";

	beforeAll(async () => {
		const { code, err } = await lab(["up"]);
		[, id = ""] = /lab ([0-9a-f]{6}) is up: linux/.exec(err) ?? [];
		expect(`${code} ${id === "" ? err : ""}`).toBe("0 ");
	}, BUILD_TIMEOUT_MS);

	afterAll(async () => {
		if (id !== "") await lab(["down", "--lab", id]);
	});

	const inLab = (name: string, words: readonly string[], input?: string) =>
		lab(
			[
				"shell",
				"--lab",
				id,
				...(input === undefined ? [] : ["--stdin"]),
				name,
				...words,
			],
			input === undefined ? {} : { input },
		);

	it("says what runs", async () => {
		const { out } = await lab(["status"]);
		expect(out).toContain(`lab ${id}\n`);
		expect(out).toMatch(/ {2}b1-mail +running/);
	});

	it("runs commands, whose options are their own, and ends as they do", async () => {
		expect(await inLab("c1", ["ls", "-d", "/opt"])).toEqual({
			code: 0,
			out: "/opt\n",
			err: "",
		});
		expect((await inLab("c1", ["exit 7"])).code).toBe(7);
		expect((await inLab("router", ["exit 7"])).code).toBe(7);
		const { out } = await inLab("router", ["iptables-save", "-t", "mangle"]);
		expect(out).toContain("-A PREROUTING -d 10.0.0.1");
		const named = await lab(["shell", "b1", "--lab", id, "hostname"]);
		expect(named.out).toBe("b1\n");
	});

	it("hands on what it is told, and a whole session", async () => {
		expect((await inLab("c1", ["cat"], "one\ntwo\n")).out).toBe("one\ntwo\n");
		expect((await inLab("router", ["cat"], "one\n")).out).toBe("one\n");
		const session = await inLab("router", [], "echo here\nexit 5\n");
		expect(session).toMatchObject({ code: 5, out: "here\n" });
	});

	it("ends what runs on the router at Ctrl-C", async () => {
		const docker = await connectEngine();
		const router = docker.getContainer(containerName(id, "router1"));
		const door = conditionsSocket(0);
		const words = ["lab", "shell", "--lab", id, "router", "sleep 12345"];
		const shell = spawn(process.execPath, [...COMMAND, ...words]);
		const ended = once(shell, "exit");
		const other = await connectGuest(docker, router, 0, door);
		const runs = async () =>
			(await other.guest.must(["ps"])).includes("sleep 12345");
		while (!(await runs())) await sleep(50);
		// It has the door to itself.
		other.disconnect();
		shell.kill("SIGINT");
		expect(await ended).toEqual([130, null]);
		const left = await inLab("router", ["ps"]);
		expect(left.out).not.toContain("sleep 12345");
	});

	it("serves the recipe", async () => {
		const { out } = await inLab("c1", ["busybox nc 10.0.0.1 25 < /dev/null"]);
		expect(out).toMatch(/^220 b[12] ESMTP/);
		expect((await lab(["logs", "b1", "--lab", id])).out).toContain("postfix");
		const { out: log } = await lab(["logs", "checker", "--lab", id]);
		expect(log).toContain('"event":"start"');
	});

	it("says what there is when something is asked for that is not", async () => {
		const nobody = await inLab("nobody", ["ls"]);
		expect(nobody.code).toBe(2);
		expect(nobody.err).toContain("It has b1, b1-mail, b2");
		const other = await lab(["down", "--lab", "nosuch"]);
		expect(other.code).toBe(2);
		expect(other.err).toContain("there is no lab nosuch");
	});

	it("is gone after down", async () => {
		const { code, out } = await lab(["down", "--lab", id]);
		expect([code, out]).toEqual([0, `removed ${id}\n`]);
		expect((await lab(["status"])).out).not.toContain(id);
		id = "";
	});
});
