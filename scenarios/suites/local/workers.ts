import {
	at,
	backend,
	clientAt,
	connect,
	connectOnly,
	conntrack,
	evenSplit,
	gatewayAnswered,
	http,
	observe,
	order,
	outcomes,
	scenario,
	send,
	service,
	split,
} from "../../language/build/build.ts";
import {
	clients,
	hostSetup,
	LOOPBACK,
	OWN,
	table,
	worker,
} from "./programs-setup.ts";

const suite = "local-workers";

/** Three ports of the host's own in turn. */
function inTurn(chain: string): string {
	return table(
		"nat",
		`-A ${chain} -d ${OWN}/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 0 -j REDIRECT --to-ports 7701`,
		`-A ${chain} -d ${OWN}/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 7702`,
		`-A ${chain} -d ${OWN}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7703`,
	);
}

const WORKERS = [worker("w1", 7701), worker("w2", 7702), worker("w3", 7703)];

/** Programs on the host itself that serve. */
export const workers = [
	scenario({
		name: "local-workers-in-turn",
		suite,
		title: "Three workers on the host itself take turns",
		story:
			"A host with one public address runs three workers on ports 7701 to 7703, and REDIRECT sends every third connection to each. Their ports alone tell them apart: the address stays the host's.",
		setup: hostSetup(inTurn("PREROUTING"), {
			gateway: {
				listeners: [7701, 7702, 7703].map((port) => {
					return { protocol: "tcp", port } as const;
				}),
			},
			clients: clients(4),
		}),
		steps: clients(4).map(({ name }) =>
			connect(6, { client: name, everyMs: 100, dialogue: connectOnly() }),
		),
		expect: [
			evenSplit(["gateway:7701", "gateway:7702", "gateway:7703"]),
			outcomes("completed", 24),
		],
	}),
	scenario({
		name: "local-worker-dead",
		suite,
		title: "A dead worker on the host costs its share of the connections",
		story:
			"Worker 2 has ended. Its port is closed, so the host's own kernel resets what REDIRECT sends there: every third connection is refused, and no rule knows of it. Once it runs again it gets its share. Worker 1 drains from 4 s on, and is skipped by nothing either.",
		trap: "REDIRECT does not look whether a program listens: a worker that ends takes its share of the connections with it.",
		setup: hostSetup(inTurn("PREROUTING"), {
			backends: [
				worker("w1", 7701),
				worker("w2", 7702, { behaviour: { kind: "refuse" } }),
				worker("w3", 7703),
			],
		}),
		steps: [
			connect(6, { label: "dead", everyMs: 100, dialogue: connectOnly() }),
			at(2_000, backend("w2", "up")),
			at(2_000, connect(6, { label: "back", everyMs: 100 })),
			at(4_000, backend("w1", "drain")),
			at(4_000, connect(3, { label: "drain", everyMs: 100 })),
		],
		expect: [
			order(["w1", "w2", "w3", "w1", "w2", "w3"], { step: "dead" }),
			outcomes("refused", 2, { step: "dead" }),
			gatewayAnswered("rst", 2, { step: "dead" }),
			outcomes("completed", 6, { step: "back" }),
			outcomes("refused", 1, { step: "drain" }),
		],
	}),
	scenario({
		name: "local-worker-on-loopback",
		suite,
		title: "REDIRECT does not reach a worker that listens on 127.0.0.1 alone",
		story:
			"REDIRECT of a packet that came in writes the address of the interface by which it came (`nf_nat_redirect_ipv4`), and the worker listens on 127.0.0.1: the host resets every connection. What the host's own programs send is redirected to 127.0.0.1, and is served.",
		trap: "A program bound to 127.0.0.1 answers when it is tried from the host itself, and refuses clients from elsewhere.",
		setup: hostSetup(
			`${table("nat", `-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7701`, `-A OUTPUT -d ${OWN}/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 7701`)}`,
			{
				clients: [
					...clients(1),
					clientAt("admin", OWN, { interface: LOOPBACK }),
				],
				backends: [worker("w1", 7701, { at: "127.0.0.1" })],
			},
		),
		steps: [
			connect(3, { label: "outside", client: "c1", everyMs: 100 }),
			at(1_000, connect(3, { label: "host", client: "admin", everyMs: 100 })),
		],
		expect: [
			outcomes("refused", 3, { step: "outside" }),
			outcomes("completed", 3, { step: "host" }),
		],
	}),
	scenario({
		name: "local-martian",
		suite,
		title: "DNAT to 127.0.0.1 is a martian where it comes from a link",
		story:
			"The rule sends connections to the worker at 127.0.0.1:7701. A packet for 127.0.0.0/8 that came from a link is dropped when it is routed, behind PREROUTING, unless route_localnet is set; nothing is answered, and the worker sees nothing. The linter finds such a rule (MT603).",
		setup: hostSetup(
			table(
				"nat",
				`-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:7701`,
			),
			{ backends: [worker("w1", 7701, { at: "127.0.0.1" })] },
		),
		steps: [connect(2, { everyMs: 100 })],
		expect: [outcomes("connect-timeout", 2)],
	}),
	scenario({
		name: "local-route-localnet",
		suite,
		title:
			"With route_localnet, DNAT reaches a worker that listens on 127.0.0.1",
		story:
			"The same rule with route_localnet set for the outside interface: the packet is routed to the worker. Its answers leave the host in the name of 127.0.0.1 until conntrack gives them back the public address, which route_localnet allows, too.",
		setup: hostSetup(
			table(
				"nat",
				`-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:7701`,
			),
			{
				backends: [worker("w1", 7701, { at: "127.0.0.1" })],
				sysctls: { "ipv4.conf.bond0/204.route_localnet": 1 },
			},
		),
		steps: [connect(2, { everyMs: 100 })],
		expect: [order(["w1", "w1"]), outcomes("completed", 2)],
	}),
	scenario({
		name: "local-speak-to-each-other",
		suite,
		title: "A program of the host uses its workers by the public address",
		story:
			"A job on the host fetches pages by the public address. What it sends goes through OUTPUT, is redirected there to 127.0.0.1, leaves by the loopback interface and comes in again: it meets nat's OUTPUT, and nat's PREROUTING no more. The workers take turns as they do for clients outside.",
		setup: hostSetup(inTurn("OUTPUT"), {
			services: [service("web", { address: OWN, port: 80, speaks: "http" })],
			clients: [clientAt("job", OWN, { interface: LOOPBACK })],
			backends: WORKERS,
		}),
		steps: [
			connect(6, {
				client: "job",
				everyMs: 100,
				dialogue: http({ requests: 2 }),
			}),
			at(550, observe("fetched")),
		],
		expect: [
			split({ w1: 1, w2: 1, w3: 1 }),
			outcomes("completed", 6),
			conntrack({ originalDestination: OWN, replySource: "127.0.0.1" }, 6, {
				at: "fetched",
			}),
		],
	}),
	scenario({
		name: "local-name-servers",
		suite,
		title: "Two name servers on the host answer datagrams in turn",
		story:
			"Two processes of a name server listen on ports 5301 and 5302 of the host. A resolver outside sends queries from new ports, and a program of the host asks by the loopback address: nat's PREROUTING sees the one, and its OUTPUT the other.",
		setup: hostSetup(
			table(
				"nat",
				"-N TURNS",
				"-A PREROUTING -p udp -m udp --dport 53 -j TURNS",
				"-A OUTPUT -p udp -m udp --dport 53 -j TURNS",
				"-A TURNS -p udp -m statistic --mode nth --every 2 --packet 0 -j REDIRECT --to-ports 5301",
				"-A TURNS -p udp -j REDIRECT --to-ports 5302",
			).replace("-N TURNS", ":TURNS - [0:0]"),
			{
				services: [
					service("dns", {
						protocol: "udp",
						address: OWN,
						port: 53,
						backends: [
							{ backend: "n1", port: 5301 },
							{ backend: "n2", port: 5302 },
						],
					}),
				],
				clients: [
					...clients(1),
					clientAt("stub", "127.0.0.1", { interface: LOOPBACK }),
				],
				backends: [worker("n1", 5301), worker("n2", 5302)],
			},
		),
		steps: [
			send(6, { client: "c1", sockets: "each", everyMs: 100 }),
			at(1_000, send(6, { client: "stub", sockets: "each", everyMs: 100 })),
			at(2_000, backend("n2", "refuse")),
			at(
				2_000,
				send(2, { label: "dead", client: "c1", sockets: "each", everyMs: 100 }),
			),
		],
		expect: [
			split({ n1: 1, n2: 1 }),
			outcomes("answered", 13),
			outcomes("refused", 1, { step: "dead" }),
		],
	}),
];
