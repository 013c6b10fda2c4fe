/** What a comparison says of arbitrary rulesets, against packets played on the model with both. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { tcp, udp } from "../../../sim/packet/build.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { contains } from "../spaces/intervals.ts";
import type { Space } from "../spaces/space.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import type { Diff } from "./diff.ts";
import { compared } from "./test-diff.ts";

const SEED = 18;
const ROUTES = { "10.1.0.0/16": "lan0", "10.2.0.0/16": "lan1" };
const GIVEN = {
	...NOTHING_GIVEN,
	interfaces: [
		{ name: "wan0", addresses: ["203.0.113.1/24"], mtu: 1500 },
		{ name: "lan0", addresses: ["10.1.0.1/16"], mtu: 1500 },
		{ name: "lan1", addresses: ["10.2.0.1/16"], mtu: 1500 },
	],
	routes: [
		{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan0" },
	],
};

const NETWORKS = ["10.1.0.0/16", "10.1.2.0/24", "10.2.0.5/32", "8.8.8.0/24"];
const words = (...all: readonly string[]) => fc.constantFrom("", "", ...all);
const sources = NETWORKS.flatMap((one) => [`-s ${one} `, `! -s ${one} `]);
const destinations = NETWORKS.flatMap((one) => [`-d ${one} `, `! -d ${one} `]);
const ports = [
	"-p tcp --dport 80 ",
	"-p udp --dport 53 ",
	"-p tcp --dport 80:90 ",
	"-p tcp -m multiport --ports 80,443 ",
	"-p tcp ",
];
const header = fc
	.tuple(words(...sources), words(...destinations), words(...ports))
	.map((parts) => parts.join(""));

const filterRule = fc
	.tuple(
		fc.constantFrom("FORWARD", "FORWARD", "INPUT", "SIDE"),
		header,
		words("-i wan0 ", "-i lan+ ", "! -i lan0 "),
		fc.constantFrom("ACCEPT", "DROP", "REJECT", "RETURN", "SIDE", "LOG"),
	)
	.filter(([chain, , , target]) => chain !== "SIDE" || target !== "SIDE")
	.map(([chain, of, at, target]) => `-A ${chain} ${at}${of}-j ${target}`);

const natRule = fc
	.tuple(
		fc.constantFrom("-d 203.0.113.1 ", "-d 8.8.8.8 "),
		fc.constantFrom("-p tcp --dport 80 ", "-p tcp --dport 80:90 ", "-p udp "),
		words(...sources),
		fc.constantFrom("10.1.2.3", "10.2.0.5:80", "10.1.9.9"),
	)
	.map(
		([to, port, from, backend]) =>
			`-A PREROUTING ${to}${from}${port}-j DNAT --to-destination ${backend}`,
	);

interface Rules {
	readonly filter: readonly string[];
	readonly nat: readonly string[];
}

const textOf = ({ filter, nat }: Rules) =>
	[
		"*filter",
		":SIDE - [0:0]",
		...filter,
		"COMMIT",
		"*nat",
		...nat,
		"COMMIT",
		"",
	].join("\n");

/** A list, and the same with one element less, one more, or two that have changed places. */
const edited = (rule: fc.Arbitrary<string>) =>
	fc
		.tuple(
			fc.array(rule, { minLength: 1, maxLength: 6 }),
			rule,
			fc.nat(5),
			fc.nat(3),
		)
		.map(([all, other, place, how]) => {
			const at = place % all.length;
			const young = [...all];
			if (how === 1) young.splice(at, 1);
			else if (how === 2) young.splice(at, 0, other);
			else if (how === 3) young.push(...young.splice(at, 1));
			return [all, young] as const;
		});

const pair = fc
	.tuple(edited(filterRule), edited(natRule))
	.map(
		([[oldFilter, newFilter], [oldNat, newNat]]) =>
			[
				textOf({ filter: oldFilter, nat: oldNat }),
				textOf({ filter: newFilter, nat: newNat }),
			] as const,
	);

