import { describe, expect, it } from "vitest";
import { collectRunDetails } from "../details/run-details.ts";
import {
	at,
	backend,
	close,
	connect,
	hold,
	iptables,
	outcomes,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import type { Scenario, ScenarioStep } from "../language/scenario.ts";
import { servingCounts } from "../result/serving.ts";
import { checkScenario } from "./run-scenario.ts";

const rules = (text: string) => ({ ruleset: { name: "test", text } });
const TO_B1 =
	"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";

function play(parts: Partial<Scenario>) {
	const given = scenario({
		name: "one",
		title: "One",
		steps: [],
		expect: [],
		setup: recipeSetup(rules(TO_B1)),
		...parts,
	});
	return checkScenario(given as Parameters<typeof checkScenario>[0], {
		keepPackets: true,
	});
}

const held = connect(1, { label: "held", dialogue: hold() });
/** How the held connection is at the end of these steps. */
function endAfter(
	...steps: readonly (ScenarioStep | readonly ScenarioStep[])[]
) {
	return play({ steps: [held, ...steps.flat()], endMs: 60_000 }).account
		.connections[0]?.outcome;
}

describe("a connection that its client holds at the end", () => {
	it("is open while its backend has it", () => {
		expect(endAfter()).toBe("open");
		expect(endAfter(at(1000, backend("b1", { kind: "silent" })))).toBe("open");
		expect(
			endAfter(at(1000, backend("b1", { kind: "hang", accept: false }))),
		).toBe("open");
		expect(endAfter(at(1000, backend("b1", "drain")))).toBe("open");
	});

	it("is half-open once its backend has vanished, or was started anew", () => {
		expect(endAfter(at(1000, backend("b1", "vanish")))).toBe("half-open");
		expect(
			endAfter(
				at(1000, backend("b1", "vanish")),
				at(2000, backend("b1", "up")),
			),
		).toBe("half-open");
	});

	it("is half-open where the backend's FIN or RST never comes", () => {
		const cut = at(1000, iptables("-A FORWARD -s 192.168.0.1 -j DROP", "cut"));
		expect(endAfter(cut, at(2000, close("held", "backend")))).toBe("half-open");
		expect(endAfter(cut, at(2000, backend("b1", "refuse")))).toBe("half-open");
	});

	it("is what it was where the FIN comes", () => {
		expect(endAfter(at(2000, close("held", "backend")))).toBe("completed");
		expect(endAfter(at(2000, backend("b1", "refuse")))).toBe("cut-short");
	});

	it("waits, and is open, where it was never connected", () => {
		const dropped = iptables("-A FORWARD -j DROP", "drop");
		const { account } = play({
			steps: [dropped, held],
			endMs: 10_000,
		});
		expect(account.connections[0]?.outcome).toBe("open");
		expect(servingCounts(account.connections).waiting).toBe(1);
	});
});

it("counts a half-open connection among the lost, and says so", () => {
	const result = play({
		steps: [held, at(1000, backend("b1", "vanish"))].flat(),
		expect: [
			outcomes("half-open", 1),
			outcomes("lost", 1),
			outcomes("open", 0),
			outcomes("open", 1),
		],
	});
	expect(result.judgements.map(({ outcome }) => outcome)).toEqual([
		"holds",
		"holds",
		"holds",
		"violated",
	]);
	const [, , , open] = result.judgements;
	expect(open?.seen).toBe("0 of 1 connection (half-open 1)");
	expect(open?.why[0]?.text).toMatch(
		/b1 \(vanished at 1 s\), which has no such connection any more; the client holds it still$/,
	);
});

describe("a hairpin without SNAT", () => {
	const setup = {
		...recipeSetup({
			...rules(TO_B1),
			sysctls: {
				"ipv4.conf.all.send_redirects": 0,
				"ipv4.conf.bond0/205.send_redirects": 0,
			},
		}),
		clients: [
			{
				name: "c1",
				address: "192.168.0.7",
				interface: "bond0.205",
				latencyMs: 1,
			},
		],
	};
	const answer = "tcp 192.168.0.1:25 > 192.168.0.7:* SA *";
	const steps = [connect(1)];

	it("shows the answer that goes past the gateway, and not among what came out", () => {
		const { judgements } = play({
			setup,
			steps,
			expect: [
				packetsPast("bond0.205", [answer, "tcp 192.168.0.7:* R *"]),
				packetsOut("bond0.205", [answer]),
				packetsPast("bond0.205", [], { exactly: true }),
			],
		});
		expect(judgements.map(({ outcome }) => outcome)).toEqual([
			"holds",
			"violated",
			"violated",
		]);
	});

	it("shows it among the paths of a report", () => {
		const paths = collectRunDetails(play({ setup, steps }), {
			connections: 1,
		}).paths;
		expect(paths).toContainEqual(
			expect.objectContaining({
				connection: 0,
				direction: "past",
				fate: "sent straight from b1 to c1, past the gateway",
				steps: [],
				out: [],
			}),
		);
	});
});
