/** What is expected of packets that did not come in shows nothing. */
import { expect, it } from "vitest";
import {
	at,
	backendAt,
	carrier,
	clientAt,
	connect,
	conntrack,
	counter,
	ip,
	linkDown,
	linkUp,
	outcomes,
	packet,
	packetsCounted,
	packetsOut,
	recipeSetup,
	scenario,
	smtp,
	takeOver,
} from "../language/build/build.ts";
import type {
	PlayableScenario,
	ScenarioStep,
	Setup,
} from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

const RULES = `*mangle
-A PREROUTING -p tcp --dport 9 -j CONNMARK --set-mark 77
COMMIT
*filter
-A FORWARD -p tcp
COMMIT
*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
const LINK = "bond0.204";
const SYN = packet(LINK, "tcp 10.0.0.10:40000 > 10.0.0.1:25 S");
const NONE = [
	conntrack({}, 0),
	counter("filter:FORWARD:rule:1", 0),
	packetsCounted(["tcp *"], 0),
	packetsOut("bond0.205", [], { exactly: true }),
	packetsOut("bond0.205", [], { fromMs: 1, exactly: true }),
];

function judged(
	steps: readonly ScenarioStep[],
	{
		expect: expected = NONE,
		...setup
	}: Partial<Setup> & Partial<Pick<PlayableScenario, "expect">> = {},
) {
	const { judgements } = checkScenario(
		scenario({
			name: "quiet",
			title: "Nothing comes in",
			setup: recipeSetup({
				ruleset: { name: "quiet.rules", text: RULES },
				...setup,
			}),
			steps,
			expect: expected,
		}) as PlayableScenario,
	);
	return judgements.map(({ outcome, seen }) => `${outcome}: ${seen}`);
}

it.each([
	["link is down", [linkDown(LINK)]],
	["link is down, by iproute2", [ip(`ip link set dev ${LINK} down`)]],
	[
		"link is down, in few words and with more",
		[ip(`l s ${LINK} up mtu 1400`, "up"), ip(`l s ${LINK} mtu 1400 down`)],
	],
	["link has no carrier", [carrier(LINK, "lost")]],
] as const)("packets by hand whose %s", (_why, steps) => {
	const seen = judged([...steps, ...at(10, SYN)]);
	expect(seen.map((one) => one.split(":")[0])).toEqual(
		NONE.map(() => "unknown"),
	);
	expect(seen[0]).toContain(
		"what was sent before did not come into the gateway",
	);
});

it.each([
	["the link is up again", [linkDown(LINK), ...at(5, linkUp(LINK))]],
	[
		"the carrier is back",
		[carrier(LINK, "lost"), ...at(5, carrier(LINK, "back"))],
	],
	["another gateway takes over", [linkDown(LINK), ...at(5, takeOver())]],
	["another link is down", [linkDown("bond0.205")]],
] as const)("packets come in where %s", (_why, steps) => {
	const seen = judged([...steps, ...at(10, SYN)], {
		expect: [conntrack({ protocol: "udp" }, 0), conntrack({ mark: 77 }, 0)],
	});
	expect(seen[0]).toContain("nothing of that protocol was sent before");
	expect(seen[1]).toMatch(/^holds/);
});

it("connections of clients behind a link that is down", () => {
	const client = smtp({ connectTimeoutMs: 5_000 });
	const seen = judged(
		[linkDown(LINK), ...at(10, connect(2, { dialogue: client }))],
		{ expect: [outcomes("connect-timeout", 2), ...NONE] },
	);
	expect(seen.map((one) => one.split(":")[0])).toEqual([
		"holds",
		...NONE.map(() => "unknown"),
	]);
});

it("connections that go past the gateway", () => {
	const seen = judged([connect(2)], {
		clients: [clientAt("c1", "192.168.0.9", { interface: "bond0.205" })],
		backends: [backendAt("b1", "192.168.0.1")],
		service: { address: "192.168.0.1", port: 25 },
		expect: [outcomes("completed", 2), conntrack({}, 0)],
	});
	expect(seen[0]).toMatch(/^holds/);
	expect(seen[1]).toMatch(/^unknown.*did not come into the gateway$/);
});

it("programs of the gateway's own that no route leads from", () => {
	const seen = judged([connect(2, { client: "own" })], {
		clients: [clientAt("own", "0.0.0.0", { interface: "lo" })],
		service: { address: "203.0.113.9", port: 25 },
		expect: [outcomes("unreachable", 2), conntrack({}, 0)],
	});
	expect(seen[0]).toMatch(/^holds/);
	expect(seen[1]).toMatch(/^unknown/);
});
