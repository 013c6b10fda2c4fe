import {
	affinity,
	at,
	avoided,
	backend,
	backendAt,
	conditionIs,
	connect,
	conntrack,
	http,
	observe,
	outcomes,
	pattern,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	service,
	split,
} from "../../language/build/build.ts";

const suite = "http";

/** The web's turns beside the recipe's, each with counters of its own. A condition says 1 of a backend that is dead. */
const WEB_AND_MAIL = `*mangle
:WEBMARK - [0:0]
:MAILMARK - [0:0]
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 80 -j WEBMARK
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 25 -j MAILMARK
-A WEBMARK -j CONNMARK --restore-mark
-A WEBMARK -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition web1up -j MARK --set-mark 1
-A WEBMARK -m mark --mark 0x0 -m condition ! --condition web2up -j MARK --set-mark 2
-A WEBMARK -m mark --mark 0x0 -m condition ! --condition web1up -j MARK --set-mark 1
-A WEBMARK -j CONNMARK --save-mark
-A MAILMARK -j CONNMARK --restore-mark
-A MAILMARK -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 3
-A MAILMARK -m mark --mark 0x0 -j MARK --set-mark 4
-A MAILMARK -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING -p tcp -m mark --mark 1 -j DNAT --to-destination 192.168.0.11:8080
-A PREROUTING -p tcp -m mark --mark 2 -j DNAT --to-destination 192.168.0.12:8080
-A PREROUTING -p tcp -m mark --mark 3 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp -m mark --mark 4 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const WEB = [
	{ backend: "w1", port: 8_080 },
	{ backend: "w2", port: 8_080 },
];

const SETUP = {
	ruleset: { name: "web-and-mail.rules", text: WEB_AND_MAIL },
	services: [
		service("web", {
			address: "10.0.0.1",
			port: 80,
			speaks: "http",
			backends: WEB,
		}),
		service("mail", {
			address: "10.0.0.1",
			port: 25,
			backends: ["m1", "m2"],
		}),
	],
	backends: [
		backendAt("w1", "192.168.0.11"),
		backendAt("w2", "192.168.0.12"),
		backendAt("m1", "192.168.0.1"),
		backendAt("m2", "192.168.0.2"),
	],
};

const WEB_TARGETS = [1, 2].map((number) => ({
	backend: `w${number}`,
	address: `192.168.0.1${number}`,
	port: 8_080,
	condition: `web${number}up`,
}));

const OVERLOADED = [
	connect(60, {
		service: "web",
		everyMs: 200,
		label: "pages",
		dialogue: http(),
	}),
	at(3_000, backend("w1", "unavailable")),
	at(8_900, observe("while it turns clients away")),
	at(9_000, backend("w1", "up")),
];

export const httpScenarios = [
	scenario({
		name: "http-keep-alive-beside-mail",
		suite,
		title: "Web and mail are balanced side by side, each in turns of its own",
		story:
			"Twelve browsers send five requests each over a connection that is kept alive, while mail comes in. A connection's backend is chosen once: all of its requests go there. The two services have counters of their own, so neither takes turns of the other.",
		setup: recipeSetup(SETUP),
		steps: [
			connect(12, {
				service: "web",
				everyMs: 100,
				label: "browsers",
				dialogue: http({ requests: 5, keepAlive: true, paceMs: 50 }),
			}),
			connect(10, { service: "mail", everyMs: 130, label: "mail" }),
		],
		expect: [
			pattern(["w1", "w2"], 12, { service: "web" }),
			pattern(["m1", "m2"], 10, { service: "mail" }),
			affinity({ service: "web" }),
			outcomes("completed", 22),
			outcomes("accepted", 12, { service: "web" }),
		],
	}),
	scenario({
		name: "http-a-connection-for-each-page",
		suite,
		title: "Without keep-alive, each page is a connection and takes a turn",
		story:
			"A client fetches 40 pages, each over a connection of its own. The web server closes first, behind its answer, so the entries wait in TIME_WAIT for two minutes: as many of them as there were pages.",
		setup: recipeSetup(SETUP),
		steps: [
			connect(40, {
				service: "web",
				everyMs: 50,
				label: "pages",
				dialogue: http({ keepAlive: false }),
			}),
			at(3_000, observe("after")),
		],
		expect: [
			split({ w1: 20, w2: 20 }, { exact: true }),
			outcomes("completed", 40),
			conntrack({ state: "TIME_WAIT" }, 40, { at: "after" }),
		],
	}),
	scenario({
		name: "http-check-notices-503",
		suite,
		title: "A web server that answers 503 is found dead by its status",
		story:
			"Web server 1 is overloaded: it accepts connections and answers 503. The health checker asks for a page every second and awaits a status below 400, so the second 503 writes the condition, and new connections go to server 2 until two good answers have come.",
		setup: recipeSetup({
			...SETUP,
			healthCheck: recipeHealthCheck({
				targets: WEB_TARGETS,
				probe: { kind: "http", path: "/health", status: ["200-399"] },
			}),
		}),
		steps: OVERLOADED,
		expect: [
			conditionIs("web1up", 1, { at: "while it turns clients away" }),
			conditionIs("web1up", 0),
			avoided("w1", { fromMs: 5_000, toMs: 9_000 }),
			outcomes("completed", 60),
			outcomes(
				"accepted",
				{ atLeast: 54 },
				{ because: "no more than six met the server that answers 503" },
			),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "http-tcp-check-misses-503",
		suite,
		title:
			"A probe that only connects takes a server that answers 503 for well",
		story:
			"The same overloaded server, probed by a TCP connection. It is accepted each time, so nothing is noticed, and every second page is a 503 for six seconds.",
		trap: "A probe that does not look at the answer finds a server well that turns every client away.",
		setup: recipeSetup({
			...SETUP,
			healthCheck: recipeHealthCheck({
				targets: WEB_TARGETS,
				probe: { kind: "tcp" },
			}),
		}),
		steps: OVERLOADED,
		expect: [
			conditionIs("web1up", 0, { at: "while it turns clients away" }),
			split({ w1: 30, w2: 30 }, { exact: true }),
			outcomes("completed", 60),
			outcomes("accepted", 45, {
				because: "every second page of six seconds is a 503",
			}),
		],
		endMs: 20_000,
	}),
];
