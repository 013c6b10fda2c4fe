import { describe, expect, it } from "vitest";
import { checkRules } from "../../script/check-rules.ts";
import { openPoints } from "./open-points.ts";

function faultsOf(rule: string, table: string) {
	const text = `*${table}\n${rule}\nCOMMIT\n`;
	return checkRules(text, { file: "my.rules" });
}

describe("an empty name", () => {
	it.each([
		['-A FORWARD -m set --match-set "" src -j DROP', "no set has an empty one"],
		['-A FORWARD -j SET --del-set "" src', "no set has an empty one"],
		['-A FORWARD -m bpf --object-pinned "" -j DROP', "/sys/fs/bpf/NAME"],
		['-A FORWARD -m condition --condition ""', "a file may have: not empty"],
		['-A FORWARD -m recent --set --name ""', "a file may have: not empty"],
		['-A FORWARD -j IDLETIMER --timeout 5 --label ""', "not empty"],
		['-A FORWARD -m string --algo bm --string ""', "what is to be looked for"],
		['-A FORWARD -m string --algo "" --string x', "are bm, kmp, fsm"],
		['-A FORWARD -j SECMARK --selctx ""', "a context of the SELinux policy"],
		['-A "" -j DROP', "no chain has an empty one"],
	])("is refused with what to do: %s", (rule, remedy) => {
		const table = rule.includes("SECMARK") ? "security" : "filter";
		const { ruleset, faults } = faultsOf(rule, table);
		expect(faults.map((one) => one.remedy)).toEqual([
			expect.stringContaining(remedy),
		]);
		expect(openPoints(ruleset?.tables ?? []).needs).toEqual([]);
	});
});
