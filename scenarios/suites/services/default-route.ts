import {
	backendAt,
	clientAt,
	connect,
	outcomes,
	packetsPast,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";

const suite = "default-route";

const FORWARD = `*nat
-A PREROUTING -d 10.30.0.1/32 -p tcp --dport 25 -j DNAT --to-destination 10.40.0.25:625
COMMIT
`;

const MASQUERADED = FORWARD.replace(
	"COMMIT",
	"-A POSTROUTING -d 10.40.0.25/32 -o eth1 -p tcp --dport 625 -j MASQUERADE\nCOMMIT",
);

/** A port that is forwarded to a host of which the default route leads to another router of its link. */
function forwarded(text: string) {
	return recipeSetup({
		ruleset: { name: "forward.rules", text },
		gateway: {
			interfaces: [
				{ name: "eth0", addresses: ["10.30.0.1/24"], mtu: 1500 },
				{ name: "eth1", addresses: ["10.40.0.1/24"], mtu: 1500 },
			],
		},
		service: { address: "10.30.0.1", port: 25 },
		clients: [clientAt("c", "10.30.0.9", { interface: "eth0" })],
		backends: [
			backendAt("y", "10.40.0.25", {
				interface: "eth1",
				port: 625,
				defaultVia: "10.40.0.254",
			}),
		],
	});
}

export const defaultRoutes = [
	scenario({
		name: "default-route-elsewhere",
		suite,
		title: "Answers of a host with another default route do not come back",
		story:
			"A port is forwarded to a host whose default route is another router. The SYN arrives, with the client's own address in it, and the host sends its SYN/ACK to that router: past the gateway, which translates nothing back. The client times out.",
		trap: "The forwarding is right, and works for no client: the way back does not pass the gateway.",
		setup: forwarded(FORWARD),
		steps: [connect(2, { client: "c", everyMs: 100 })],
		expect: [
			outcomes("connect-timeout", 2),
			packetsPast("eth1", [
				"tcp 10.40.0.25:625 > 10.30.0.9:* SA *",
				"tcp 10.40.0.25:625 > 10.30.0.9:* SA *",
			]),
		],
	}),
	scenario({
		name: "default-route-elsewhere-masqueraded",
		suite,
		title: "A translated source brings the answers back",
		story:
			"The same host, and a MASQUERADE rule on the way to it: it answers to the gateway's address on its own link, whatever its default route is.",
		setup: forwarded(MASQUERADED),
		steps: [connect(2, { client: "c", everyMs: 100 })],
		expect: [
			outcomes("completed", 2),
			packetsPast("eth1", [], { exactly: true }),
		],
	}),
];
