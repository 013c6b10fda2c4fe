import { expect, it } from "vitest";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { failoverGaps } from "./failover-gaps.ts";
import { checkScenario } from "./run-scenario.ts";
import { accountOf, connectionRecord, connectionsTo } from "./test-account.ts";

/** Backend 1 fails at 10 ms, when connection 1 begins; `null` meets nobody. */
function gapOf(...backends: readonly (string | null)[]) {
	const account = accountOf({
		connections: connectionsTo(...backends).map((one) =>
			one.backend === "b1" && one.startedMs >= 10
				? connectionRecord(one.id, {
						...{ backend: "b1", connectedMs: null, outcome: "refused" },
					})
				: one,
		),
		events: [{ kind: "backend", atMs: 10, backend: "b1", behaviour: "refuse" }],
	});
	const [gap] = failoverGaps(["b1"], account);
	return { gapMs: gap?.gapMs, lost: gap?.services.lost };
}

it("is over where more in a row are served elsewhere than before", () => {
	expect(gapOf("b1", "b1", "b2", "b1", "b2", "b2")).toEqual({
		...{ gapMs: 30, lost: 2 },
	});
});

it("is not over because the last connection happened to go elsewhere", () => {
	const halfAndHalf = ["b1", "b1", "b2", "b1", "b2", "b1", "b2"];
	expect(gapOf(...halfAndHalf)).toEqual({ gapMs: null, lost: 3 });
	expect(gapOf(...halfAndHalf.slice(0, -1))).toEqual({ gapMs: null, lost: 3 });
	// … nor because of the run before the first loss.
	expect(gapOf("b1", "b2", "b2", "b1", "b2", "b2").gapMs).toBeNull();
	expect(gapOf("b1", "b2", "b2", "b1", "b2", "b2", "b2").gapMs).toBe(30);
});

it("is none where nothing was lost, and unknown where nobody came", () => {
	expect(gapOf("b1", "b2", "b2")).toEqual({ gapMs: 0, lost: 0 });
	expect(gapOf("b1")).toEqual({ gapMs: null, lost: 0 });
});

it("counts as lost what met the failed backend or nobody, not what another one lost", () => {
	const elsewhere = connectionRecord(2, {
		...{ backend: "b2", connectedMs: null, outcome: "connect-timeout" },
	});
	const account = accountOf({
		connections: [
			connectionRecord(1, { backend: null }),
			elsewhere,
			connectionRecord(3, { backend: "b2" }),
		],
		events: [{ kind: "backend", atMs: 0, backend: "b1", behaviour: "vanish" }],
	});
	const [gap] = failoverGaps(["b1"], account);
	expect(gap?.unserved.map(({ id }) => id)).toEqual([1]);
	expect(gap?.gapMs).toBe(30);
});

it("sees none where the checker does not notice a backend that hangs", async () => {
	const all = await loadBuiltInScenarios();
	const gapsOf = (name: string) => {
		const found = all.find(({ scenario }) => scenario.name === name);
		if (found === undefined) throw new Error(`no scenario ${name}`);
		return failoverGaps(["b1"], checkScenario(found.scenario).account);
	};
	const [unnoticed] = gapsOf("failover-backend-hangs-tcp-probe");
	expect(unnoticed).toMatchObject({ gapMs: null, noticedMs: null });
	const [noticed] = gapsOf("failover-backend-hangs");
	expect(noticed?.gapMs).toBeGreaterThan(1_000);
});
