/** Sets whose members are given tell clients apart: each is treated as the class that it is in, whatever sets and rules there are. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { formatAddress, parseAddress } from "../../../sim/packet/address.ts";
import { printRational } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { contains } from "../spaces/intervals.ts";
import type { Decision } from "../walk/decision.ts";
import { endsOf } from "../walk/ends-of.ts";
import { comesAgain } from "../walk/later-packets.ts";
import type { Arrival } from "../walk/walker.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { analyse } from "./analysis.ts";

const SERVICE = "203.0.113.1";
const FIRST = (parseAddress("198.51.100.16") ?? 0) >>> 0;
const CLIENTS = Array.from({ length: 16 }, (_, index) => FIRST + index);

const client = fc.constantFrom(...CLIENTS).map((one) => formatAddress(one | 0));
const network = fc
	.tuple(fc.constantFrom(...CLIENTS), fc.integer({ min: 28, max: 31 }))
	.map(([address, length]) => {
		const size = 2 ** (32 - length);
		return `${formatAddress((Math.floor(address / size) * size) | 0)}/${length}`;
	});
const port = fc.constantFrom("tcp:80", "tcp:81", "udp:80");
const exception = fc.constantFrom("", "", " nomatch");
const there = fc.constantFrom(`${SERVICE}`, "203.0.113.0/24");

/** By type: an element, and the sides by which rules look it up. */
const TYPES = {
	"hash:ip": [client, "src"],
	"hash:net": [pair(network, exception), "src"],
	"hash:ip,port": [joined(client, port), "src,dst"],
	"hash:net,port": [pair(joined(network, port), exception), "src,dst"],
	"hash:ip,port,ip": [
		joined(client, port, fc.constant(SERVICE)),
		"src,dst,dst",
	],
	"hash:ip,port,net": [
		pair(joined(fc.constant(SERVICE), port, network), exception),
		"dst,dst,src",
	],
	"hash:net,net": [joined(network, there), "src,dst"],
} as const;

function joined(...parts: readonly fc.Arbitrary<string>[]) {
	return fc.tuple(...parts).map((words) => words.join());
}

function pair(one: fc.Arbitrary<string>, other: fc.Arbitrary<string>) {
	return fc.tuple(one, other).map((words) => words.join(""));
}

const sets = fc
	.constantFrom(...(Object.keys(TYPES) as (keyof typeof TYPES)[]))
	.chain((type) => {
		const [element, sides] = TYPES[type];
		return fc.record({
			type: fc.constant(type),
			sides: fc.constant(sides),
			elements: fc.uniqueArray(element, {
				maxLength: 5,
				selector: (text) => text.replace(" nomatch", ""),
			}),
		});
	});

const rule = fc.record({
	set: fc.nat(2),
	inverted: fc.constantFrom("", "! "),
	exceptions: fc.constantFrom("", "", " --return-nomatch"),
});

const worlds = fc.record({
	sets: fc.array(sets, { minLength: 3, maxLength: 3 }),
	isList: fc.boolean(),
	rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
});

const NAMES = ["s0", "s1", "s2"];

function textsOf(world: {
	readonly sets: readonly {
		readonly type: string;
		readonly sides: string;
		readonly elements: readonly string[];
	}[];
	readonly isList: boolean;
	readonly rules: readonly {
		readonly set: number;
		readonly inverted: string;
		readonly exceptions: string;
	}[];
}) {
	const saved = world.sets.flatMap(({ type, elements }, index) => [
		`create s${index} ${type}`,
		...elements.map((element) => `add s${index} ${element}`),
	]);
	const list = [
		"create all list:set",
		...NAMES.map((name) => `add all ${name}`),
	];
	const rules = world.rules.map(({ set, inverted, exceptions }, index) => {
		const isList = world.isList && index === 0;
		const sides = isList ? "src,dst,dst" : world.sets[set]?.sides;
		return `-A PREROUTING -d ${SERVICE} -p tcp --dport 80 -m set ${inverted}--match-set ${isList ? "all" : `s${set}`} ${sides}${exceptions} -j DNAT --to-destination 10.0.0.${index + 11}`;
	});
	const last = `-A PREROUTING -d ${SERVICE} -p tcp --dport 80 -j DNAT --to-destination 10.0.0.10`;
	return {
		sets: `${[...saved, ...(world.isList ? list : [])].join("\n")}\n`,
		rules: `*nat\n${[...rules, last].join("\n")}\nCOMMIT\n`,
	};
}

