import { describe, expect, it } from "vitest";
import { compared } from "./test-diff.ts";

const RESET = "-p tcp --dport 22 -j REJECT --reject-with tcp-reset";

function edited(rules: readonly string[], added: string, table = "filter") {
	const file = (...more: readonly string[]) =>
		`*filter\n${rules.join("\n")}\n${table === "filter" ? more.join("\n") : `COMMIT\n*${table}\n${more.join("\n")}`}\nCOMMIT\n`;
	return compared(file(), file(added)).document;
}

describe("packets that are rejected", () => {
	it.each([
		[`-A INPUT ${RESET}`, "-A OUTPUT -p tcp --tcp-flags RST RST -j DROP"],
		[`-A FORWARD ${RESET}`, "-A OUTPUT -p tcp --tcp-flags RST RST -j DROP"],
		[
			"-A FORWARD -p tcp --dport 22 -j REJECT",
			"-A OUTPUT -p icmp --icmp-type port-unreachable -j DROP",
		],
		["-A FORWARD -p tcp --dport 22 -j REJECT", "-A OUTPUT -p icmp -j DROP"],
	])("are told where the answer is dropped: %s and %s", (rule, added) => {
		const document = edited([rule], added);
		expect(document.verdict).toBe("different");
		const one = document.packets.find(({ before }) =>
			before[0]?.startsWith("rejected"),
		);
		expect(one?.packets).toMatch(/^tcp .*port 22$/);
		expect(one?.after[0]).toMatch(/^dropped without an answer/);
	});

	it("are told by hosts, where the answer to some is dropped", () => {
		const document = edited(
			[`-A FORWARD ${RESET}`],
			"-A POSTROUTING -d 198.51.100.0/24 -p tcp --tcp-flags RST RST -j DROP",
			"mangle",
		);
		expect(document.packets.map(({ packets }) => packets)).toEqual([
			expect.stringMatching(/^tcp from 198\.51\.100\.0\/24 .*port 22$/),
		]);
	});

	it.each([
		"-A OUTPUT -p icmp --icmp-type 3 -m limit --limit 1/s -j DROP",
		"-A OUTPUT -p icmp --icmp-type 3 -m statistic --mode random --probability 0.5 -j DROP",
	])("are not known, where the answer is dropped at times: %s", (added) => {
		const rule = "-A FORWARD -p tcp --dport 22 -j REJECT";
		expect(edited([rule], added).verdict).toBe("unknown");
	});
});

it("follows answers to packets that come in, where OUTPUT has another policy", () => {
	const file = (policy: string) => `*filter\n:OUTPUT ${policy} [0:0]\nCOMMIT\n`;
	const { document } = compared(file("ACCEPT"), file("DROP"));
	const answers = document.packets.filter(
		({ which, interface: name }) => which === "answer" && name !== "lo",
	);
	expect(answers.map(({ after }) => after)).toContainEqual([
		"dropped (filter:OUTPUT:policy:1)",
	]);
});
