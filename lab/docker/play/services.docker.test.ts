/** Services beside mail, in containers. The rules name no condition, so that no virtual machine is needed. */
import { beforeAll, expect, it } from "vitest";
import { clientEnd } from "../../../scenarios/compare/live/compare-live.ts";
import {
	at,
	backend,
	backendAt,
	close,
	connect,
	echo,
	hold,
	http,
	recipeSetup,
	send,
	service,
	slow,
} from "../../../scenarios/language/build/build.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker } from "../engine/test-engine.ts";
import { createDockerLab } from "./docker-lab.ts";
import { PLAY_TIMEOUT_MS, playable } from "./test-play.ts";

const ADDRESS = "10.0.0.1";
const to = (protocol: string, port: number, target: string) =>
	`-A PREROUTING -d ${ADDRESS}/32 -p ${protocol} --dport ${port} -j DNAT --to-destination ${target}`;
/** All to backend 1, and what is silent to backend 2. */
const RULES = [
	"*nat",
	to("tcp", 80, "192.168.0.1:8080"),
	to("tcp", 7, "192.168.0.1"),
	to("tcp", 9, "192.168.0.2"),
	to("udp", 53, "192.168.0.1"),
	to("udp", 514, "192.168.0.2"),
	"-A POSTROUTING -o bond0.205 -d 192.168.0.1/32 -j MASQUERADE",
	"COMMIT",
	"",
].join("\n");

const on = { address: ADDRESS } as const;
const SERVICES = [
	service("web", {
		...on,
		port: 80,
		speaks: "http",
		backends: [{ backend: "b1", port: 8080 }],
	}),
	service("echo", { ...on, port: 7, speaks: "echo", backends: ["b1"] }),
	service("quiet", { ...on, port: 9, speaks: "silent", backends: ["b2"] }),
	service("dns", { ...on, protocol: "udp", port: 53, backends: ["b1"] }),
	service("log", {
		...on,
		protocol: "udp",
		port: 514,
		speaks: "silent",
		backends: ["b2"],
	}),
];

/** Long enough for what a busy machine takes over a connection, so that what times out does so by the rules. */
const PATIENT = { connectTimeoutMs: 2_000, readTimeoutMs: 2_000 };
const REPLY_WITHIN_MS = 1_000;
/** A connection of the web, one of the echo, and a query, all at once. */
const batch = (label: string, atMs: number) => [
	at(
		atMs,
		connect(1, {
			label: `${label}: web`,
			service: "web",
			dialogue: http(PATIENT),
		}),
	),
	at(
		atMs,
		connect(1, {
			label: `${label}: echo`,
			service: "echo",
			dialogue: echo(PATIENT),
		}),
	),
	at(
		atMs,
		send(1, {
			label: `${label}: dns`,
			service: "dns",
			sockets: "each",
			reply: { timeoutMs: REPLY_WITHIN_MS, attempts: 2 },
		}),
	),
];

describeOnDocker("services beside mail", () => {
	const lab = createDockerLab();

	beforeAll(() => lab.prepare(() => {}), BUILD_TIMEOUT_MS);

	it(
		"fail as their backends do, and are well again",
		async () => {
			const ruleset = { name: "services.rules", text: RULES };
			const { result, model } = await lab.play(
				await playable({
					setup: recipeSetup({ ruleset, services: SERVICES }),
					steps: [
						...batch("before", 0),
						at(
							0,
							send(4, {
								label: "log",
								service: "log",
								everyMs: 50,
								reply: false,
							}),
						),
						at(0, connect(1, { label: "quiet", service: "quiet" })),
						at(
							0,
							connect(1, { label: "held", service: "quiet", dialogue: hold() }),
						),
						at(2_500, backend("b1", "refuse")),
						...batch("refuse", 3_000),
						at(5_500, backend("b1", "up")),
						at(
							6_000,
							send(12, {
								label: "known",
								service: "dns",
								everyMs: 100,
								reply: { timeoutMs: REPLY_WITHIN_MS, attempts: 1 },
							}),
						),
						at(6_450, backend("b1", "drain")),
						...batch("drain", 9_000),
						at(11_500, backend("b1", "unavailable")),
						...batch("unavailable", 12_000),
						at(14_500, backend("b1", slow(200))),
						...batch("slow", 15_000),
						at(17_500, backend("b1", { kind: "hang", accept: false })),
						...batch("hang", 18_000),
						at(20_500, backend("b1", "up")),
						...batch("after", 21_000),
						at(23_500, close("held")),
					],
				}),
				{},
			);
			const ends = endsOf(result.account);
			expect(ends).toEqual(endsOf(model.account));
			expect(ends).toMatchObject({
				"before: web": "b1 completed",
				"before: echo": "b1 completed",
				"before: dns": "b1 answered",
				log: "b2 sent",
				quiet: "b2 completed",
				held: "b2 completed",
				"refuse: dns": "refused or reset",
				"drain: dns": "refused or reset",
				known: "b1 answered",
				"unavailable: dns": "b1 unanswered",
				"slow: dns": "b1 answered",
				"hang: echo": "timed out",
				"after: dns": "b1 answered",
			});
			const known = result.account.connections.find(
				({ step }) => step === "known",
			);
			expect(known).toMatchObject({
				protocol: "udp",
				service: "dns",
				met: ["b1"],
				datagrams: { requests: 12, sent: 12, answers: 12 },
			});
		},
		PLAY_TIMEOUT_MS,
	);

	it(
		"answer by their own default route, and their answers are lost there",
		async () => {
			const text = RULES.replace(/^-A POSTROUTING.*\n/m, "");
			const { result, model } = await lab.play(
				await playable({
					setup: recipeSetup({
						ruleset: { name: "services.rules", text },
						services: SERVICES,
						backends: [
							backendAt("b1", "192.168.0.1", { defaultVia: "192.168.0.99" }),
							backendAt("b2", "192.168.0.2"),
						],
					}),
					steps: [
						...batch("away", 0),
						connect(1, { label: "quiet", service: "quiet" }),
					],
				}),
				{},
			);
			const ends = endsOf(result.account);
			expect(ends).toMatchObject({
				"away: web": "timed out",
				"away: dns": "b1 unanswered",
				quiet: "b2 completed",
			});
			expect(endsOf(model.account)).toMatchObject({
				"away: dns": "b1 unanswered",
				quiet: "b2 completed",
			});
		},
		PLAY_TIMEOUT_MS,
	);
});

/** By step: whom it met, where a client of containers can know it, and how it ended. */
function endsOf({ connections }: Account): Record<string, string> {
	return Object.fromEntries(
		connections.map((one) => {
			const { step, backend: met, outcome, greetedMs, protocol } = one;
			const isFlow = protocol === "udp" && outcome !== "refused";
			const isKnown = greetedMs !== null || /^(quiet|held)/.test(step);
			const end = clientEnd(one);
			return [step, isKnown || isFlow ? `${met} ${end}` : end];
		}),
	);
}
