import { describe, expect, test } from "vitest";
import { printRational, toNumber } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { splitDocument } from "../document/split-document.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { type Analysis, analyse } from "./analysis.ts";
import type { Service } from "./service.ts";

const DNAT = "-j DNAT --to-destination";
const MAIL = "-A PREROUTING -i eth0 -p tcp --dport 25";
const turn = "-m statistic --mode nth --every 2 --packet 0";

type Tables = Readonly<Record<string, readonly string[]>>;

function analysed(tables: Tables, given = NOTHING_GIVEN): Analysis {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	return analyse(parseRuleset(text, { file: "test.rules" }), given);
}

function servicesIn(tables: Tables): readonly Service[] {
	return analysed(tables).services;
}

/** Service by service, class by class: `10.0.0.11:80 1/2` … */
function sharesIn(tables: Tables) {
	return Object.fromEntries(
		servicesIn(tables).map(({ key, classes }) => [
			key,
			Object.fromEntries(
				classes.map(({ name, vectors }) => [
					name,
					vectors[0]?.split.parts.map(({ key: part, share }) =>
						share.kind === "exact"
							? `${part} ${printRational(share.value)}`
							: part,
					),
				]),
			),
		]),
	);
}

test.each([
	["-m multiport ! --dports 1:79,81:65535", "tcp any:0,80", "192.168.0.1 1"],
	["! --dport 1:65535", "tcp any:0", "192.168.0.1:0 1"],
])("no client asks for a port beyond the greatest: %s", (ports, key, share) => {
	const rule = `-A PREROUTING -i eth0 -p tcp ${ports} ${DNAT} 192.168.0.1`;
	expect(sharesIn({ nat: [rule] })).toEqual({
		[key]: { "all clients": [share] },
	});
});

describe("an ordinary host stands for its class", () => {
	test("where the class begins with 0.0.0.0/8", () => {
		expect(
			sharesIn({
				nat: [`${MAIL} ${DNAT} 10.10.10.4`],
				filter: [
					":FORWARD DROP [0:0]",
					"-A FORWARD -s 10.10.10.0/24 -j ACCEPT",
					"-A FORWARD -m addrtype --src-type BROADCAST -j DROP",
					"-A FORWARD -j ACCEPT",
				],
			}),
		).toEqual({ "tcp any:25": { "all clients": ["10.10.10.4:25 1"] } });
	});

	test.each(["! --src-type UNICAST", "--src-type BROADCAST"])(
		"where rules drop %s before they balance",
		(type) => {
			expect(
				sharesIn({
					nat: [
						`${MAIL} -s 128.0.0.0/1 ${DNAT} 192.168.9.3`,
						`${MAIL} ${turn} ${DNAT} 192.168.9.4`,
						`${MAIL} ${DNAT} 192.168.9.5`,
					],
					raw: [`-A PREROUTING -i eth0 -m addrtype ${type} -j DROP`],
				}),
			).toEqual({
				"tcp any:25": {
					"clients of 0.0.0.0/1": ["192.168.9.4:25 1/2", "192.168.9.5:25 1/2"],
					"clients of 128.0.0.0/1": ["192.168.9.3:25 1"],
				},
			});
		},
	);

	test("whose address is not that of a network, nor the one for all of its hosts", () => {
		const [service] = servicesIn({
			nat: [
				`-A PREROUTING -d 10.9.9.1 -s 10.9.9.0/30 -p tcp --dport 25 ${DNAT} 10.10.10.4`,
				`-A PREROUTING -d 10.9.9.1 -p tcp --dport 25 ${DNAT} 10.10.10.5`,
			],
			filter: ["-A FORWARD -s 10.9.9.0/30 -i eth0 -j ACCEPT"],
		});
		const near = service?.classes.find(
			({ name }) => name === "clients of 10.9.9.0/30",
		);
		expect(near?.packet.source).toBe(0x0a09_0902);
	});

	test("also where the class has addresses of no host besides", () => {
		const [service] = servicesIn({
			nat: [
				`${MAIL} -s 0.0.0.0/8 ${DNAT} 10.10.10.3`,
				`${MAIL} -s 198.51.100.0/24 ${DNAT} 10.10.10.4`,
				`${MAIL} ${DNAT} 10.10.10.3`,
			],
		});
		const others = service?.classes.find(
			({ name }) => name === "clients outside of 198.51.100.0/24",
		);
		expect((others?.packet.source ?? 0) >>> 0).toBe(0xc000_0207);
	});

	test("and a class without one says so", () => {
		expect(
			sharesIn({
				nat: [`${MAIL} -s 224.0.0.0/4 -j ACCEPT`, `${MAIL} ${DNAT} 10.10.10.4`],
			}),
		).toEqual({
			"tcp any:25": {
				"clients outside of 224.0.0.0/4": ["10.10.10.4:25 1"],
				"clients of 224.0.0.0/4 (addresses of no host)": [
					"no backend: dropped by martian source 1",
				],
			},
		});
	});
});

