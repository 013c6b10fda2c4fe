/** Words of 100,000 characters: nothing that looks at a text goes over them from each of their characters. */
import { expect, test } from "vitest";
import { checkRules } from "./check-rules.ts";

const LENGTH = 100_000;
/** Quadratic code takes a minute for some of them. */
const BOUND_MS = 5000;

test.each(["=", " ", "|41|", "a/", "&", "a ", "1,", "-", '"', "\\", "ü"])(
	"of %j",
	(piece) => {
		const word = piece.repeat(LENGTH / piece.length);
		const began = performance.now();
		for (const before of [
			"",
			"Chain ",
			"table ip ",
			"*filter\n-A INPUT ",
			"x=",
		])
			for (const behind of ["\n", " x\nCOMMIT\n"])
				checkRules(before + word + behind);
		expect(performance.now() - began).toBeLessThan(BOUND_MS);
	},
	60_000,
);
