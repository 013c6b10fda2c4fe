import { expect, it } from "vitest";
import { parseRuleset } from "../ruleset/parse.ts";
import { printRuleset } from "../ruleset/print.ts";

it.each([
	["", "12345678901234\u0004"],
	["--log-level 7 ", "12345678901234\u0007"],
	["--log-level 0 ", "12345678901234"],
])(
	"prints the level behind a prefix that nothing ends: %s",
	(level, printed) => {
		const rule = `-A INPUT -j LOGMARK ${level}--log-prefix 12345678901234`;
		const ruleset = parseRuleset(`*filter\n${rule}\nCOMMIT\n`, { file: "" });
		expect(printRuleset(ruleset)).toContain(`--log-prefix "${printed}" `);
	},
);
