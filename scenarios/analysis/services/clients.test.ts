import { describe, expect, test } from "vitest";
import { printRational } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { analyse } from "./analysis.ts";
import type { Service } from "./service.ts";

const DNAT = "-j DNAT --to-destination";
const MAIL = "-A PREROUTING -i eth0 -p tcp --dport 25";
const turn = "-m statistic --mode nth --every 2 --packet 0";

function servicesIn(
	tables: Readonly<Record<string, readonly string[]>>,
): readonly Service[] {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	return analyse(parseRuleset(text, { file: "test.rules" })).services;
}

/** Service by service, class by class: `10.0.0.11:80 1/2` … */
function sharesIn(tables: Parameters<typeof servicesIn>[0]) {
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
