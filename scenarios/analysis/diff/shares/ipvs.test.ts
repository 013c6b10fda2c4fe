import { describe, expect, it } from "vitest";
import { parseRules } from "../../../../sim/script/check-rules.ts";
import type { ShareDocument } from "../../document/split-document.ts";
import { analyse } from "../../services/analysis.ts";
import { sharesDiff, sharesOfRules } from "./compare-shares.ts";
import { isIpvs, readIpvs } from "./ipvs.ts";

const ipvs = (scheduler: string, ...weights: readonly number[]) =>
	[
		`-A -t 203.0.113.1:80 -s ${scheduler}`,
		...weights.map(
			(weight, index) =>
				`-a -t 203.0.113.1:80 -r 10.20.0.1${index + 1}:80 -m -w ${weight}`,
		),
		"",
	].join("\n");

const rules = (every: number) => `*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m statistic --mode nth --every ${every} --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.12
COMMIT
`;

function sharesOf(text: string) {
	const services = readIpvs(text);
	if ("line" in services) throw new Error(services.why);
	return { file: "ipvs", services, gaps: [] };
}

function comparedWith(text: string, every: number) {
	const { ruleset } = parseRules(rules(every), { file: "new.rules" });
	const after = sharesOfRules("new.rules", analyse(ruleset));
	return sharesDiff(sharesOf(text), after);
}

function textOf(share: ShareDocument | undefined): string {
	if (share?.kind === "exact") return share.share.fraction;
	return share?.kind === "interval"
		? `${share.least.fraction} to ${share.greatest.fraction}`
		: "unknown";
}

describe("IPVS", () => {
	it("is told from rules", () => {
		expect(isIpvs(ipvs("rr", 1))).toBe(true);
		expect(isIpvs("# remark\nipvsadm -C\n")).toBe(true);
		expect(isIpvs(rules(2))).toBe(false);
		expect(isIpvs("iptables -A INPUT -j DROP")).toBe(false);
	});

	it.each([
		["rr", [3, 1], ["1/2", "1/2"]],
		["wrr", [3, 1], ["3/4", "1/4"]],
		["wrr", [3, 0], ["1"]],
		["sh", [1, 1], ["1/2", "1/2"]],
		["sh", [2, 1], ["85/128 to 171/256", "85/256 to 43/128"]],
		["sh", [1, 0], ["1/2", "1/2"]],
		["mh", [1, 1], ["unknown", "unknown"]],
		["lc", [1, 1], ["unknown", "unknown"]],
	] as const)("%s with weights %j", (scheduler, weights, shares) => {
		const before = sharesOf(ipvs(scheduler, ...weights));
		const document = sharesDiff(before, { file: "", services: [], gaps: [] });
		const parts = document.services[0]?.classes[0]?.vectors[0]?.parts ?? [];
		const known = parts.filter(({ key }) => !key.includes("no such service"));
		expect(known.map((one) => textOf(one.before))).toEqual(shares);
	});

	it("is the same as rules that do the same", () => {
		expect(comparedWith(ipvs("rr", 1, 1), 2).verdict).toBe("same");
		expect(comparedWith(ipvs("wrr", 1, 3), 4).verdict).toBe("same");
	});

	it("differs from rules by what has to move at least", () => {
		const document = comparedWith(ipvs("wrr", 3, 1), 2);
		expect(document.verdict).toBe("different");
		const [vector] = document.services[0]?.classes[0]?.vectors ?? [];
		expect(textOf(vector?.moved)).toBe("1/4");
		expect(vector?.isAtLeast).toBe(true);
	});

	it("is unknown where connections that stand decide, or a way that rules do not have", () => {
		expect(comparedWith(ipvs("wlc", 1, 1), 2).verdict).toBe("unknown");
		const direct = ipvs("rr", 1, 1).replaceAll(" -m ", " -g ");
		expect(comparedWith(direct, 2).verdict).toBe("unknown");
		const sticky = ipvs("rr -p 300", 1, 1);
		expect(comparedWith(sticky, 2).verdict).toBe("unknown");
	});

	it("refuses names, and options that it does not know", () => {
		expect(readIpvs("-A -t web.example:http -s rr\n")).toMatchObject({
			line: 1,
		});
		expect(readIpvs("-A -t 203.0.113.1:80 --new\n")).toEqual({
			line: 1,
			why: "--new is no option that is known",
		});
	});
});