test("each client is treated as its class", () => {
	fc.assert(
		fc.property(worlds, (world) => {
			const { sets: saved, rules } = textsOf(world);
			const ruleset = parseRuleset(rules, { file: "test.rules" });
			const given = { ...NOTHING_GIVEN, sets: saved };
			const { services, world: around, gaps } = analyse(ruleset, given);
			expect(gaps).toEqual([]);
			const classes = services.flatMap(({ classes }) => classes);
			for (const address of CLIENTS) {
				const of = classes.filter(
					({ sources }) => sources === null || contains(sources, address),
				);
				expect(of).toHaveLength(1);
				const [one] = of as [(typeof of)[number]];
				const ends = endsOf(one.decision);
				expect(ends).toHaveLength(1);
				const gateway = new ModelGateway(around.setup, {
					choice: seededChoice(1),
				});
				gateway.load(ruleset);
				const { emissions } = gateway.receive(one.interface, {
					...one.packet,
					source: address | 0,
				});
				expect(emissions.at(-1)?.packet.destination).toBe(
					ends[0]?.packet?.destination,
				);
			}
		}),
		{ numRuns: 100, seed: 15 },
	);
}, 60_000);

/** Of the first service, how many classes its clients are, and what their shares are. */
function shown(rules: readonly string[], sets: string) {
	const text = `*nat\n${rules.join("\n")}\nCOMMIT\n`;
	const ruleset = parseRuleset(text, { file: "test.rules" });
	const { services } = analyse(ruleset, { ...NOTHING_GIVEN, sets });
	return services.map(({ key, classes }) => [
		key,
		...classes.map(
			({ name, vectors }) =>
				`${name}: ${vectors[0]?.split.parts.map(({ key, share }) => `${key} ${share.kind}`).join(", ")}`,
		),
	]);
}

const DNAT = "-j DNAT --to-destination";

it("names clients by the addresses of a set, without its exceptions", () => {
	expect(
		shown(
			[
				`-A PREROUTING -d ${SERVICE} -p tcp --dport 443 -m set --match-set vip src ${DNAT} 10.0.0.41`,
				`-A PREROUTING -d ${SERVICE} -p tcp --dport 443 ${DNAT} 10.0.0.42`,
			],
			"create vip hash:net\nadd vip 192.0.2.0/25\nadd vip 192.0.2.64/26 nomatch\n",
		),
	).toEqual([
		[
			`tcp ${SERVICE}:443`,
			"clients of 192.0.2.0/26: 10.0.0.41:443 exact",
			"clients outside of 192.0.2.0/26: 10.0.0.42:443 exact",
		],
	]);
});

it("finds the services that addresses and ports of a set make", () => {
	expect(
		shown(
			[`-A PREROUTING -m set --match-set svc dst,dst ${DNAT} 10.0.0.41`],
			`create svc hash:ip,port\nadd svc ${SERVICE},tcp:8443\nadd svc ${SERVICE},udp:53\n`,
		),
	).toEqual([
		[`tcp ${SERVICE}:8443`, "all clients: 10.0.0.41:8443 exact"],
		[`udp ${SERVICE}:53`, "all clients: 10.0.0.41:53 exact"],
	]);
});

