/** Live stories of other services than mail: the web, names over UDP, connections that last. */
import {
	at,
	avoided,
	backend,
	connect,
	countsAgree,
	echo,
	evenSplit,
	failoverGapAtMost,
	http,
	mailKept,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	restore,
	scenario,
	send,
	service,
	split,
} from "../../language/build/build.ts";

const suite = "live";
const ADDRESS = "10.0.0.1";

type Protocol = "tcp" | "udp";

/** Every other connection to a port goes to backend 1, the others to backend 2. */
function turns(protocol: Protocol, port: number): readonly string[] {
	return [
		`${to(protocol, port)} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1`,
		`${to(protocol, port)} -j DNAT --to-destination 192.168.0.2`,
	];
}

/** The same, of backends that the health checker has not found dead. */
function turnsOfLiving(protocol: Protocol, port: number): readonly string[] {
	const lives = (name: string) => `-m condition ! --condition ${name}`;
	return [
		`${to(protocol, port)} ${lives("mail1up")} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1`,
		`${to(protocol, port)} ${lives("mail2up")} -j DNAT --to-destination 192.168.0.2`,
		`${to(protocol, port)} ${lives("mail1up")} -j DNAT --to-destination 192.168.0.1`,
	];
}

function to(protocol: Protocol, port: number): string {
	return `-A PREROUTING -d ${ADDRESS}/32 -p ${protocol} --dport ${port}`;
}

function nat(...rules: readonly (readonly string[])[]) {
	const text = ["*nat", ...rules.flat(), "COMMIT", ""].join("\n");
	return { name: "services.rules", text };
}

const MAIL = service("mail", { address: ADDRESS, port: 25 });
const WEB = service("web", { address: ADDRESS, port: 80, speaks: "http" });
const DNS = service("dns", { protocol: "udp", address: ADDRESS, port: 53 });
const ECHO = service("echo", { address: ADDRESS, port: 7, speaks: "echo" });

const BOTH = { b1: "192.168.0.1", b2: "192.168.0.2" };

export const liveServices = [
	scenario({
		name: "live-web-beside-mail",
		suite,
		title: "A web service and a mail service, each with turns of its own",
		story:
			"Both backends serve both. Each service has rules with counters of their own, so each is split exactly in half, however their connections come between each other. A connection that is kept alive is one turn, whatever number of requests it carries.",
		setup: recipeSetup({
			services: [MAIL, WEB],
			ruleset: nat(turns("tcp", 25), turns("tcp", 80)),
		}),
		steps: [
			connect(60, { service: "mail", everyMs: 70 }),
			connect(120, { service: "web", everyMs: 30 }),
			at(
				500,
				connect(20, {
					service: "web",
					label: "kept alive",
					everyMs: 100,
					dialogue: http({ requests: 10, paceMs: 100 }),
				}),
			),
		],
		expect: [
			evenSplit(["b1", "b2"], { service: "mail" }),
			evenSplit(["b1", "b2"], { service: "web" }),
			outcomes("completed", 60, { service: "mail" }),
			outcomes("completed", 140, { service: "web" }),
			countsAgree(BOTH),
			mailKept(),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "live-dns-checked-by-http",
		suite,
		title: "A name server dies; a checker asks its status page",
		story:
			"Two name servers answer over UDP, and each has a web page that the health checker asks. When the processes of name server 1 end, its kernel refuses each query until the checker has found out. From then on all queries go to name server 2, since each comes from a new socket.",
		setup: recipeSetup({
			services: [DNS, WEB],
			ruleset: nat(turnsOfLiving("udp", 53)),
			healthCheck: recipeHealthCheck({
				targets: recipeHealthCheck().targets.map((one) => ({
					...one,
					port: 80,
				})),
				probe: {
					kind: "http",
					path: "/status",
					status: [200],
					contains: "200 OK",
				},
			}),
		}),
		steps: [
			send(160, {
				service: "dns",
				sockets: "each",
				firstPort: 40_000,
				everyMs: 50,
				reply: { timeoutMs: 1_000, attempts: 2 },
			}),
			at(2_000, backend("b1", "refuse")),
		],
		expect: [
			failoverGapAtMost("b1", 3_500),
			avoided("b1", { fromMs: 6_000 }),
			outcomes("refused", { atLeast: 4, atMost: 45 }),
			outcomes("answered", 40, { fromMs: 6_000 }),
			split({ b1: 1, b2: 1 }, { toMs: 2_000, tolerance: 0.1 }),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "live-kept-alive-over-failover",
		suite,
		title: "Connections that last stay where they are when new ones move",
		story:
			"The rules are loaded anew without backend 1, and it takes no new connections. Connections that stand are in conntrack and not in the rules: those of the web and of the echo go on on backend 1 to their ends.",
		setup: recipeSetup({
			services: [WEB, ECHO],
			ruleset: nat(turns("tcp", 80), turns("tcp", 7)),
		}),
		steps: [
			connect(20, {
				service: "web",
				label: "web before",
				everyMs: 50,
				dialogue: http({ requests: 25, paceMs: 200 }),
			}),
			connect(20, {
				service: "echo",
				label: "echo before",
				everyMs: 50,
				dialogue: echo({ messages: 25, paceMs: 200 }),
			}),
			at(
				2_000,
				restore({
					name: "without-b1.rules",
					text: nat(onlyToB2(80), onlyToB2(7)).text,
				}),
			),
			at(2_300, backend("b1", "drain")),
			at(4_500, connect(20, { service: "web", label: "after", everyMs: 50 })),
			at(
				4_500,
				connect(20, { service: "echo", label: "after, echo", everyMs: 50 }),
			),
		],
		expect: [
			evenSplit(["b1", "b2"], { step: "web before" }),
			evenSplit(["b1", "b2"], { step: "echo before" }),
			avoided("b1", { fromMs: 4_500 }),
			outcomes("completed", 80),
		],
		endMs: 20_000,
	}),
];

function onlyToB2(port: number): readonly string[] {
	return [`${to("tcp", port)} -j DNAT --to-destination 192.168.0.2`];
}
