import { describe, expect, it } from "vitest";
import { type Allowance, readAllowance, withAllowances } from "./allow.ts";
import { compared } from "./test-diff.ts";

function allowances(...texts: readonly string[]): readonly Allowance[] {
	return texts.map((text) => {
		const read = readAllowance(text);
		if (typeof read === "string") throw new Error(read);
		return read;
	});
}

const WEB =
	"-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80 -m comment --comment web";
const rules = (every: number, more = "") => `*nat
${WEB} -m statistic --mode nth --every ${every} --packet 0 -j DNAT --to-destination 10.20.0.11
${WEB} -j DNAT --to-destination 10.20.0.12
COMMIT
*filter
${more}
COMMIT
`;

const weighted = compared(rules(2), rules(4)).document;

describe("an allowance", () => {
	it.each([
		"service web: split",
		"service web",
		"service: split",
		"service 203.0.113.1:80",
		"service tcp 203.0.113.1:80: split, connections",
	])("allows it: %s", (text) => {
		const document = withAllowances(weighted, allowances(text));
		expect(document).toMatchObject({ verdict: "allowed", idle: [] });
		expect(document.changes.map(({ allowed }) => allowed)).toEqual([text]);
	});

	it.each([
		"service mail: split",
		"service web: connections",
		"packets: dropped",
		"finding",
	])("allows nothing, and is named: %s", (text) => {
		const document = withAllowances(weighted, allowances(text));
		expect(document).toMatchObject({ verdict: "different", idle: [text] });
	});

	it("of packets is for what becomes of them", () => {
		const drops = "-A FORWARD -s 10.66.0.0/16 -p tcp --dport 22 -j DROP";
		const { document } = compared(rules(2), rules(2, drops));
		const all = allowances("packets: dropped", "connections: broken");
		expect(withAllowances(document, all).verdict).toBe("allowed");
		const others = allowances("packets: rejected", "connections: broken");
		expect(withAllowances(document, others).verdict).toBe("different");
	});

	it("leaves what is unknown", () => {
		const rate = (of: string) =>
			rules(2, `-A FORWARD -p udp -m limit --limit ${of} -j DROP`);
		const { document } = compared(rate("1/s"), rate("2/s"));
		const all = allowances("service", "packets", "finding", "connections");
		expect(withAllowances(document, all).verdict).toBe("unknown");
	});

	it.each([
		["server web", "server is nothing that can be allowed"],
		["service web: spilt", "service has no spilt"],
	])("that is none is refused: %s", (text, why) => {
		expect(readAllowance(text)).toBe(why);
	});
});

it("leaves open what no walked packet fits, where all that differs is allowed", () => {
	const drop = "-A FORWARD -p tcp --tcp-flags RST RST -j DROP";
	const { document } = compared(rules(2), rules(4, drop));
	expect(document).toMatchObject({ verdict: "different", unknown: [] });
	const allowed = withAllowances(document, allowances("service: split"));
	expect(allowed.verdict).toBe("unknown");
	expect(allowed.unknown[0]).toContain("no packet that was walked fits");
});