describe("a client that asks for a backend's own address", () => {
	test("does not stand for those that ask for any address", () => {
		expect(
			sharesIn({
				nat: [
					`${MAIL} ${turn} ${DNAT} 10.10.10.2`,
					`${MAIL} ${DNAT} 10.10.10.3`,
				],
			}),
		).toEqual({
			"tcp any:25": {
				"all clients": ["10.10.10.2:25 1/2", "10.10.10.3:25 1/2"],
			},
		});
	});

	test("comes to the backend where the rule sends it there", () => {
		expect(
			sharesIn({
				nat: [
					`-A PREROUTING -d 10.10.10.2 -p tcp --dport 25 ${DNAT} 10.10.10.2-10.10.10.3`,
				],
			}),
		).toEqual({
			"tcp 10.10.10.2:25": {
				"all clients": ["10.10.10.2:25 1/2", "10.10.10.3:25 1/2"],
			},
		});
	});
});

test("what is sent to all hosts comes to no backend", () => {
	expect(sharesIn({ nat: [`${MAIL} ${DNAT} 255.255.255.255`] })).toEqual({
		"tcp any:25": {
			"all clients": [
				"no backend: delivered to 255.255.255.255, which no host has 1",
			],
		},
	});
});

describe("uplinks", () => {
	const hook = [
		":B - [0:0]",
		"-A PREROUTING -i eth0 -m mark --mark 0 -j MARK --set-mark 1",
		"-A PREROUTING -i eth1 -m mark --mark 0 -j MARK --set-mark 2",
		"-A PREROUTING -m mark --mark 0 -j B",
		`-A B ${turn} -j MARK --set-mark 1`,
		"-A B -m mark --mark 0 -j MARK --set-mark 2",
	];

	test("have clients inside, where rules name the uplinks alone", () => {
		const [service] = servicesIn({
			mangle: hook,
			nat: ["eth0", "eth1"].map(
				(name) => `-A POSTROUTING -o ${name} -j MASQUERADE`,
			),
		});
		const inside = service?.classes.find(({ name }) => name.includes("lan0"));
		expect(inside?.vectors[0]?.split.parts.map(({ key }) => key)).toEqual([
			"mark 0x1",
			"mark 0x2",
		]);
	});

	test("are not balanced by what the gateway sends to itself", () => {
		const interfaces = ["eth0", "eth1"].map((name, index) => ({
			name,
			addresses: [`100.64.${index}.1/24`],
			mtu: 1500,
		}));
		const { unmet } = analysed(
			{ mangle: hook },
			{ ...NOTHING_GIVEN, interfaces },
		);
		expect(unmet.map(({ text }) => text)).toEqual([
			`-A B ${turn} -j MARK --set-xmark 0x1/0xffffffff`,
		]);
	});

	test("are chosen by a hash, or by a condition, of packets that nothing else asks for", () => {
		const marks = (rule: string) =>
			servicesIn({ mangle: [`-A PREROUTING -i eth1 ${rule}`] }).map(
				({ key, backends }) => [key, backends.map((one) => one.key)],
			);
		expect(
			marks(
				"-p tcp --dport 80 -j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset 1 --hmark-rnd 1",
			),
		).toEqual([["tcp any:80", ["mark 0x1", "mark 0x2"]]]);
		expect(
			marks(
				"-p tcp --dport 80 -m condition --condition up -j MARK --set-mark 5",
			),
		).toEqual([["tcp any:80", ["mark 0x5"]]]);
	});
});

