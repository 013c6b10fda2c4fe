import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "dockerode";
import { expect, it } from "vitest";
import { execIn, spawnIn } from "../engine/exec.ts";
import {
	BUILD_TIMEOUT_MS,
	describeOnDocker,
	type TestLab,
	testLab,
} from "../engine/test-engine.ts";
import type { ClientPlan, ClientRecord } from "../programs/client-plan.ts";
import { CONTENT_LABEL, IMAGE_LABEL } from "../resources/labels.ts";
import { runOnce } from "../resources/run-once.ts";
import { IMAGE_NAMES } from "./image-recipes.ts";
import { ensureImages, type ImageName, removeSuperseded } from "./images.ts";

describeOnDocker("images", () => {
	const lab = testLab();

	it(
		"are built, say what they are, and hold what they are for",
		async () => {
			const { docker, labels } = lab();
			const ids = await ensureImages(docker, IMAGE_NAMES);
			const programs = {
				base: "busybox true",
				tools: "node --version && ip -V && ls /opt/marktwin/client.mjs",
				router: "iptables-save --version && conntrack -V && ip -V",
				machine: "qemu-system-x86_64 --version && socat -V",
				builder: "gcc --version && make --version && ls /opt/guest/agent.c",
				mail: "postconf myhostname && kept-mail && queued-mail",
				proxies:
					"haproxy -v && nginx -v && ls /usr/lib/nginx/modules/ngx_stream_module.so",
			} as const;
			for (const name of IMAGE_NAMES) {
				const image = ids.get(name) ?? "";
				const { Config } = await docker.getImage(image).inspect();
				expect(Config.Labels[IMAGE_LABEL]).toBe(name);
				expect(Config.Labels[CONTENT_LABEL]).toMatch(/^[0-9a-f]{12}$/);
				const words = ["sh", "-c", programs[name]];
				const { code, err } = await runOnce(docker, { image, words, labels });
				expect(`${name} ${code} ${code === 0 ? "" : err}`).toBe(`${name} 0 `);
			}
		},
		BUILD_TIMEOUT_MS,
	);

	it("are not built twice, and nobody outside is asked", async () => {
		const said: string[] = [];
		const { docker } = lab();
		const began = performance.now();
		const both = await Promise.all([
			ensureImages(docker, IMAGE_NAMES, (line) => said.push(line)),
			ensureImages(docker, IMAGE_NAMES, (line) => said.push(line)),
		]);
		expect(both[0]).toEqual(both[1]);
		expect(said).toEqual([]);
		expect(performance.now() - began).toBeLessThan(2000);
	});

	it("go when they have a successor, unless something needs them", async () => {
		const { docker, labels } = lab();
		const [base = ""] = (await ensureImages(docker, ["base"])).values();
		const tools = (await ensureImages(docker, ["tools"])).get("tools") ?? "";
		const older = async (name: string) => {
			const container = await docker.createContainer({
				Image: base,
				Cmd: [name],
				Labels: { ...labels },
			});
			const changes = `LABEL ${IMAGE_LABEL}=tools ${CONTENT_LABEL}=${name}`;
			const made = await container.commit({ changes });
			await container.remove();
			return (made as { readonly Id: string }).Id;
		};
		const unused = await older("unused");
		const used = await older("used");
		const user = await docker.createContainer({
			Image: used,
			Labels: { ...labels },
		});
		const here = async () => (await docker.listImages()).map(({ Id }) => Id);
		await removeSuperseded(docker, base);
		expect(await here()).not.toContain(unused);
		expect(await here()).toEqual(expect.arrayContaining([base, tools, used]));
		await user.remove();
		expect(await removeSuperseded(docker, base)).toBe(1);
		expect(await here()).not.toContain(used);
	});

	it(
		"keep what a client hands over, and refuse the rest",
		async () => {
			const { mail, client } = await startPair(lab());
			const records = await playMail(client, plan(Date.now() + 200, 200));
			expect(records).toHaveLength(200);
			const wrong = records.filter(
				(one) => one.outcome !== "completed" || one.backend !== "mail1",
			);
			expect(wrong).toEqual([]);
			const accepted = records.flatMap(({ acceptedIds }) => acceptedIds);
			expect(accepted).toHaveLength(200);
			expect([...(await keptMail(mail))].sort()).toEqual([...accepted].sort());
			const log = ["cat", "/var/log/marktwin/connections.jsonl"];
			const logged = (await execIn(client, log)).out.trim().split("\n");
			expect(logged.map((line) => JSON.parse(line))).toEqual(records);

			const elsewhere =
				"HELO x\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<a@example.org>\\r\\nQUIT\\r\\n";
			const talk = `{ sleep 0.2; printf '${elsewhere}'; sleep 0.5; } | busybox nc 127.0.0.1 25`;
			const { out } = await execIn(client, ["sh", "-c", talk]);
			expect(out).toContain("Relay access denied");
		},
		BUILD_TIMEOUT_MS,
	);

	it(
		"lose no accepted message when the mail server is killed",
		async () => {
			const { mail, client } = await startPair(lab());
			const playing = playMail(client, plan(Date.now() + 200, 300));
			await sleep(700);
			await mail.kill();
			const records = await playing;
			const accepted = records.flatMap(({ acceptedIds }) => acceptedIds);
			expect(accepted.length).toBeGreaterThan(0);
			expect(accepted.length).toBeLessThan(300);
			await mail.start();
			const kept = await keptMail(mail);
			expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
		},
		BUILD_TIMEOUT_MS,
	);
});