describe("sets to which packets write", () => {
	const TO = `-A PREROUTING -d ${SERVICE} -p tcp --dport 443`;
	const VIP = "create vip hash:ip\nadd vip 192.0.2.1\n";
	const asks = (...front: readonly string[]) => [
		...front,
		`${TO} -m set --match-set vip src ${DNAT} 10.0.0.41`,
		`${TO} ${DNAT} 10.0.0.42`,
	];

	it("have for a client that comes for the first time what they were given", () => {
		const knocks = `-A PREROUTING -d ${SERVICE} -p tcp --dport 7000 -j SET --add-set vip src`;
		const apart = [
			`tcp ${SERVICE}:443`,
			"clients of 192.0.2.1: 10.0.0.41:443 exact",
			"clients outside of 192.0.2.1: 10.0.0.42:443 exact",
		];
		expect(shown(asks(knocks), VIP)).toEqual([apart]);
		const list = `${VIP}create all list:set\nadd all vip\n`;
		const rules = asks(knocks).map((one) =>
			one.replace("--match-set vip", "--match-set all"),
		);
		expect(shown(rules, list)).toEqual([apart]);
	});

	it.each([
		["added", "-A PREROUTING -j SET --add-set vip src", "10.0.0.41"],
		["deleted", "-A PREROUTING -j SET --del-set vip src", "10.0.0.42"],
		[
			"added and then deleted",
			"-A PREROUTING -j SET --add-set vip src --del-set vip src",
			"10.0.0.42",
		],
	])("have it where it was %s in front", (_, rule, backend) => {
		expect(shown(asks(rule), VIP)).toEqual([
			[`tcp ${SERVICE}:443`, `all clients: ${backend}:443 exact`],
		]);
	});

	it("keep clients at their backends as lists of recent do", () => {
		const sticky = ["", "\n:B1 - [0:0]\n:B2 - [0:0]"];
		const asking = [1, 2].map(
			(at) => `${TO} -m set --match-set onb${at} src -j B${at}`,
		);
		const adding = [1, 2].flatMap((at) => [
			`-A B${at} -j SET --add-set onb${at} src --exist`,
			`-A B${at} -p tcp ${DNAT} 10.0.0.4${at}`,
		]);
		const text = `*nat${sticky.join("")}\n${[...asking, `${TO} -m statistic --mode nth --every 2 --packet 0 -j B1`, `${TO} -j B2`, ...adding].join("\n")}\nCOMMIT\n`;
		const sets =
			"create onb1 hash:ip timeout 600\ncreate onb2 hash:ip timeout 600\n";
		const ruleset = parseRuleset(text, { file: "test.rules" });
		const analysis = analyse(ruleset, { ...NOTHING_GIVEN, sets });
		const [one, ...more] = analysis.services.flatMap(({ classes }) => classes);
		expect(more).toEqual([]);
		expect(
			one?.vectors[0]?.split.parts.map(({ key, share }) => [
				key,
				share.kind === "exact" && printRational(share.value),
			]),
		).toEqual([
			["10.0.0.41:443", "1/2"],
			["10.0.0.42:443", "1/2"],
		]);
		const arrival = one && { interface: one.interface, packet: one.packet };
		const again = endsOf(one?.decision as Decision).map((end) => {
			const next = comesAgain(analysis.walker, arrival as Arrival, end);
			return [end, ...endsOf(next as Decision)].map(
				({ packet }) => packet && formatAddress(packet.destination),
			);
		});
		expect(again).toEqual([
			["10.0.0.41", "10.0.0.41"],
			["10.0.0.42", "10.0.0.42"],
		]);
	});

	it.each([
		["by the address that is asked for", "hash:ip", "dst"],
		["by hardware addresses", "hash:mac", "src"],
	])("leave shares unknown where they are asked %s", (_, type, side) => {
		const rules = [
			`${TO} -m set --match-set vip ${side} ${DNAT} 10.0.0.41`,
			`-A PREROUTING -j SET --add-set vip ${side}`,
			`${TO} ${DNAT} 10.0.0.42`,
		];
		const text = `*nat\n${rules.join("\n")}\nCOMMIT\n`;
		const ruleset = parseRuleset(text, { file: "test.rules" });
		const sets = `create vip ${type}\n`;
		const { services } = analyse(ruleset, { ...NOTHING_GIVEN, sets });
		const parts = services[0]?.classes[0]?.vectors[0]?.split.parts;
		expect(parts?.map(({ share }) => share)).toMatchObject([
			{ kind: "interval", isUnknown: true },
			{ kind: "interval", isUnknown: true },
		]);
	});

	it("do not tell why no packet meets a rule", () => {
		const text = `*nat\n${asks(`${TO} -j SET --del-set vip src`).join("\n")}\nCOMMIT\n`;
		const ruleset = parseRuleset(text, { file: "test.rules" });
		const { unmet } = analyse(ruleset, {
			...NOTHING_GIVEN,
			sets: "create vip hash:ip\n",
		});
		expect(unmet.map(({ line, isTold }) => [line, isTold])).toEqual([
			[3, false],
		]);
	});
});

