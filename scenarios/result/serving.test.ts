import { describe, expect, it } from "vitest";
import { failoverGaps, serving } from "../judge/failover-gaps.ts";
import { accountOf, connectionRecord } from "../judge/test-account.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { servingCounts, servingOf, servingWords } from "./serving.ts";

describe("what became of a connection", () => {
	const of = (parts: Parameters<typeof connectionRecord>[1]) =>
		servingOf(connectionRecord(1, parts));

	it("is lost when it ended without having been served", () => {
		expect(of({ outcome: "refused", connectedMs: null })).toBe("lost");
		expect(of({ outcome: "cut-short" })).toBe("lost");
		expect(of({ outcome: "no-port", connectedMs: null })).toBe("lost");
	});

	it("is lost where its backend no longer has it", () => {
		expect(of({ outcome: "half-open", endedMs: null })).toBe("lost");
	});

	it("is late when its SYN had to be sent once more, and waits while it is not connected", () => {
		expect(of({ syns: 2, connectedMs: 1_011 })).toBe("late");
		// Where nobody counts SYNs, the wait tells.
		expect(of({ syns: 1, startedMs: 0, connectedMs: 3_000 })).toBe("late");
		expect(of({ outcome: "open", connectedMs: null })).toBe("waiting");
		expect(of({ outcome: "open" })).toBe("served");
		expect(of({})).toBe("served");
	});

	it("in one line, with the longest wait", () => {
		const all = [
			connectionRecord(0, { outcome: "refused", connectedMs: null }),
			connectionRecord(1, { startedMs: 10, syns: 2, connectedMs: 1_010 }),
			connectionRecord(2, { startedMs: 20, syns: 3, connectedMs: 3_120 }),
			connectionRecord(3, {}),
		];
		expect(servingWords(servingCounts(all))).toBe(
			"1 lost, 2 late (longest wait 3.1 s)",
		);
		expect(servingWords(servingCounts(all.slice(3)))).toBe("");
	});
});

it("a failover's gap speaks of the lost and the late, and not of late ones as lost", () => {
	const during = { backend: "b1", met: ["b1"] };
	const [gap] = failoverGaps(
		[serving("b1")],
		accountOf({
			connections: [
				connectionRecord(1, { ...during, syns: 2, connectedMs: 1_010 }),
				connectionRecord(2, {
					...during,
					connectedMs: null,
					outcome: "connect-timeout",
				}),
				connectionRecord(3, { backend: "b2", met: ["b2"] }),
			],
			events: [
				{ kind: "backend", atMs: 0, backend: "b1", behaviour: "vanish" },
			],
		}),
	);
	expect(gap?.servings).toEqual({
		lost: 1,
		late: 1,
		waiting: 0,
		longestWaitMs: 1_000,
	});
	expect(gap?.unserved.map(({ id }) => id)).toEqual([1, 2]);
});

it("no built-in failover counts more lost in its gaps than there are in all", async () => {
	for (const { scenario } of await loadBuiltInScenarios()) {
		if (scenario.suite !== "failover") continue;
		const { account } = checkScenario(scenario);
		const gaps = failoverGaps(scenario.setup.backends, account);
		const most = servingCounts(account.connections).lost;
		for (const { servings } of gaps)
			expect(servings.lost, scenario.name).toBeLessThanOrEqual(most);
	}
});
