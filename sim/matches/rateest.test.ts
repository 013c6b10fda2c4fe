import { describe, expect, test } from "vitest";
import { RateEstimator } from "../extension/rate-estimator.ts";
import { checkRuleset, restoreText } from "../ruleset/parse.ts";

const EACH_QUARTER = { interval: 0, weightLog: 1 };

describe("a rate estimator", () => {
	test("knows nothing before its first interval is over, and decays", () => {
		const estimator = new RateEstimator(EACH_QUARTER, 0);
		for (let ms = 0; ms < 240; ms += 24) estimator.count(ms, 100);
		expect(estimator.rates(247)).toEqual([{ bytes: 0, packets: 0 }]);
		// Ten packets in a quarter of a second, of which half counts.
		expect(estimator.rates(256)).toEqual([{ bytes: 2000, packets: 20 }]);
		expect(estimator.rates(504)).toEqual([{ bytes: 1000, packets: 10 }]);
		expect(estimator.rates(3_600_000)).toEqual([{ bytes: 0, packets: 0 }]);
		expect(estimator.rates(3_600_008)).toEqual([{ bytes: 0, packets: 0 }]);
	});

	test("keeps both ways of a packet that comes while its timer is due", () => {
		const estimator = new RateEstimator({ interval: 2, weightLog: 1 }, 0);
		estimator.count(0, 1000);
		// 248 ticks of 4 ms, and a slot of the timer wheel has eight of them.
		expect(estimator.rates(992)).toEqual([{ bytes: 0, packets: 0 }]);
		estimator.count(1000, 1000);
		expect(estimator.rates(1020)?.map(({ bytes }) => bytes)).toEqual([
			0, 500, 1000,
		]);
		expect(estimator.rates(1100)?.map(({ bytes }) => bytes)).toEqual([
			1000, 500,
		]);
		const saved = estimator.save();
		expect(estimator.rates(2100)?.map(({ bytes }) => bytes)).toEqual([
			500, 750,
		]);
		estimator.restore(saved);
		expect(estimator.rates(1100)).toHaveLength(2);
	});

	test("says nothing any more once there were too many ways", () => {
		const estimator = new RateEstimator({ interval: 5, weightLog: 1 }, 0);
		for (let at = 0; at < 100; at++) estimator.count(7940 + at, 2 ** (at % 20));
		expect(estimator.rates(8400)).toBeNull();
	});
});

describe("an estimator that rules name", () => {
	const make = (name: string, interval = "1s") =>
		`-A INPUT -j RATEEST --rateest-name ${name} --rateest-interval ${interval} --rateest-ewmalog 8s`;
	const ask = (name: string) =>
		`-A INPUT -m rateest --rateest ${name} --rateest-lt --rateest-pps 1`;
	const table = (...rules: readonly string[]) =>
		`*filter\n${rules.join("\n")}\nCOMMIT\n`;
	const faultsOf = (...rules: readonly string[]) =>
		checkRuleset(table(...rules)).faults.map(
			({ line, message }) => `${line}: ${message}`,
		);

	test("is made by a rule in front of it", () => {
		expect(faultsOf(make("a"), ask("a"))).toEqual([]);
		expect(faultsOf(ask("a"), make("a"))).toEqual([
			"2: line 4 failed (No such file or directory: xt_rateest: there is no estimator of this name)",
		]);
	});

	test("has one interval", () => {
		expect(faultsOf(make("a"), make("a", "2s"))).toEqual([
			"3: line 4 failed (Invalid argument: xt_RATEEST: it is there with another interval or ewmalog)",
		]);
	});

	test("is kept by a rule that asks for it", () => {
		const { ruleset } = checkRuleset(table(make("a"), ask("a")));
		const asked = restoreText(ruleset ?? { tables: [] }, table(ask("a")));
		expect(asked.faults).toEqual([]);
		expect(restoreText(asked.ruleset, table(ask("a"))).faults).toEqual([]);
		const emptied = restoreText(asked.ruleset, table());
		expect(restoreText(emptied.ruleset, table(ask("a"))).faults).toHaveLength(
			1,
		);
	});
});
