import { beforeAll, expect, it } from "vitest";
import {
	connect,
	recipeHealthCheck,
	recipeSetup,
} from "../../../scenarios/language/build/build.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	testLab,
} from "../engine/test-engine.ts";
import { findLabs, thisProcess } from "../resources/owner.ts";
import { createDockerLab } from "./docker-lab.ts";
import { inOwn, PLAY_TIMEOUT_MS, playable } from "./test-play.ts";

const EVERY_MS = 50;

describeOnDocker("a lab in which something dies", () => {
	const engine = testLab();
	const lab = createDockerLab();

	beforeAll(() => lab.prepare(() => {}), BUILD_TIMEOUT_MS);

	it(
		"has every record of a client that is killed, and says that it was",
		async () => {
			const playing = lab.play(
				await playable({
					setup: recipeSetup(),
					steps: [connect(60, { everyMs: EVERY_MS })],
				}),
				{},
			);
			const log = "/var/log/marktwin/connections.jsonl";
			const killed = `until [ "$(wc -l < ${log})" -ge 20 ]; do sleep 0.01; done; pkill -9 -f [c]lient.mjs; cat ${log}`;
			const { out } = await inOwn(engine().docker, "c1", killed);
			const { result, live } = await playing;
			expect(result.account.unknown?.reason).toMatch(
				/^client c1 was killed \d\.\d s into the play/,
			);
			const logged = out.trim().split("\n");
			expect(logged.length).toBeGreaterThanOrEqual(20);
			const told = live.records.filter(({ outcome }) => outcome !== "open");
			expect(told.map((one) => JSON.stringify(one)).sort()).toEqual(
				logged.toSorted(),
			);
			// What had begun and was not over is known to have been.
			expect(live.records.length).toBeLessThan(30);
			expect(live.records.map(({ id }) => id)).toEqual(
				live.records.map((_, index) => index),
			);
			expect(result.account.mail?.missing).toEqual([]);
		},
		PLAY_TIMEOUT_MS,
	);

	it(
		"is gone when a scenario cannot be set up, or its checker dies",
		async () => {
			const broken = lab.play(
				await playable({
					setup: recipeSetup({
						ruleset: {
							name: "broken.rules",
							text: "*nat\n-A POSTROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n",
						},
					}),
					steps: [connect(1, { everyMs: EVERY_MS })],
				}),
				{},
			);
			await expect(broken).rejects.toMatchObject({ name: "ScenarioError" });
			const playing = lab.play(
				await playable({
					setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
					steps: [connect(20, { everyMs: EVERY_MS })],
				}),
				{},
			);
			const isDead = expect(playing).rejects.toMatchObject({
				name: "LabError",
				code: "died",
				place: "the health checker",
			});
			const kill = "until pkill -9 -f [h]ealthcheck.mjs; do sleep 0.1; done";
			await inOwn(engine().docker, "checker", kill);
			await isDead;
			const labs = await findLabs(engine().docker);
			expect(labs.filter(({ owner }) => owner === thisProcess())).toEqual([]);
		},
		PLAY_TIMEOUT_MS,
	);
});
