/** A router on the host's kernel, with rules that any kernel has. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	at,
	connect,
	evenSplit,
	mailKept,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	takeOver,
} from "../../../scenarios/language/build/build.ts";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { resolveRules } from "../../../scenarios/load/load-scenarios.ts";
import { recipeRules } from "../../../scenarios/suites/index.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { execIn } from "../engine/exec.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	testLab,
} from "../engine/test-engine.ts";
import type { Lab } from "../lab.ts";
import { withoutConditions } from "../measure/contestants.ts";
import { createDockerLab, prepareLab } from "../play/docker-lab.ts";
import { findLabs, thisProcess } from "../resources/owner.ts";
import { routerWish } from "./router-kernel.ts";

const ON_HOST = routerWish({ kernel: "host" });
const TTL = "/proc/sys/net/ipv4/ip_default_ttl";

async function story(
	given: Pick<Parameters<typeof scenario>[0], "steps" | "expect">,
): Promise<PlayableScenario> {
	const { name, text } = await recipeRules();
	const ruleset = { name, text: withoutConditions(text) };
	const healthCheck = recipeHealthCheck();
	const setup = recipeSetup({ ruleset, healthCheck });
	return resolveRules(
		scenario({ ...given, name: "on-host", title: "", setup }),
		".",
		{ file: "" },
	);
}

describeOnDocker("a router on the host's kernel", () => {
	const engine = testLab();
	let lab: Lab;
	beforeAll(async () => {
		const prepared = await prepareLab(
			routerWish({
				kernel: "host",
				linux: { ...DEFAULT_LINUX, backend: "nft" },
			}),
			() => {},
		);
		const standing = await story({ steps: [at(1, takeOver())], expect: [] });
		lab = await prepared.start(standing, {
			kernel: prepared.kernelFor(standing),
			owner: thisProcess(),
		});
	}, BUILD_TIMEOUT_MS);
	afterAll(() => lab.down());

	it(
		"splits evenly, and says what it is",
		async () => {
			const docker = createDockerLab(ON_HOST);
			await docker.prepare(() => {});
			const played = await docker.play(
				await story({
					steps: [connect(60, { everyMs: 20 })],
					expect: [
						evenSplit(["b1", "b2"]),
						outcomes("completed", 60),
						mailKept(),
					],
				}),
				{},
			);
			expect(played.result.judgements.map((one) => one.outcome)).toEqual(
				Array(3).fill("holds"),
			);
			expect(played.result.driver.version).toMatch(
				/^host kernel \d\S* \(iptables-legacy\), docker /,
			);
			const { observation } = played.result.account.observations.at(-1) ?? {};
			expect(observation?.ruleset).toContain("-A MAILMARK");
			expect(observation?.conntrack).toHaveLength(60);
			const left = await findLabs(engine().docker);
			expect(
				left.filter(({ id }) => id !== lab.id && isOurs(id, left)),
			).toEqual([]);
		},
		BUILD_TIMEOUT_MS,
	);

	it(
		"is taken over from by a second one",
		async () => {
			const docker = createDockerLab(ON_HOST);
			await docker.prepare(() => {});
			const played = await docker.play(
				await story({
					steps: [connect(80, { everyMs: 50 }), at(1_010, takeOver())],
					expect: [
						outcomes("completed", { atLeast: 70, atMost: 80 }),
						outcomes("completed", 20, { fromMs: 3_000 }),
					],
				}),
				{},
			);
			expect(played.result.judgements.map((one) => one.outcome)).toEqual(
				Array(2).fill("holds"),
			);
			expect(played.result.account.operations[0]?.outcome).toEqual({
				ok: true,
			});
		},
		BUILD_TIMEOUT_MS,
	);

	it("has interfaces that the host does not see", async () => {
		const { out } = await lab.router.shell("ls /sys/class/net");
		expect(out.split("\n")).toEqual(
			expect.arrayContaining(["bond0.204", "bond0.205", "lo"]),
		);
		const hosts = Object.keys(networkInterfaces());
		expect(
			hosts.filter((name) => /^(bond0|cable|plug|br\d)/.test(name)),
		).toEqual([]);
	});

	it("has settings of its own", async () => {
		const before = readFileSync(TTL, "utf8");
		const name = "ipv4.ip_default_ttl";
		const set = (of: string, value: number) =>
			lab.router.operate({ kind: "sysctl", name: of, value });
		expect(await set(name, 77)).toEqual({ ok: true });
		expect((await lab.router.shell(`cat ${TTL}`)).out).toBe("77\n");
		expect(readFileSync(TTL, "utf8")).toBe(before);
		expect(await set(name, 999)).toMatchObject({ ok: false });
		expect(await set("ipv4.no_such_thing", 1)).toMatchObject({
			ok: false,
			message: expect.stringContaining("cannot stat"),
		});
	});

	it("has the iptables that was asked for", async () => {
		const { out } = await lab.router.shell("iptables-restore --version");
		expect(out).toContain("nf_tables");
	});

	it("says what is refused", async () => {
		const { router } = lab;
		const text = "*nat\n-A NOWHERE -j ACCEPT\nCOMMIT\n";
		const refused = await router.operate({
			kind: "restore",
			file: "x",
			noflush: false,
			counters: false,
			text,
		});
		expect(refused).toMatchObject({ ok: false });
		const condition = await router.operate({
			kind: "condition",
			name: "nobody",
			write: "1",
		});
		expect(condition).toMatchObject({
			ok: false,
			message: expect.stringContaining("nobody"),
		});
		const evicted = await router.operate({
			kind: "evict",
			filter: { protocol: "tcp" },
		});
		expect(evicted).toMatchObject({
			ok: false,
			message: expect.stringContaining("0 flow entries have been deleted"),
		});
		const orNone = await router.operate({
			kind: "evict",
			filter: { protocol: "tcp" },
			orNone: true,
		});
		expect(orNone).toEqual({ ok: true, count: 0 });
	});

	it("is reached by the checker, and so is the one that may take over", async () => {
		const checker = lab.containers.get("checker");
		const routers = ["router1", "router2"];
		for (const role of routers) {
			const rule = "iptables-legacy -A INPUT -m recent --name probe --set";
			await execIn(lab.containers.get(role), ["sh", "-c", rule]);
		}
		// As a condition is written; of files in the same place every kernel has this one.
		const words = lab.reach.condition.map((word) =>
			word.replace("nf_condition", "xt_recent"),
		);
		const { code, err } = await execIn(checker, [
			...words,
			"probe",
			"+192.0.2.1\n",
		]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		for (const role of routers) {
			const file = ["cat", "/proc/net/xt_recent/probe"];
			const { out } = await execIn(lab.containers.get(role), file);
			expect(out).toContain("src=192.0.2.1");
		}
		const missing = await execIn(checker, [
			...lab.reach.condition,
			"nobody",
			"1",
		]);
		expect(missing.code).not.toBe(0);
		const counted = await execIn(checker, [...lab.reach.conntrack, "-C"]);
		expect(counted).toMatchObject({ code: 0, out: "0\n0\n" });
	});

	/** Others may play labs on the same engine. */
	function isOurs(
		id: string,
		labs: Awaited<ReturnType<typeof findLabs>>,
	): boolean {
		return labs.find((one) => one.id === id)?.owner === thisProcess();
	}
});
