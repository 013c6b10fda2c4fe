import {
	at,
	clientAt,
	connect,
	conntrack,
	counter,
	gatewayAnswered,
	INSIDE,
	order,
	outcomes,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";

const suite = "other-interface";

const setup = recipeSetup({
	clients: [
		clientAt("c1", "10.0.0.10"),
		clientAt("neighbour", "192.168.0.50", { interface: INSIDE }),
	],
});

/** The mangle rules do not ask for the interface, the nat rules do. */
export const otherInterface = [
	scenario({
		name: "other-interface-not-translated",
		suite,
		title: "From another interface the service is not there",
		story:
			"A host beside the backends connects to 10.0.0.1:25. `mangle` marks and counts it, since its rule names no interface. `nat` translates only what came in by bond0.204: the packet stays for the router itself, which answers RST.",
		setup,
		steps: [connect(2, { client: "neighbour", everyMs: 50 })],
		expect: [
			outcomes("refused", 2),
			gatewayAnswered("rst", 2),
			counter("mangle:MAILMARK:rule:2", 1, { because: "marked all the same" }),
			counter("mangle:MAILMARK:rule:3", 1),
			counter("nat:PREROUTING:rule:1", 0),
			conntrack({}, 0),
		],
	}),
	scenario({
		name: "other-interface-takes-turns",
		suite,
		title: "… and yet it takes its turns: the others are no longer balanced",
		story:
			"A monitor inside knocks at 10.0.0.1:25 in step with the clients outside. Its SYNs are counted, so it takes every second turn, and each of the clients outside meets backend 1.",
		trap: "Traffic that is never translated is counted: one regular prober from inside takes all turns of a backend.",
		setup,
		steps: [
			connect(6, { everyMs: 100, label: "outside" }),
			at(50, connect(6, { client: "neighbour", everyMs: 100 })),
		],
		expect: [
			order(["b1", "b1", "b1", "b1", "b1", "b1"], { step: "outside" }),
			gatewayAnswered("rst", 6, { client: "neighbour" }),
		],
	}),
];
