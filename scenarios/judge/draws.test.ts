import { describe, expect, it } from "vitest";
import {
	clientAt,
	connect,
	recipeSetup,
	scenario,
	split,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { drawsOf } from "./draws.ts";
import { accountOf, connectionRecord } from "./test-account.ts";

const table = (name: string, ...rules: readonly string[]) =>
	`*${name}\n:S1 - [0:0]\n:S2 - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;
const SMTP = "PREROUTING -p tcp --dport 25";
const HALF = "-m statistic --mode random --probability 0.5";
const to = (backend: number) => `-j DNAT --to-destination 192.168.0.${backend}`;
const remember = (backend: number, mask: string) =>
	`S${backend} -p tcp -m recent --name S${backend} --set --mask ${mask} ${to(backend)}`;
const recall = (backend: number, mask: string) =>
	`${SMTP} -m recent --name S${backend} --rcheck --seconds 10800 --reap --mask ${mask} -j S${backend}`;

/** As kube-proxy writes `sessionAffinity: ClientIP`. */
const clientIp = (mask = "255.255.255.255") =>
	table(
		"nat",
		recall(1, mask),
		recall(2, mask),
		`${SMTP} ${HALF} -j S1`,
		`${SMTP} -j S2`,
		remember(1, mask),
		remember(2, mask),
	);

/** Twenty networks with two clients each. */
const CLIENTS = Array.from({ length: 40 }, (_, index) =>
	clientAt(`c${index}`, `10.1.${index >> 1}.${10 + (index % 2)}`),
);
const each = (count: number, everyMs: number) =>
	CLIENTS.map(({ name }) => connect(count, { client: name, everyMs }));

function judged(
	text: string,
	expectation: Expectation = split({ b1: 1, b2: 1 }),
	seed = 1,
	sets = "",
	everyMs = 5,
) {
	const played = scenario({
		name: "draws",
		title: "Draws",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text },
			clients: CLIENTS,
			...(sets === "" ? {} : { gateway: { sets } }),
		}),
		steps: each(5, everyMs),
		expect: [expectation],
	}) as PlayableScenario;
	const [judgement] = checkScenario(played, { seed }).judgements;
	return judgement;
}

describe("a draw counts once", () => {
	it("where rules remember it by client", () => {
		for (let seed = 1; seed <= 10; seed++)
			expect(judged(clientIp(), undefined, seed)).toMatchObject({
				outcome: "holds",
				expected: expect.stringContaining("(40 draws for 200 connections;"),
				seen: expect.stringContaining(
					"and 160 more without a draw of their own, by one that was made for an earlier connection (b1 ",
				),
			});
	});

	it("where rules remember it by network", () => {
		expect(judged(clientIp("255.255.255.0"))).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("(20 draws for 200 connections;"),
		});
	});

	it("where rules remember it in sets of ipset", () => {
		const sets = [1, 2].map(
			(index) => `create S${index} hash:ip family inet\n`,
		);
		const text = table(
			"nat",
			...[1, 2].map((n) => `${SMTP} -m set --match-set S${n} src -j S${n}`),
			`${SMTP} ${HALF} -j S1`,
			`${SMTP} -j S2`,
			...[1, 2].flatMap((n) => [
				`S${n} -p tcp -j SET --add-set S${n} src --exist`,
				`S${n} -p tcp ${to(n)}`,
			]),
		);
		expect(judged(text, undefined, 1, sets.join(""))).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("(40 draws for 200 connections;"),
		});
	});

	it("where it was made before the connections that are meant", () => {
		const late = split({ b1: 1, b2: 1 }, { fromMs: 15 });
		expect(judged(clientIp(), late)).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("(40 draws for 80 connections;"),
		});
		const one = split({ b1: 1, b2: 1 }, { client: "c1" });
		expect(judged(clientIp(), one)).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining(
				"so it shows nothing: 1 draw may fall in any way",
			),
		});
	});

	it.each([
		[
			"HMARK of the client",
			table(
				"mangle",
				`${SMTP} -j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0xcafe`,
			) +
				table(
					"nat",
					`${SMTP} -m mark --mark 1 ${to(1)}`,
					`${SMTP} -m mark --mark 2 ${to(2)}`,
				),
			40,
		],
		[
			"HMARK of its network",
			table(
				"mangle",
				`${SMTP} -j HMARK --hmark-src-prefix 24 --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0xcafe`,
			) +
				table(
					"nat",
					`${SMTP} -m mark --mark 1 ${to(1)}`,
					`${SMTP} -m mark --mark 2 ${to(2)}`,
				),
			20,
		],
		[
			"cluster of the client",
			table(
				"nat",
				`${SMTP} -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xcafe ${to(1)}`,
				`${SMTP} ${to(2)}`,
			),
			40,
		],
		[
			"DNAT to a range",
			table("nat", `${SMTP} ${to(1)}-192.168.0.2 --persistent`),
			40,
		],
	])("where a hash decides: %s", (_, text, draws) => {
		expect(judged(text)).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining(`(${draws} draws for 200 connections;`),
		});
	});

	it("where a rule draws in vain, since a later one goes by what it remembers", () => {
		const overruled =
			table(
				"mangle",
				`${SMTP} -j MARK --set-mark 2`,
				`${SMTP} ${HALF} -j MARK --set-mark 1`,
				`${SMTP} -m recent --name S1 --rcheck -j MARK --set-mark 1`,
				`${SMTP} -m recent --name S2 --rcheck -j MARK --set-mark 2`,
				`${SMTP} -m mark --mark 1 -m recent --name S1 --set`,
				`${SMTP} -m mark --mark 2 -m recent --name S2 --set`,
			) +
			table(
				"nat",
				`${SMTP} -m mark --mark 1 ${to(1)}`,
				`${SMTP} -m mark --mark 2 ${to(2)}`,
			);
		expect(judged(overruled)).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("(40 draws for 200 connections;"),
			seen: expect.stringContaining(
				"for 160 of them draws were made too, and all went where an earlier one had led",
			),
		});
	});

	const TIMED_SETS =
		"create S1 hash:ip timeout 300\ncreate S2 hash:ip timeout 300\n";
	/** Remembered for five minutes, and asked once more behind the draw that wrote it. */
	const timed = table(
		"nat",
		...[1, 2].map((n) => `${SMTP} -m set --match-set S${n} src ${to(n)}`),
		`${SMTP} ${HALF} -j SET --add-set S1 src --timeout 300`,
		`${SMTP} -m set ! --match-set S1 src -j SET --add-set S2 src --timeout 300`,
		...[1, 2].map((n) => `${SMTP} -m set --match-set S${n} src ${to(n)}`),
	);
	it.each([
		["no longer", 400_000, "of 200 connections (200 draws;"],
		["for every second connection", 200_000, "(120 draws for 200 connections;"],
	])("where it is remembered %s", (_, everyMs, draws) => {
		const judgementOf = (weights: Readonly<Record<string, number>>) =>
			judged(timed, split(weights), 1, TIMED_SETS, everyMs);
		expect(judgementOf({ b1: 1, b2: 1 })).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining(draws),
		});
		expect(judgementOf({ b1: 3, b2: 1 })).toMatchObject({
			outcome: "violated",
			expected: expect.stringContaining(draws),
		});
	});

	it("where lists of recent are asked behind the draw that wrote them", () => {
		const asked = `${SMTP} -m recent --name S1 --rcheck --seconds 1 ${to(1)}`;
		const text =
			table("mangle", `${SMTP} ${HALF} -m recent --name S1 --set`) +
			table("nat", asked, `${SMTP} ${to(2)}`);
		expect(judged(text, undefined, 1, "", 5_000)).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("of 200 connections (200 draws;"),
		});
	});

	it("and each of them, where what is remembered leads nowhere", () => {
		const unrelated = table(
			"nat",
			"PREROUTING -m recent --name seen --rcheck",
			"PREROUTING -m recent --name seen --set",
			`${SMTP} ${HALF} ${to(1)}`,
			`${SMTP} ${to(2)}`,
		);
		expect(judged(unrelated)).toMatchObject({
			outcome: "holds",
			expected: expect.stringContaining("of 200 connections (200 draws;"),
		});
	});
});

describe("draws that cannot be told apart", () => {
	const records = (count: number) => [
		connectionRecord(0, { chance: "drew" }),
		...Array.from({ length: count }, (_, index) =>
			connectionRecord(index + 1, { chance: "drew", drawnFor: [0] }),
		),
	];
	const found = (count: number) => {
		const connections = records(count);
		return drawsOf(accountOf({ connections }), connections, {
			weights: { b1: 1, b2: 1 },
			confidence: 0.999,
		});
	};

	it("are unknown", () => {
		expect(found(3)).toMatchObject({
			unknown: 3,
			why: expect.stringContaining("by which draw they went"),
		});
	});

	it("are told by connections that own draws would not have led all one way", () => {
		expect(found(12)).toMatchObject({ unknown: 0, overruled: 12 });
		expect(found(12).drew).toHaveLength(1);
	});

	it("are not told by them where earlier draws had led to every place", () => {
		const connections = [
			connectionRecord(0, { chance: "drew" }),
			connectionRecord(1, { chance: "drew", backend: "b2" }),
			...Array.from({ length: 40 }, (_, index) =>
				connectionRecord(index + 2, { chance: "drew", drawnFor: [0, 1] }),
			),
		];
		const draws = drawsOf(accountOf({ connections }), connections, {
			weights: { b1: 1, b2: 1 },
			confidence: 0.999,
		});
		expect(draws).toMatchObject({ unknown: 40 });
	});
});
