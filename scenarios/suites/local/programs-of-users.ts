import {
	at,
	backendAt,
	clientAt,
	conditionIs,
	connect,
	gatewayAnswered,
	INSIDE,
	OUTSIDE,
	observe,
	order,
	outcomes,
	recipeHealthCheck,
	scenario,
	split,
} from "../../language/build/build.ts";
import { hostSetup, LOOPBACK, OWN, table, worker } from "./programs-setup.ts";

const suite = "local-users";

const WEB = "198.51.100.80";

/** The host's proxy takes what goes to port 80 outside, whoever on the host sends it but `except`. */
function proxied(except: string) {
	return hostSetup(
		table(
			"nat",
			"-A PREROUTING -i bond0.205 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128",
			`-A OUTPUT -o bond0.204 -p tcp -m tcp --dport 80${except} -j REDIRECT --to-ports 3128`,
			"-A POSTROUTING -o bond0.204 -j MASQUERADE",
		),
		{
			service: { address: WEB, port: 80 },
			clients: [
				clientAt("inside", "192.168.0.20", { interface: INSIDE }),
				clientAt("browser", OWN, { interface: LOOPBACK, user: 1000 }),
				clientAt("fetch", OWN, { interface: LOOPBACK, user: "proxy" }),
			],
			backends: [
				worker("proxy", 3128, { user: "proxy" }),
				backendAt("web", WEB, { interface: OUTSIDE }),
			],
		},
	);
}

const BY_EACH = ["inside", "browser", "fetch"].map((client, index) =>
	at(index * 1_000, connect(2, { client, label: client, everyMs: 100 })),
);

const CHECKER = 997;

/** One user's programs alone reach the backends' network. */
function guarded(user: number) {
	return hostSetup(
		`*filter
-A OUTPUT -o bond0.205 -p tcp -m owner --uid-owner ${CHECKER} --gid-owner 900-999 -j ACCEPT
-A OUTPUT -o bond0.205 -p tcp -j REJECT --reject-with tcp-reset
COMMIT
*nat
-A PREROUTING -d ${OWN}/32 -p tcp -m tcp --dport 80 -m condition ! --condition b1down -j DNAT --to-destination 192.168.0.1:80
COMMIT
`,
		{
			clients: [
				clientAt("job", "192.168.0.254", {
					interface: LOOPBACK,
					user: "www-data",
				}),
			],
			service: { address: "192.168.0.1", port: 80 },
			backends: [backendAt("b1", "192.168.0.1")],
			healthCheck: recipeHealthCheck({
				interface: LOOPBACK,
				address: "192.168.0.254",
				probe: { kind: "tcp" },
				user,
				targets: [
					{
						backend: "b1",
						address: "192.168.0.1",
						port: 80,
						condition: "b1down",
					},
				],
			}),
		},
	);
}

/** Programs on the host that are told apart by their user (`-m owner`). */
export const programsOfUsers = [
	scenario({
		name: "local-proxy-loop",
		suite,
		title: "A transparent proxy whose own connections come back to it",
		story:
			"The host's proxy takes what its network and its own programs send to port 80. The rule in OUTPUT makes no exception: what the proxy itself sends to the web server is redirected to the proxy again, and never leaves the host.",
		trap: "The proxy connects to itself until it has no descriptor left.",
		setup: proxied(""),
		steps: BY_EACH,
		expect: [order(["proxy", "proxy"], { step: "fetch" }), split({ proxy: 1 })],
	}),
	scenario({
		name: "local-proxy-excepted",
		suite,
		title: "The proxy's own connections are excepted by its user",
		story:
			"The rule in OUTPUT excepts what the proxy's user sends (`-m owner ! --uid-owner 13`). What the network and other programs of the host send goes to the proxy, and what the proxy sends goes to the web server.",
		setup: proxied(" -m owner ! --uid-owner 13"),
		steps: BY_EACH,
		expect: [
			order(["proxy", "proxy"], { step: "inside" }),
			order(["proxy", "proxy"], { step: "browser" }),
			order(["web", "web"], { step: "fetch" }),
			outcomes("completed", 6),
		],
	}),
	scenario({
		name: "local-checker-of-user",
		suite,
		title: "Only the checker's user may reach the backends from the host",
		story:
			"A rule in OUTPUT lets the checker's user through, and all other programs of the host are reset. The checker sees a living backend; the job of another user is refused at once.",
		setup: guarded(CHECKER),
		steps: [
			at(3_000, connect(2, { client: "job", everyMs: 100 }), observe("end")),
		],
		expect: [
			outcomes("refused", 2),
			gatewayAnswered("rst", 2),
			conditionIs("b1down", 0, { at: "end" }),
		],
	}),
	scenario({
		name: "local-checker-of-another-user",
		suite,
		title: "A checker that runs as another user finds every backend dead",
		story:
			"The same rules, and the checker runs as root: the host resets its probes, and it takes the living backend out of use.",
		trap: "A checker that is tried by hand as its user works, and fails when it is started by root.",
		setup: guarded(0),
		steps: [at(5_000, observe("end"))],
		expect: [conditionIs("b1down", 1, { at: "end" })],
	}),
];
