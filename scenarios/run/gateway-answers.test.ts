import { expect, it } from "vitest";
import {
	at,
	backend,
	backendAt,
	connect,
	connectOnly,
	gatewayAnswered,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

/** One client connects to b1, and the gateway rejects what the rule says. */
function rejected(rule: string, answer: string) {
	const text = `*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n*filter\n${rule}\nCOMMIT\n`;
	const story = scenario({
		name: "rejected",
		title: "Rejected",
		setup: recipeSetup({ ruleset: { name: "reject.rules", text } }),
		steps: [connect(1, { dialogue: connectOnly(3_500) })],
		expect: [gatewayAnswered(answer, 1)],
	});
	return checkScenario(story as PlayableScenario);
}

it.each([
	["-A FORWARD -i bond0.205 -p tcp -j REJECT --reject-with tcp-reset", "rst"],
	["-A FORWARD -i bond0.205 -j REJECT", "icmp port-unreachable"],
])("what the gateway says to the server counts: %s", (rule, answer) => {
	const { outcome, account } = rejected(rule, answer);
	expect(outcome).toBe("holds");
	const [first] = account.connections;
	expect(first?.outcome).toBe("connect-timeout");
	expect(new Set(first?.gatewayAnswers)).toEqual(new Set([answer]));
});

it("what client and server reset themselves does not", () => {
	const text = `*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n`;
	const story = scenario({
		name: "refused",
		title: "Refused",
		setup: recipeSetup({
			ruleset: { name: "plain.rules", text },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [connect(3, { everyMs: 10 })],
		expect: [],
	});
	const { account } = checkScenario(story as PlayableScenario);
	expect(account.connections.map((one) => one.gatewayAnswers)).toEqual([
		[],
		[],
		[],
	]);
});

it.each([0, 1])(
	"a program of its own that has closed its port, after %i connections",
	(before) => {
		const text =
			"*nat\n-A PREROUTING -p tcp --dport 25 -j REDIRECT --to-ports 2525\nCOMMIT\n";
		const story = scenario({
			name: "program",
			title: "Program",
			setup: recipeSetup({
				ruleset: { name: "redirect.rules", text },
				backends: [backendAt("w", "0.0.0.0", { interface: "lo", port: 2525 })],
			}),
			steps: [
				...(before === 0 ? [] : [connect(before)]),
				at(1_500, backend("w", "refuse")),
				at(2_000, connect(4, { everyMs: 250 })),
			],
			expect: [gatewayAnswered("rst", 4)],
		});
		const { judgements } = checkScenario(story as PlayableScenario);
		expect(judgements[0]?.outcome).toBe("holds");
	},
);
