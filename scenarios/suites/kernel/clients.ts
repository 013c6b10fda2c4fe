/** What clients have of a service: whether they stay at their backends, where they seem to come from, how long they wait. */
import {
	at,
	backend,
	clientAt,
	connect,
	connectedWithin,
	connectOnly,
	lossy,
	outcomes,
	recipeSetup,
	scenario,
	send,
	service,
	split,
	splitBySource,
	sticky,
} from "../../language/build/build.ts";

const suite = "clients";
const SERVICE = "-d 10.0.0.1/32 -p tcp -m tcp --dport 25";
const to = (index: number) => `-j DNAT --to-destination 192.168.0.${index}:25`;
const dialogue = connectOnly();

/** Ten networks with two clients each. */
const CLIENTS = Array.from({ length: 20 }, (_, index) =>
	clientAt(`c${index}`, `10.1.${index >> 1}.${10 + (index % 2)}`),
);

function setup(
	rules: readonly string[],
	overrides: Omit<Parameters<typeof recipeSetup>[0], "ruleset"> = {},
) {
	const text = `*nat\n:SVC - [0:0]\n:SEP1 - [0:0]\n:SEP2 - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;
	return recipeSetup({
		clients: CLIENTS,
		...overrides,
		ruleset: { name: "clients.rules", text },
	});
}

/** Clients go where they went before, for so long; `choose` decides of those that are new. */
function remembering(
	{ seconds, mask }: { readonly seconds: number; readonly mask: string },
	choose: string,
): readonly string[] {
	const recall = (index: number) =>
		`SVC -m recent --rcheck --seconds ${seconds} --reap --name SEP${index} --mask ${mask} --rsource -j SEP${index}`;
	const remember = (index: number) =>
		`SEP${index} -p tcp -m recent --set --name SEP${index} --mask ${mask} --rsource ${to(index)}`;
	return [
		`PREROUTING ${SERVICE} -j SVC`,
		recall(1),
		recall(2),
		`SVC ${choose} -j SEP1`,
		"SVC -j SEP2",
		remember(1),
		remember(2),
	];
}

const IN_TURN = "-m statistic --mode nth --every 2 --packet 0";
const BY_CHANCE = "-m statistic --mode random --probability 0.50000000000";

/** Each client `times` times, one client after the other, and all of them again and again. */
const rounds = (times: number, everyMs: number) =>
	CLIENTS.map(({ name: client }, index) =>
		at(index * 10, connect(times, { client, everyMs, dialogue })),
	);

const remembered = [
	scenario({
		name: "sticky-network",
		suite,
		title: "Clients of one /24 stay at one backend",
		story:
			"New networks take turns; recent remembers each by its first 24 bits, so that the second client of a network goes where the first one went.",
		setup: setup(remembering({ seconds: 60, mask: "255.255.255.0" }, IN_TURN)),
		steps: rounds(3, 5_000),
		expect: [
			sticky({ prefix: 24 }),
			split({ b1: 1, b2: 1 }, { exact: true }),
			outcomes("completed", 60),
		],
	}),
	scenario({
		name: "sticky-for-a-time",
		suite,
		title: "A client that comes back too late goes elsewhere",
		story:
			"One client comes back after 5 s twice, and then after 30 s. Its place is remembered for 10 s from its latest connection on; after that it is new again, and takes the next turn.",
		setup: setup(
			remembering({ seconds: 10, mask: "255.255.255.255" }, IN_TURN),
			{ clients: [clientAt("c1", "10.1.0.10")] },
		),
		steps: [0, 5_000, 10_000, 40_000].flatMap((ms) =>
			at(ms, connect(1, { dialogue })),
		),
		expect: [
			sticky({ forMs: 10_000 }),
			split({ b1: 3, b2: 1 }, { exact: true }),
		],
	}),
	scenario({
		name: "cluster-ip-affinity",
		suite,
		title: "ClientIP affinity of kube-proxy: one draw for each client",
		story:
			"kube-proxy draws for a client that it does not remember, and goes by that for three hours. A hundred connections of twenty clients are twenty draws: how even the split is follows from them, and not from the hundred.",
		setup: setup(
			remembering({ seconds: 10_800, mask: "255.255.255.255" }, BY_CHANCE),
		),
		steps: rounds(5, 1_000),
		expect: [
			sticky({ forMs: 10_800_000 }),
			split({ b1: 1, b2: 1 }),
			outcomes("completed", 100),
		],
	}),
];

const datagrams = [
	scenario({
		name: "cluster-ip-affinity-of-names",
		suite,
		title:
			"ClientIP affinity over UDP: each question goes to the server of the first",
		story:
			"Each client asks five times, from a new port each, and each of these flows comes to the rules as a new one. recent remembers the client for UDP as it does for TCP, so its draw stays one; where none is remembered, each flow is drawn for.",
		setup: setup(
			remembering({ seconds: 10_800, mask: "255.255.255.255" }, BY_CHANCE).map(
				(rule) =>
					rule
						.replaceAll("tcp", "udp")
						.replace("dport 25", "dport 53")
						.replace(":25", ":53"),
			),
			{
				services: [
					service("names", {
						protocol: "udp",
						address: "10.0.0.1",
						port: 53,
					}),
				],
			},
		),
		steps: CLIENTS.map(({ name: client }, index) =>
			at(
				index * 10,
				send(5, { client, everyMs: 1_000, sockets: "each", octets: 40 }),
			),
		),
		expect: [
			sticky({ service: "names" }),
			split({ b1: 1, b2: 1 }, { service: "names" }),
			outcomes("answered", 100, { service: "names" }),
			connectedWithin(10, { service: "names" }),
		],
	}),
];

/** Where a mail server that rotates its address seems to come from. */
const ADDRESSES = {
	interfaces: [
		{ name: "bond0.204", addresses: ["10.0.0.1/8"], mtu: 1500 },
		{
			name: "bond0.205",
			addresses: ["192.168.0.254/24", "192.168.0.253/24", "192.168.0.252/24"],
			mtu: 1500,
		},
	],
};
const snat = (rule: string, address: string) =>
	`POSTROUTING -o bond0.205 -p tcp ${rule} -j SNAT --to-source ${address}`;

const rotated = [
	scenario({
		name: "source-in-turn",
		suite,
		title: "SNAT takes three source addresses in turn",
		story:
			"Each rule takes an nth part of what the rules before it leave: a third, a half of the rest, the rest.",
		setup: setup(
			[
				`PREROUTING ${SERVICE} ${to(1)}`,
				snat("-m statistic --mode nth --every 3 --packet 0", "192.168.0.252"),
				snat("-m statistic --mode nth --every 2 --packet 0", "192.168.0.253"),
				snat("", "192.168.0.254"),
			],
			{ gateway: ADDRESSES },
		),
		steps: rounds(3, 1_000),
		expect: [
			splitBySource({
				"192.168.0.252": 1,
				"192.168.0.253": 1,
				"192.168.0.254": 1,
			}),
			outcomes("completed", 60),
		],
	}),
	scenario({
		name: "source-by-hash",
		suite,
		title: "SNAT to a range gives each client one of its addresses",
		story:
			"A hash of the client's address chooses one of the range, so each client has one address for all of its connections: twenty clients count as twenty draws.",
		setup: setup(
			[
				`PREROUTING ${SERVICE} ${to(1)}`,
				snat("", "192.168.0.253-192.168.0.254 --persistent"),
			],
			{ gateway: ADDRESSES },
		),
		steps: rounds(3, 1_000),
		expect: [
			splitBySource({ "192.168.0.253": 1, "192.168.0.254": 1 }),
			outcomes("completed", 60),
		],
	}),
];

const waiting = [
	scenario({
		name: "late-through-a-lossy-link",
		suite,
		title: "A backend that loses packets connects some clients late",
		story:
			"Every third packet to and from backend 1 is lost. A client sends its SYN again after 1, 3 and 7 s: its connection stands, late, and a limit of half a second is kept at the other backend alone.",
		setup: setup([
			`PREROUTING ${SERVICE} ${IN_TURN} ${to(1)}`,
			`PREROUTING ${SERVICE} ${to(2)}`,
		]),
		steps: [backend("b1", lossy(0.33)), ...rounds(1, 100)],
		expect: [
			outcomes("late", { atLeast: 1, atMost: 10 }),
			outcomes("lost", 0),
			connectedWithin(20_000),
		],
	}),
	scenario({
		name: "none-late-at-backends-that-serve",
		suite,
		title: "At backends that serve, every client is connected at once",
		story:
			"A SYN and its answer take two links each; none has to be sent again.",
		setup: setup([
			`PREROUTING ${SERVICE} ${IN_TURN} ${to(1)}`,
			`PREROUTING ${SERVICE} ${to(2)}`,
		]),
		steps: rounds(2, 1_000),
		expect: [outcomes("late", 0), connectedWithin(10)],
	}),
];

/** Facts about clients, each held against a kernel. */
export const clientFacts = [
	...remembered,
	...datagrams,
	...rotated,
	...waiting,
];