/** A mail server and a client, both in the network of a third, so that either can be killed. */
async function startPair({ docker, labels }: TestLab) {
	const ids = await ensureImages(docker, ["tools", "mail"]);
	const start = async (image: ImageName, network: string) => {
		const container = await docker.createContainer({
			Image: ids.get(image) ?? "",
			Labels: { ...labels },
			...(network === "none" ? { Hostname: "mail1" } : {}),
			HostConfig: { NetworkMode: network },
		});
		await container.start();
		return container;
	};
	const holder = await start("tools", "none");
	const mail = await start("mail", `container:${holder.id}`);
	const client = await start("tools", `container:${holder.id}`);
	const listens =
		"until : < /dev/tcp/127.0.0.1/25; do sleep 0.02; done 2> /dev/null";
	const ready = await execIn(client, ["bash", "-c", listens]);
	expect(ready.code).toBe(0);
	return { mail, client };
}

async function playMail(
	client: Container,
	played: ClientPlan,
): Promise<readonly ClientRecord[]> {
	const records: ClientRecord[] = [];
	const program = await spawnIn(client, ["node", "/opt/marktwin/client.mjs"], {
		onLine: (line) => records.push(JSON.parse(line) as ClientRecord),
	});
	program.write(`${JSON.stringify(played)}\n`);
	program.endInput();
	expect(await program.ended).toMatchObject({ code: 0 });
	return records;
}

/** Ids of all messages that were delivered, once none is on its way any more. */
async function keptMail(mail: Container): Promise<ReadonlySet<string>> {
	const until = 'until [ "$(queued-mail)" = 0 ]; do sleep 0.05; done';
	expect((await execIn(mail, ["sh", "-c", until])).code).toBe(0);
	const { out } = await execIn(mail, ["kept-mail"]);
	return new Set(out.trim().split("\n"));
}

function plan(epochMs: number, count: number): ClientPlan {
	const ids = Array.from({ length: count }, (_, id) => id);
	return {
		epochMs,
		client: "c1",
		source: "127.0.0.1",
		steps: [
			{
				label: "load",
				kind: "connect",
				speaks: "smtp",
				service: { address: "127.0.0.1", port: 25 },
				dialogue: {
					kind: "smtp",
					messages: 1,
					connectTimeoutMs: 20_000,
					readTimeoutMs: 20_000,
				},
				connections: ids.map((id) => ({ id, atMs: id * 3, port: null })),
			},
		],
	};
}
