import { describe, expect, it } from "vitest";
import type { LoadRecord } from "../programs/load.ts";
import {
	busyMs,
	failoverFigures,
	loadFigures,
	quantile,
	spread,
} from "./figures.ts";
import { figure } from "./table.ts";

function record(
	startedMs: number,
	bannerMs: number | null,
	backend = "b1",
): LoadRecord {
	const isWell = bannerMs !== null;
	return {
		startedMs,
		bannerMs,
		tookMs: (bannerMs ?? 0) + 1,
		backend: isWell ? backend : null,
		error: isWell ? "" : "ECONNREFUSED",
	};
}

describe("figures of a load", () => {
	const records = Array.from({ length: 100 }, (_, index) =>
		record(index * 10, index + 1, index % 4 === 0 ? "b2" : "b1"),
	);
	const cpu = {
		before: { routerMs: 10, machineMs: 100 },
		after: { routerMs: 60, machineMs: 400 },
	};

	it("count who got a banner, and share the CPU time out", () => {
		const figures = loadFigures([...records, record(900, null)], cpu);
		expect(figures).toMatchObject({
			connections: 100,
			failed: 1,
			p50Ms: 50,
			p99Ms: 99,
			split: { b1: 75, b2: 25 },
			routerCpuMs: 0.5,
			machineCpuMs: 3,
		});
		// From the first SYN at 0 to the last end at 990 + 101 ms.
		expect(figures.perSecond).toBeCloseTo(100 / 1.091, 5);
	});
});

describe("a failover gap", () => {
	const every = (fromMs: number, toMs: number, bannerMs: number | null) =>
		Array.from({ length: (toMs - fromMs) / 20 }, (_, index) =>
			record(fromMs + index * 20, bannerMs),
		);

	it("reaches to the last connection that failed", () => {
		const records = [
			...every(0, 3_000, 2),
			...every(3_000, 4_200, null),
			...every(4_200, 10_000, 7),
		];
		expect(failoverFigures(records, 3_000)).toEqual({
			connections: 500,
			failed: 60,
			gapMs: 1_180,
			slowestMs: 7,
		});
	});

	it("is none when nobody failed, and has no end when somebody does to the end", () => {
		const well = every(0, 10_000, 2);
		expect(failoverFigures(well, 3_000)).toMatchObject({ gapMs: 0 });
		const bad = [...well.slice(0, -50), ...every(9_000, 10_000, null)];
		expect(failoverFigures(bad, 3_000)).toMatchObject({ gapMs: null });
	});

	it("counts waits since the backend died only", () => {
		const records = [record(0, 900), ...every(3_000, 10_000, 5)];
		expect(failoverFigures(records, 3_000).slowestMs).toBe(5);
	});
});

it("a quantile is a value that was seen", () => {
	expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
	expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
	expect(quantile([], 0.5)).toBeNaN();
});

it("several runs have a median and a range", () => {
	expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
	expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
	expect(figure([1204.4, 1180, 1230])).toBe("1204 (1180–1230)");
	expect(figure([2.345])).toBe("2.35");
	expect(figure([50, 49.98, 50.02])).toBe("50.0 (50.0–50.0)");
	expect(figure([0, 0, 1])).toBe("0 (0–1)");
	const never = Number.POSITIVE_INFINITY;
	expect(figure([never, never])).toBe("does not end");
	expect(figure([1.5, 2.5, never])).toBe("2.50 (1.50–does not end)");
});

it("a machine is busy with all but idling and waiting", () => {
	const stat =
		"cpu  10 20 30 4000 500 60 70 80 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
	expect(busyMs(stat)).toBe((10 + 20 + 30 + 60 + 70) * 10);
});
