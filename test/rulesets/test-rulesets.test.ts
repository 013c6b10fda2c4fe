import { describe, expect, it } from "vitest";
import { kubeProxyRules } from "../../bench/kube-proxy.ts";
import { plus, printRational, rational, ZERO } from "../../sim/rational.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import { TEST_RULESETS, testRuleset } from "./test-rulesets.ts";

/** Of `1/3`; `null` for what is no fraction. */
function fraction(text: string) {
	const [, top, bottom = "1"] = /^(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
	return top === undefined ? null : rational(BigInt(top), BigInt(bottom));
}

describe.each(TEST_RULESETS)("$name", ({ file, text, services }) => {
	it("would load", () => {
		const { ruleset, faults, notes } = checkRules(text, { file });
		expect(faults).toEqual([]);
		expect(notes).toEqual([]);
		expect(ruleset).not.toBeNull();
	});

	it("expects shares that add up to 1", () => {
		for (const { shares } of services) {
			const fractions = Object.values(shares).map(fraction);
			if (Object.values(shares).some((share) => share.includes(".."))) continue;
			if (fractions.every((one) => one !== null))
				expect(printRational(fractions.reduce(plus, ZERO))).toBe("1");
			else
				expect(
					Object.values(shares).reduce((sum, share) => sum + Number(share), 0),
				).toBeCloseTo(1, 4);
		}
	});

	it("expects addresses and ports that stand in its rules", () => {
		const rules = text.slice(text.indexOf("\n*"));
		for (const { key, shares } of services)
			for (const place of [key, ...Object.keys(shares)]) {
				const ranges = /-j DNAT --to-destination \S+-/.test(rules);
				const words = place.match(/(?:\d+\.){3}\d+|(?<=:)\d+/g) ?? [];
				if (!ranges || place === key)
					for (const word of words) expect(rules).toContain(word);
			}
	});
});

it("are found by name", () => {
	expect(testRuleset("conditions-no-fallback").services[2]).toEqual({
		key: "tcp 203.0.113.27:5432",
		clients: null,
		conditions: { db1up: 1, db2up: 0 },
		shares: { "10.20.10.21:5432": "1/2", "no backend": "1/2" },
	});
	expect(testRuleset("kube-proxy").services[5]?.clients).toBe(
		"outside of 198.51.100.0/24",
	);
});

describe("rules of kube-proxy", () => {
	it("would load, with endpoints that differ", () => {
		const text = kubeProxyRules({ services: 3, endpoints: 4 });
		expect(checkRules(text).faults).toEqual([]);
		const endpoints = text.match(/(?<=--to-destination )\S+/g) ?? [];
		expect(new Set(endpoints).size).toBe(12);
	});

	it("are 32,000 for a thousand services with ten endpoints", () => {
		const text = kubeProxyRules({ services: 1000, endpoints: 10 });
		expect(text.match(/^-A /gm)).toHaveLength(32_000 + 8);
	});

	it("say what the first and the last endpoint get, as kube-proxy does", () => {
		expect(
			kubeProxyRules({ services: 1, endpoints: 3 })
				.split("\n")
				.filter((line) => line.startsWith("-A KUBE-SVC-"))
				.map((line) => line.replaceAll(/-[0-9A-Z]{16}\b/g, "-X")),
		).toEqual([
			'-A KUBE-SVC-X ! -s 10.128.0.0/9 -d 10.96.0.1/32 -p tcp -m comment --comment "bench/service-1 cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
			'-A KUBE-SVC-X -m comment --comment "bench/service-1 -> 10.128.0.1:8080" -m statistic --mode random --probability 0.33333333333 -j KUBE-SEP-X',
			'-A KUBE-SVC-X -m comment --comment "bench/service-1 -> 10.128.0.2:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-X',
			'-A KUBE-SVC-X -m comment --comment "bench/service-1 -> 10.128.0.3:8080" -j KUBE-SEP-X',
		]);
	});

	it("are refused beyond the addresses that there are", () => {
		expect(() => kubeProxyRules({ services: 1 << 20, endpoints: 100 })).toThrow(
			RangeError,
		);
	});
});