describe("sets in which no packet is, as rules look them up", () => {
	const known = (rule: string, sets: string) => {
		const text = `*nat\n-A PREROUTING -d ${SERVICE} -p tcp --dport 443 ${rule} ${DNAT} 10.0.0.41\nCOMMIT\n`;
		const ruleset = parseRuleset(text, { file: "test.rules" });
		const { gaps, unmet } = analyse(ruleset, { ...NOTHING_GIVEN, sets });
		return { gaps, told: unmet.map(({ isTold }) => isTold) };
	};

	it.each([
		[
			"of two parts by one direction",
			"-m set --match-set vip src",
			"create vip hash:ip,port\nadd vip 192.0.2.1,udp:53\n",
			"line 2 matches no packet, whatever the members are: vip is a set of type hash:ip,port, which needs 2 directions, and `src` is one",
		],
		[
			"of two parts by one direction, for all others",
			"-m set ! --match-set vip src",
			"create vip hash:ip,port\nadd vip 192.0.2.1,udp:53\n",
			"line 2 takes every packet for one that is not in its set, whatever the members are: vip is a set of type hash:ip,port, which needs 2 directions, and `src` is one",
		],
		[
			"of IPv6",
			"-m set --match-set vip src",
			"create vip hash:ip family inet6\n",
			"line 2 matches no packet, whatever the members are: vip is a set of IPv6 addresses",
		],
		[
			"in a list",
			"-m set --match-set all src",
			"create vip hash:ip,port\ncreate all list:set\nadd all vip\n",
			"line 2 matches no packet, whatever the members are: vip is a set of type hash:ip,port, which needs 2 directions, and `src` is one",
		],
	])("%s", (_, rule, sets, gap) => {
		const { gaps, told } = known(rule, sets);
		expect(gaps).toEqual([gap]);
		expect(told).not.toContain(true);
	});

	it("are no fault where they are empty, which tells why no packet meets the rule", () => {
		const set = "-m set --match-set vip src";
		expect(known(set, "create vip hash:ip\n")).toEqual({
			gaps: [],
			told: [true],
		});
	});

	it("do not tell why no packet meets a rule where they have members", () => {
		const set = "-m set --match-set vip dst";
		expect(known(set, "create vip hash:ip\nadd vip 192.0.2.1\n")).toEqual({
			gaps: [],
			told: [false],
		});
	});
});

it("tells clients apart by the marks that a set gives them", () => {
	const text = `*mangle
-A PREROUTING -j SET --map-set vip src --map-mark
COMMIT
*nat
-A PREROUTING -d ${SERVICE} -p tcp --dport 443 -m mark --mark 1 ${DNAT} 10.0.0.41
-A PREROUTING -d ${SERVICE} -p tcp --dport 443 ${DNAT} 10.0.0.42
COMMIT
`;
	const ruleset = parseRuleset(text, { file: "test.rules" });
	const sets =
		"create vip hash:ip skbinfo\nadd vip 192.0.2.1 skbmark 0x1/0xffffffff\n";
	const { services } = analyse(ruleset, { ...NOTHING_GIVEN, sets });
	expect(
		services.flatMap(({ classes }) => classes.map(({ name }) => name)),
	).toEqual(["clients of 192.0.2.1", "clients outside of 192.0.2.1"]);
});

it("tells clients apart by countries that are given", () => {
	const text = `*nat
-A PREROUTING -d ${SERVICE} -p tcp --dport 443 -m geoip ! --source-country DE,FR ${DNAT} 10.0.0.41
-A PREROUTING -d ${SERVICE} -p tcp --dport 443 ${DNAT} 10.0.0.42
COMMIT
`;
	const { ruleset } = parseRules(text, { file: "test.rules" });
	const geoip = { DE: ["192.0.2.0/25"], FR: ["198.51.100.1-198.51.100.9"] };
	const { services } = analyse(ruleset, { ...NOTHING_GIVEN, geoip });
	expect(
		services.flatMap(({ classes }) => classes.map(({ name }) => name)),
	).toEqual([
		"clients of 192.0.2.0/25,198.51.100.1-198.51.100.9",
		"clients outside of 192.0.2.0/25,198.51.100.1-198.51.100.9",
	]);
});