const HOSTS = [
	"10.1.2.3",
	"10.1.9.9",
	"10.2.0.5",
	"10.2.7.7",
	"8.8.8.8",
	"9.9.9.9",
];
const packet = fc
	.tuple(
		fc.constantFrom(...HOSTS),
		fc.constantFrom(...HOSTS, "203.0.113.1", "10.1.0.1"),
		fc.constantFrom(80, 85, 443, 53, 1000),
		fc.constantFrom(40_000, 80),
		fc.boolean(),
	)
	.filter(([source, destination]) => source !== destination);

type Sent = { readonly interface: string; readonly packet: Packet };

function sentOf([source, destination, port, from, isTcp]: [
	string,
	string,
	number,
	number,
	boolean,
]): Sent {
	const [, name = "wan0"] =
		Object.entries(ROUTES).find(([network]) =>
			source.startsWith(network.split(".").slice(0, 2).join(".")),
		) ?? [];
	const address = (text: string) =>
		text.split(".").reduce((all, one) => (all << 8) | Number(one), 0);
	const of = {
		source: address(source),
		destination: address(destination),
		sourcePort: from,
		destinationPort: port,
	};
	return { interface: name, packet: isTcp ? tcp(of) : udp(of) };
}

/** What hosts see of a packet that comes to a gateway with these rules. */
function seen(
	text: string,
	{ sides }: Diff,
	{ interface: name, packet: one }: Sent,
) {
	const gateway = new ModelGateway(sides.world.setup, {
		choice: seededChoice(SEED),
	});
	const loaded = gateway.operate({
		kind: "restore",
		text,
		file: "",
		noflush: false,
		counters: false,
	});
	expect(loaded).toEqual({ ok: true });
	const { fate, emissions } = gateway.receive(name, one);
	const is = fate.kind === "dropped" ? "dropped" : JSON.stringify(fate);
	const out = emissions.map(
		(sent) => `${sent.interface} ${printPacket(sent.packet)}`,
	);
	return [is, ...out].join("\n");
}

function lies({ interface: name, packet: one }: Sent, space: Space): boolean {
	const port =
		"sourcePort" in one ? one : { sourcePort: 0, destinationPort: 0 };
	return (
		contains(space.source, one.source >>> 0) &&
		contains(space.destination, one.destination >>> 0) &&
		contains(space.sourcePort, port.sourcePort) &&
		contains(space.destinationPort, port.destinationPort) &&
		contains(space.protocol, one.kind === "tcp" ? 6 : 17) &&
		space.interfaces.includes(name)
	);
}

it("agrees with what packets get of both", () => {
	const counts = { same: 0, changed: 0, unknown: 0 };
	fc.assert(
		fc.property(
			pair,
			fc.array(packet, { minLength: 36, maxLength: 36 }),
			([old, young], packets) => {
				const { diff } = compared(old, young, GIVEN);
				for (const fields of packets) {
					const sent = sentOf(fields as Parameters<typeof sentOf>[0]);
					const own = diff.classes.find(
						({ which, spaces }) =>
							which === "first" && spaces.some((space) => lies(sent, space)),
					);
					const verdict = own?.comparison.verdict ?? "same";
					counts[verdict]++;
					if (verdict === "unknown") continue;
					const isEqual = seen(old, diff, sent) === seen(young, diff, sent);
					expect({
						packet: `${sent.interface} ${printPacket(sent.packet)}`,
						verdict: isEqual ? "same" : "changed",
					}).toEqual({
						packet: `${sent.interface} ${printPacket(sent.packet)}`,
						verdict,
					});
				}
			},
		),
		{ seed: SEED, numRuns: 25 },
	);
	expect(counts.same).toBeGreaterThan(300);
	expect(counts.changed).toBeGreaterThan(10);
	expect(counts.unknown).toBe(0);
}, 180_000);
