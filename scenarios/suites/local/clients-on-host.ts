import {
	at,
	avoided,
	backend,
	backendAt,
	clientAt,
	conditionIs,
	connect,
	evenSplit,
	gatewayAnswered,
	INSIDE,
	OUTSIDE,
	observe,
	outcomes,
	recipeHealthCheck,
	scenario,
	splitBySource,
} from "../../language/build/build.ts";
import { hostSetup, LOOPBACK, OWN, table } from "./programs-setup.ts";

const suite = "local-clients";

const BACKENDS = [
	backendAt("b1", "192.168.0.1"),
	backendAt("b2", "192.168.0.2"),
];

function balanced(chain: string): readonly string[] {
	return [
		`-A ${chain} -d ${OWN}/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1:80`,
		`-A ${chain} -d ${OWN}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.0.2:80`,
	];
}

const onHost = [clientAt("job", OWN, { interface: LOOPBACK })];

const PROBED = `*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -i bond0.204 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -m condition --condition b1down -j DNAT --to-destination 192.168.0.2:80
-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.0.1:80
COMMIT
`;

function checked(rules: string) {
	return hostSetup(rules, {
		backends: BACKENDS,
		healthCheck: recipeHealthCheck({
			interface: LOOPBACK,
			address: "192.168.0.254",
			probe: { kind: "tcp" },
			targets: [
				{
					backend: "b1",
					address: "192.168.0.1",
					port: 80,
					condition: "b1down",
				},
			],
		}),
	});
}

/** Programs of the host that connect: what they send meets OUTPUT and POSTROUTING, and no PREROUTING. */
export const clientsOnHost = [
	scenario({
		name: "local-client-not-balanced",
		suite,
		title:
			"A service that is balanced in PREROUTING alone is refused to the host itself",
		story:
			"The rules of nat's PREROUTING balance what comes in. What a program of the host sends to the public address does not come in: it goes through OUTPUT, stays on the host, and finds no program on port 80.",
		trap: "A test from the router itself says that the service is down, and it is not.",
		setup: hostSetup(table("nat", ...balanced("PREROUTING")), {
			clients: onHost,
			backends: BACKENDS,
		}),
		steps: [connect(4, { client: "job", everyMs: 100 })],
		expect: [outcomes("refused", 4), gatewayAnswered("rst", 4)],
	}),
	scenario({
		name: "local-client-balanced",
		suite,
		title: "The same rules in OUTPUT balance what the host's programs send",
		story:
			"Rules of nat's OUTPUT choose a backend for the job's connections. The route is looked up anew then (`ip_route_me_harder`), and since the source was chosen for the old one, the rule in POSTROUTING gives them the inside address.",
		setup: hostSetup(
			table(
				"nat",
				...balanced("OUTPUT"),
				`-A POSTROUTING -s ${OWN}/32 -o bond0.205 -j MASQUERADE`,
			),
			{ clients: onHost, backends: BACKENDS },
		),
		steps: [connect(8, { client: "job", everyMs: 100 })],
		expect: [
			evenSplit(["b1", "b2"]),
			outcomes("completed", 8),
			splitBySource({ "192.168.0.254": 1 }),
		],
	}),
	scenario({
		name: "local-mail-rotates-source",
		suite,
		title: "A mail server on the host sends from three addresses in turn",
		story:
			"The host has three public addresses. A mail server on it delivers to a mail exchanger outside, and SNAT in POSTROUTING gives every third connection each of them. The counters are those of connections: packets after the first follow their entry.",
		setup: hostSetup(
			table(
				"nat",
				"-A POSTROUTING -o bond0.204 -p tcp -m tcp --dport 25 -m statistic --mode nth --every 3 --packet 0 -j SNAT --to-source 198.51.100.5",
				"-A POSTROUTING -o bond0.204 -p tcp -m tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 198.51.100.6",
				"-A POSTROUTING -o bond0.204 -p tcp -m tcp --dport 25 -j SNAT --to-source 198.51.100.7",
			),
			{
				gateway: {
					interfaces: [
						{
							name: OUTSIDE,
							addresses: [
								"198.51.100.5/24",
								"198.51.100.6/24",
								"198.51.100.7/24",
							],
							mtu: 1500,
						},
						{ name: INSIDE, addresses: ["192.168.0.254/24"], mtu: 1500 },
					],
				},
				service: { address: "198.51.100.80", port: 25 },
				clients: [clientAt("mta", OWN, { interface: LOOPBACK })],
				backends: [backendAt("mx", "198.51.100.80", { interface: OUTSIDE })],
			},
		),
		steps: [connect(9, { client: "mta", everyMs: 200 })],
		expect: [
			splitBySource({
				"198.51.100.5": 1,
				"198.51.100.6": 1,
				"198.51.100.7": 1,
			}),
			outcomes("completed", 9),
		],
	}),
	scenario({
		name: "local-checker-shut-out",
		suite,
		title:
			"A checker on the host finds every backend dead, for a rule of INPUT",
		story:
			"The health checker runs on the host. Its probes leave by OUTPUT, and INPUT drops the answers of the backends, since the rule for established connections names the outside interface alone. The checker writes the condition, and the rules take the living backend out of use.",
		trap: "A checker on the router depends on INPUT and OUTPUT; clients, whose packets are forwarded, do not.",
		setup: checked(PROBED),
		steps: [
			connect(2, { label: "before", everyMs: 100 }),
			at(8_000, connect(2, { label: "after", everyMs: 100 }), observe("end")),
		],
		expect: [
			avoided("b2", { step: "before" }),
			avoided("b1", { step: "after" }),
			conditionIs("b1down", 1, { at: "end" }),
		],
	}),
	scenario({
		name: "local-checker",
		suite,
		title: "A checker on the host notices a backend that fails",
		story:
			"The rule for established connections names no interface, so the checker on the host hears its backends. Backend 1 closes its port at 3 s; the checker is refused twice and writes the condition.",
		setup: checked(PROBED.replace("-i bond0.204 -m", "-m")),
		steps: [
			connect(2, { label: "before", everyMs: 100 }),
			at(3_000, backend("b1", "refuse")),
			at(8_000, connect(2, { label: "after", everyMs: 100 }), observe("end")),
		],
		expect: [
			avoided("b2", { step: "before" }),
			avoided("b1", { step: "after" }),
			outcomes("completed", 4),
			conditionIs("b1down", 1, { at: "end" }),
		],
	}),
];
