import {
	at,
	backend,
	close,
	connect,
	echo,
	outcomes,
	pattern,
	recipeSetup,
	scenario,
	service,
	silent,
	slow,
	speak,
} from "../../language/build/build.ts";

const suite = "echo";

const TURNS = `*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 7 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 7 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const SETUP = recipeSetup({
	ruleset: { name: "echo.rules", text: TURNS },
	services: [service("echo", { address: "10.0.0.1", port: 7, speaks: "echo" })],
});

export const echoes = [
	scenario({
		name: "echo-long-messages",
		suite,
		title: "Messages of many segments come back whole by the backend in turn",
		story:
			"Six clients send three messages of 20,000 octets each and await each one. The backend names itself nowhere: the SYN/ACK tells which one it is. Backend 2 becomes slow, and its clients wait.",
		setup: SETUP,
		steps: [
			connect(6, {
				everyMs: 200,
				label: "clients",
				dialogue: echo({ messages: 3, messageOctets: 20_000 }),
			}),
			at(500, backend("b2", slow(100))),
		],
		expect: [pattern(["b1", "b2"], 6), outcomes("completed", 6)],
	}),
	scenario({
		name: "echo-drains",
		suite,
		title: "Connections that stand are served while a backend drains",
		story:
			"Four clients hold connections and say nothing. Backend 1 drains: new clients are refused there, those that stand still get their echo, and close in order.",
		setup: SETUP,
		steps: [
			connect(4, { everyMs: 100, label: "held", dialogue: silent() }),
			at(1_000, backend("b1", "drain")),
			at(1_500, connect(2, { label: "late", everyMs: 100 })),
			at(2_000, speak("held", "client")),
			at(3_000, close("held", "client")),
		],
		expect: [
			outcomes("completed", 4, { step: "held" }),
			outcomes("refused", 1, { step: "late" }),
			outcomes("completed", 1, { step: "late" }),
		],
	}),
];
