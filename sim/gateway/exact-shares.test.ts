/**
 * What draws in a ruleset come to, exactly: one connection's first packet, once for each way in which
 * they may fall.
 */
import { expect, test } from "vitest";
import type { Choice } from "../chance/choice.ts";
import {
	everyPath,
	sharesOf,
	TooManyOutcomesError,
} from "../chance/exhaustive.ts";
import type { Operation } from "../contract/gateway.ts";
import { parsePacket, printPacket } from "../packet/notation/notation.ts";
import {
	ONE,
	plus,
	type Rational,
	rational,
	times,
	ZERO,
} from "../rational.ts";
import { ModelGateway } from "./model-gateway.ts";
import { IN, OUT, SETUP } from "./test-gateway.ts";

const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1 win 64240";

/** When an ARP entry grows stale: it has no part in where a first packet goes. */
const GIVEN = new Map([["neighbour reachable time", 0]]);

/**
 * Where the first packet of a connection goes.
 * @param rules by table
 * @param conditions that are set
 */
function shares(
	rules: Readonly<Record<string, readonly string[]>>,
	conditions: readonly string[] = [],
): ReadonlyMap<string, Rational> {
	const text = Object.entries(rules)
		.map(([table, lines]) => [`*${table}`, ...lines, "COMMIT\n"].join("\n"))
		.join("");
	const play = (choice: Choice): string => {
		const gateway = new ModelGateway(SETUP, { choice });
		const operations: readonly Operation[] = [
			{
				kind: "restore",
				text,
				file: "test.rules",
				noflush: false,
				counters: false,
			},
			...conditions.map((name) => ({
				kind: "condition" as const,
				name,
				write: "1",
			})),
		];
		for (const operation of operations)
			expect(gateway.operate(operation)).toEqual({ ok: true });
		const { emissions, fate } = gateway.receive(OUT, parsePacket(SYN));
		const [sent] = emissions;
		if (sent?.interface !== IN) return fate.kind;
		return printPacket(sent.packet).split(" ")[3] ?? "";
	};
	return sharesOf(everyPath(play, { given: GIVEN }), (where) => where);
}

const BACKENDS = ["192.168.0.1", "192.168.0.2", "192.168.0.3"] as const;

/** In units of 2⁻³¹, as the kernel compares it. */
const probability = (text: string) =>
	rational(Math.round(Number(text) * 2 ** 31), 2 ** 31);
const not = (one: Rational) => plus(ONE, times(one, rational(-1)));
const percent = ({ numerator, denominator }: Rational) =>
	`${((Number(numerator) / Number(denominator)) * 100).toFixed(1)} %`;

/** A cascade that ends in DNAT, with these probabilities. */
const cascade = (probabilities: readonly string[]) =>
	probabilities.map(
		(text, index) =>
			`-A PREROUTING -p tcp --dport 25 -m statistic --mode random --probability ${text} -j DNAT --to-destination ${BACKENDS[index]}`,
	);

test("a third three times leaves three in ten to no backend", () => {
	const found = shares({ nat: cascade([".33", ".33", ".33"]) });
	const p = probability(".33");
	const q = not(p);
	expect(found).toEqual(
		new Map([
			["192.168.0.1:25", p],
			["192.168.0.2:25", times(q, p)],
			["192.168.0.3:25", times(times(q, q), p)],
			["delivered", times(times(q, q), q)],
		]),
	);
	const percents = [...found.values()].map(percent).sort();
	expect(percents).toEqual(["14.8 %", "22.1 %", "30.1 %", "33.0 %"]);
	expect([...found.values()].reduce(plus, ZERO)).toEqual(ONE);
});

test("the right cascade leaves nothing over, and a third is as near as 31 bits are", () => {
	const found = shares({ nat: cascade([".33333333", ".5", "1"]) });
	const third = probability(".33333333");
	const half = times(not(third), rational(1, 2));
	expect(found).toEqual(
		new Map([
			["192.168.0.1:25", third],
			["192.168.0.2:25", half],
			["192.168.0.3:25", half],
		]),
	);
	expect([...found.values()].map(percent)).toEqual(
		Array.from({ length: 3 }, () => "33.3 %"),
	);
});

test("where the last mark wins, the right probabilities are others, and conditions may take a backend out", () => {
	const rules = {
		mangle: ["1", ".5"].map(
			(text, index) =>
				`-A PREROUTING -p tcp -m condition ! --condition dead${index + 1} -m statistic --mode random --probability ${text} -j MARK --set-mark ${index + 1}`,
		),
		nat: [1, 2].map(
			(mark) =>
				`-A PREROUTING -m mark --mark ${mark} -j DNAT --to-destination ${BACKENDS[mark - 1]}`,
		),
	};
	const half = rational(1, 2);
	expect(shares(rules)).toEqual(
		new Map([
			["192.168.0.1:25", half],
			["192.168.0.2:25", half],
		]),
	);
	expect(shares(rules, ["dead2"])).toEqual(new Map([["192.168.0.1:25", ONE]]));
	expect(shares(rules, ["dead1"])).toEqual(
		new Map([
			["delivered", half],
			["192.168.0.2:25", half],
		]),
	);
});

test("a range of ports is drawn from evenly, and one that is too wide is refused by its name", () => {
	const to = (ports: string) => ({
		nat: [
			`-A PREROUTING -p tcp -j DNAT --to-destination 192.168.0.1:${ports} --random`,
		],
	});
	const found = shares(to("8000-8003"));
	expect([...found.keys()].sort()).toEqual(
		[8000, 8001, 8002, 8003].map((port) => `192.168.0.1:${port}`),
	);
	for (const share of found.values()) expect(share).toEqual(rational(1, 4));
	expect(() => shares(to("1024-65535"))).toThrow(
		new TooManyOutcomesError("nat destination port from 1024", 64_512, 4096),
	);
});
