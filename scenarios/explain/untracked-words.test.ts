import { describe, expect, it } from "vitest";
import {
	affinity,
	at,
	connect,
	evict,
	hold,
	iptables,
	outcomes,
	recipeSetup,
	scenario,
	send,
	service,
	speak,
	sysctl,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const TURN = "-m statistic --mode nth --every 2 --packet 0";
const NAT = `*nat
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 ${TURN} -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 25 ${TURN} -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2
`;
const TWO = `${NAT}COMMIT\n`;
const MASQUERADED = `${NAT}-A POSTROUTING -d 192.168.0.0/24 -j MASQUERADE\nCOMMIT\n`;
const raw = (rule: string) => `*raw\n-A PREROUTING ${rule}\nCOMMIT\n`;

type Steps = readonly (ScenarioStep | readonly ScenarioStep[])[];

/** Why the first connection that shows it went otherwise, and the line of the rule to blame. */
function why(
	rules: string,
	steps: Steps,
	expectation: Expectation = outcomes("open", 1),
) {
	const story = scenario({
		name: "untracked",
		title: "Untracked",
		setup: recipeSetup({
			ruleset: { name: "two.rules", text: rules },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 }),
				service("mail", { address: "10.0.0.1", port: 25 }),
			],
		}),
		steps: steps.flat(),
		expect: [expectation],
	});
	const [judgement] = checkScenario(story as PlayableScenario).judgements;
	expect(judgement?.outcome).toBe("violated");
	const { text = "", rule = null } = judgement?.why[0] ?? {};
	return { text, place: rule?.place };
}

/** A connection that stands, under which something is done before its client says something. */
const held = (done: ScenarioStep): Steps => [
	connect(1, { label: "held", dialogue: hold() }),
	at(1_000, done),
	at(2_000, speak("held")),
];

const STANDS =
	"SYN → DNAT 192.168.0.1 (line 4) → out bond0.205 → b1, connected; the client's data → the gateway itself: ";

describe("a packet of a connection that was translated comes to the gateway itself", () => {
	it.each([
		"-p tcp -m tcp --dport 25 -j NOTRACK",
		"-p tcp -m tcp --dport 25 -j CT --notrack",
	])(
		"since a rule exempts it from conntrack, whose entry stays: %s",
		(rule) => {
			const done = iptables(`-t raw -A PREROUTING ${rule}`);
			expect(why(TWO, held(done))).toEqual({
				text: `${STANDS}it is not tracked, by -A PREROUTING ${rule}, raw:PREROUTING:rule:1, so it is not translated`,
				place: "raw:PREROUTING:rule:1",
			});
		},
	);

	it.each([
		["where no other table is loaded", ""],
		["where another one sees it", "*filter\n-A INPUT -j ACCEPT\nCOMMIT\n"],
	])("since the last rule went that needs conntrack, %s", (_, more) => {
		expect(why(TWO + more, held(iptables("-t nat -F")))).toEqual({
			text: `${STANDS}it is not tracked (after iptables -t nat -F at 1 s): no rule needs conntrack any more, so it is not translated`,
			place: undefined,
		});
	});

	it("since its entry is gone, and packets mid-stream begin none", () => {
		const strict = [
			...held(evict({ protocol: "tcp" })),
			at(500, sysctl("netfilter.nf_conntrack_tcp_loose", 0)),
		];
		expect(why(TWO, strict).text).toBe(
			`${STANDS}its conntrack entry is gone (after conntrack -D -p tcp at 1 s), so it is not translated`,
		);
	});

	it("of a flow", () => {
		const reply = { timeoutMs: 1_000, attempts: 2 };
		const steps = [
			send(3, { sockets: "one", everyMs: 1_000, reply }),
			at(500, iptables("-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK")),
		];
		expect(why(TWO, steps, outcomes("answered", 1)).text).toMatch(
			/^datagram → DNAT 192\.168\.0\.1 .* → b1, answered; the client's datagram → the gateway itself.*it is not tracked, by -A PREROUTING -p udp -m udp --dport 53 -j NOTRACK, raw:PREROUTING:rule:1/,
		);
	});

	it("of its answer", () => {
		const rules = MASQUERADED + raw("-p tcp -m tcp --sport 25 -j NOTRACK");
		expect(why(rules, [connect(1)], outcomes("completed", 1)).text).toMatch(
			/ → b1; the answer \(SYN\/ACK\) → the gateway itself: it is not tracked, by -A PREROUTING -p tcp -m tcp --sport 25 -j NOTRACK, line 9, so it is not translated$/,
		);
	});
});

it("a SYN that no rule of nat sees", () => {
	const rules = TWO + raw("-p tcp -m tcp --dport 25 -j CT --notrack");
	expect(why(rules, [connect(1)], outcomes("completed", 1)).text).toBe(
		"SYN → the gateway itself, where nothing listens on 10.0.0.1:25 (it is not tracked, by -A PREROUTING -p tcp -m tcp --dport 25 -j CT --notrack, line 8, so no rule of nat sees it): RST",
	);
});

it("a later packet that is looked up in another zone", () => {
	const zone = iptables(
		"-t raw -A PREROUTING -p tcp --dport 25 -j CT --zone 5",
	);
	expect(why(TWO, held(zone), affinity()).text).toMatch(
		/→ b1; its conntrack entry is of another zone \(after iptables -t raw .* at 1 s\): packets had no zone, and a later one, which begins a new entry, has zone 5: the client's data → DNAT 192\.168\.0\.2/,
	);
});
