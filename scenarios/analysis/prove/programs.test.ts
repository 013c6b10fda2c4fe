/** Connections that end at programs of the gateway itself (`REDIRECT`). */
import { describe, expect, test } from "vitest";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { validateScenario } from "../../language/check/validate.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import { analyse } from "../services/analysis.ts";
import { type GivenWorld, NOTHING_GIVEN } from "../world/assumed-world.ts";
import { TWO_UPLINKS } from "../world/test-routers.ts";
import { prove } from "./prove.ts";
import {
	type EventName,
	type PropertyName,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "./state/events.ts";
import { outcomeOf, type Result } from "./state/proof.ts";

type Tables = Readonly<Record<string, readonly string[]>>;

function proved(
	tables: Tables,
	events: readonly EventName[] = [],
	given: Partial<GivenWorld> = {},
) {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const proof = prove(analyse(ruleset, { ...NOTHING_GIVEN, ...given }), {
		name: "my.rules",
		events,
		single: false,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
	});
	const { services, leftOut } = proof;
	expect(leftOut).toEqual([]);
	expect(services).toHaveLength(1);
	const results = Object.fromEntries(
		(services[0]?.assumed.proved ?? []).map(({ property, result }) => [
			property,
			words(result),
		]),
	) as Record<PropertyName, string>;
	return { outcome: outcomeOf(proof), results };
}

/** What happens, where it is violated, once its scenario was read and played: it violates that too. */
function words(result: Result): string {
	if (result.kind === "unknown") return `unknown: ${result.why}`;
	if (result.kind !== "violated") return result.kind;
	const { scenario, happens } = result.counterexample;
	expect(validateScenario(scenario)).toEqual(scenario);
	expect(checkScenario(scenario).outcome).toBe("violated");
	return happens;
}

const PROTOCOLS = ["tcp", "udp"] as const;

const asked = (protocol: string) =>
	`-A PREROUTING -d 100.64.0.1 -p ${protocol} --dport 80`;

/** A proxy, and rules that let its clients in and its answers out. */
const proxy = (protocol: string, more: Tables = {}): Tables => ({
	nat: [`${asked(protocol)} -j REDIRECT --to-ports 8080`],
	filter: [
		":INPUT DROP [0:0]",
		":OUTPUT DROP [0:0]",
		"-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
		`-A INPUT -p ${protocol} --dport 8080 -m conntrack --ctstate NEW -j ACCEPT`,
		"-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
	],
	...more,
});

/** Each port is a backend. */
const halves = (protocol: string): Tables => ({
	nat: [
		`${asked(protocol)} -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 7701`,
		`${asked(protocol)} -j REDIRECT --to-ports 7702`,
	],
});

describe.each(PROTOCOLS)("a program of the gateway's own, %s", (protocol) => {
	test("serves its clients", () => {
		const { outcome, results } = proved(proxy(protocol));
		expect(outcome).toBe("holds");
		expect(results).toMatchObject({
			liveness: "holds",
			affinity: "holds",
			isolation: "holds",
			balance: "nothing",
		});
	});

	test("keeps its connections where the same rules are loaded again", () => {
		const { outcome } = proved(proxy(protocol), ["reload", "noflush"]);
		expect(outcome).toBe("holds");
	});

	test("is not reached while the rules are flushed, and answers untranslated", () => {
		const { results } = proved(halves(protocol), ["flush"]);
		expect(results).toMatchObject({
			liveness:
				"it reaches no backend: delivered to the gateway itself, and the gateway's own 100.64.0.1:7701 and the gateway's own 100.64.0.1:7702 are alive",
			affinity:
				"it goes to no backend: delivered to the gateway itself, and the connection's first packet went to the gateway's own 100.64.0.1:7701",
			isolation:
				"the client gets a packet that is not from the address and port that it has asked",
		});
	});

	test("gets no packet behind the first where INPUT drops what is known", () => {
		const { filter = [], ...more } = proxy(protocol);
		const known = "-A INPUT -m conntrack --ctstate ESTABLISHED -j DROP";
		const { results } = proved({
			...more,
			filter: [...filter.slice(0, 2), known, ...filter.slice(3)],
		});
		expect(results.affinity).toBe(
			"it goes to no backend: dropped on the way to the gateway's own 100.64.0.1:8080 by filter:INPUT:rule:1, and the connection's first packet went to the gateway's own 100.64.0.1:8080",
		);
	});

	test("serves nobody where OUTPUT drops its answers", () => {
		const { filter = [], ...more } = proxy(protocol);
		const { outcome, results } = proved({
			...more,
			filter: filter.slice(0, -1),
		});
		expect(outcome).toBe("violated");
		expect(results.liveness).toBe(
			"the answer of the gateway's own 100.64.0.1:8080 does not come to the client: dropped by filter:OUTPUT:policy:1",
		);
	});

	test.each([[[]], [["reload"]]] as const)(
		"may serve or not where OUTPUT asks whose it is, under %j",
		(events) => {
			const { filter = [], ...more } = proxy(protocol);
			const owner = "-A OUTPUT -m owner --uid-owner 13 -j ACCEPT";
			const { outcome, results } = proved(
				{ ...more, filter: [...filter.slice(0, -1), owner] },
				events,
			);
			expect(outcome).toBe("unknown");
			expect(results.liveness).toContain(
				"depends on the process that sent the packet",
			);
		},
	);

	test("is unknown where a rule asks for its socket", () => {
		const socket = "-A INPUT -m socket --transparent -j DROP";
		const { filter = [], ...more } = proxy(protocol);
		const { outcome } = proved({ ...more, filter: [socket, ...filter] });
		expect(outcome).toBe("unknown");
	});

	test("answers by another uplink than the client came by", () => {
		const rule = `-A PREROUTING -i wan2 -p ${protocol} --dport 80 -j REDIRECT --to-ports 8080`;
		const { results } = proved({ nat: [rule] }, [], TWO_UPLINKS);
		expect(results.liveness).toBe(
			"the answer of the gateway's own 192.0.2.1:8080 does not come to the client: it leaves by wan1, and the client came by wan2",
		);
	});

	test("has no connection at a second gateway: what comes of it there is not known", () => {
		const { results } = proved(proxy(protocol), ["take-over"]);
		expect(results.liveness).toBe("holds");
		for (const property of ["affinity", "isolation"] as const)
			expect(results[property]).toContain("end with it");
	});
});

describe.each(PROTOCOLS)("several ports of the gateway, %s", (protocol) => {
	test("are backends that get their shares", () => {
		const { outcome, results } = proved(halves(protocol));
		expect(outcome).toBe("holds");
		expect(results).toMatchObject({ balance: "holds", affinity: "holds" });
	});

	test.each(["reload", "other-clients", "take-over"] as const)(
		"get other shares under %s",
		(event) => {
			expect(proved(halves(protocol), [event]).results.balance).toBe(
				"of 2 connections in a row the gateway's own 100.64.0.1:7701 gets more than its share of 1 and 1/2",
			);
		},
	);

	test("are told apart where conntrack forgets a connection, drawn from a range as well", () => {
		const range = {
			nat: [`${asked(protocol)} -j REDIRECT --to-ports 7701-7704`],
		};
		expect(proved(range).results).toMatchObject({
			liveness: "holds",
			affinity: "holds",
			balance: "nothing",
		});
		for (const tables of [halves(protocol), range])
			expect(proved(tables, ["evict"]).results.affinity).toMatch(
				/^it goes to the gateway's own 100.64.0.1:770\d, and the connection's first packet went to the gateway's own 100.64.0.1:770\d$/,
			);
	});

	test("are no places for a first packet while the table is full of connections to them", () => {
		expect(proved(halves(protocol), ["table-full"]).results.liveness).toContain(
			"dropped by table full",
		);
	});

	test("stay with a program that a condition calls dead", () => {
		const to = (condition: number, port: number, turn = "") =>
			`${asked(protocol)} -m condition ! --condition dead${condition} ${turn} -j REDIRECT --to-ports ${port}`;
		const every = "-m statistic --mode nth --every 2 --packet 0";
		const nat = [to(1, 7701, every), to(2, 7702), to(1, 7701)];
		const { results } = proved({ nat }, ["conditions"]);
		expect(results["no-dead-backend"]).toMatch(
			/has been dead for 70 s, and the client's packets still go there$/,
		);
	});
});

test("a datagram that comes at once with another of its socket goes to the other port", () => {
	expect(proved(halves("udp"), ["race"]).results.affinity).toBe(
		"the second goes to the gateway's own 100.64.0.1:7702, and the first goes to the gateway's own 100.64.0.1:7701",
	);
});

test("one backend may be a program, and the other a host", () => {
	const nat = [
		`${asked("tcp")} -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 7701`,
		`${asked("tcp")} -j DNAT --to-destination 10.20.0.1`,
	];
	expect(proved({ nat }).outcome).toBe("holds");
	expect(proved({ nat }, ["evict"]).results.affinity).toBe(
		"it goes to 10.20.0.1:80, and the connection's first packet went to the gateway's own 100.64.0.1:7701",
	);
});