describe("Docker's chain for published ports", () => {
	const published = (last: readonly string[]) => ({
		nat: [
			":DOCKER - [0:0]",
			"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
			"-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
			...last,
		],
	});

	test("balances what the gateway itself opens", () => {
		const services = servicesIn(
			published([
				`-A DOCKER -o lo -p tcp --dport 8080 ${turn} ${DNAT} 172.18.0.3:80`,
				`-A DOCKER -p tcp --dport 8080 ${DNAT} 172.18.0.4:80`,
			]),
		);
		expect(
			services.map(({ openedBy, backends }) => [openedBy, backends.length]),
		).toEqual([
			["clients", 1],
			["gateway", 2],
		]);
	});

	test("leaves out clients of its own bridge, which are a class", () => {
		expect(
			sharesIn(
				published([
					`-A DOCKER ! -i br0 -p tcp --dport 8080 ${DNAT} 172.18.0.3:80`,
				]),
			),
		).toEqual({
			"tcp local:8080": {
				"clients at br0": ["no backend: delivered to the gateway itself 1"],
				"clients at wan0": ["172.18.0.3:80 1"],
			},
		});
	});
});

test("what a hash is of says whether a client keeps its backend", () => {
	const hashOf = (tables: Tables) =>
		splitDocument("test.rules", analysed(tables)).services.flatMap(
			({ classes }) => classes.map((one) => one.hashOf),
		);
	const to = "-d 198.51.100.1 -p tcp --dport 25";
	const range = `${DNAT} 10.1.0.1-10.1.0.2`;
	const pool = "-j SNAT --to-source 198.51.100.1-198.51.100.4";
	const marks = (tuple: string) => ({
		mangle: [
			`-A PREROUTING ${to} -j HMARK --hmark-tuple ${tuple} --hmark-mod 2 --hmark-rnd 1`,
		],
	});
	expect(hashOf({ nat: [`-A PREROUTING ${to} ${range}`] })).toEqual(["client"]);
	expect(hashOf({ nat: [`-A PREROUTING ${to} ${range}:80-81`] })).toEqual([
		"mixed",
	]);
	expect(hashOf({ nat: [`${MAIL} ${range}`] })).toEqual(["pair"]);
	expect(hashOf({ nat: [`-A POSTROUTING -o eth0 ${pool}`] })).toEqual(["pair"]);
	expect(
		hashOf({ nat: [`-A POSTROUTING -o eth0 ${pool} --persistent`] }),
	).toEqual(["client"]);
	expect(hashOf(marks("src"))).toEqual(["client"]);
	expect(hashOf(marks("src,sport"))).toEqual(["connection"]);
});

test("conditions of each class say that its backends are alive, whatever those of another class do", () => {
	const rule = (who: string, is: string, to: number, more = "") =>
		`${MAIL} ${who} -m condition ${is} ${more} ${DNAT} 10.20.0.${to}`;
	const [service] = servicesIn({
		nat: [
			rule("-s 10.0.0.0/8", "--condition up11", 11, turn),
			rule("-s 10.0.0.0/8", "--condition up12", 12),
			rule("-s 10.0.0.0/8", "--condition up11", 11),
			rule("! -s 10.0.0.0/8", "! --condition down11", 11, turn),
			rule("! -s 10.0.0.0/8", "! --condition down12", 12),
			rule("! -s 10.0.0.0/8", "! --condition down11", 11),
		],
	});
	expect(service?.conditions).toMatchObject([
		{ name: "down11", backends: ["10.20.0.11:25"], alive: 0 },
		{ name: "down12", backends: ["10.20.0.12:25"], alive: 0 },
		{ name: "up11", backends: ["10.20.0.11:25"], alive: 1 },
		{ name: "up12", backends: ["10.20.0.12:25"], alive: 1 },
	]);
	for (const { vectors } of service?.classes ?? [])
		expect(
			vectors.map(({ name, split: { parts } }) => [
				name,
				parts.filter(
					({ share }) => share.kind === "exact" && toNumber(share.value) > 0,
				).length,
			]),
		).toEqual([
			["all alive", 2],
			["10.20.0.11:25 dead", 1],
			["10.20.0.12:25 dead", 1],
			["all dead", 1],
		]);
});
