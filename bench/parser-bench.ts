import { parseRuleset } from "../sim/ruleset/parse.ts";
import { RECIPE } from "./recipe-gateway.ts";
import { perSecond, type Series } from "./series.ts";

const ROUNDS = 7;
const RULES = 100_000;

/** Rules parsed a second: the recipe's own, and as many different ones. */
export function measureParser(): readonly Series[] {
	const lines = RECIPE.split("\n");
	const recipeRules = lines.filter((line) => line.startsWith("-A MAILMARK"));
	const repeated = Array.from(
		{ length: RULES },
		(_, index) => recipeRules[index % recipeRules.length] as string,
	);
	const different = Array.from(
		{ length: RULES },
		(_, index) =>
			`-A MAILMARK -s 10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255} -p tcp --dport ${1 + (index % 65535)} -m mark --mark 0x0 -j MARK --set-mark ${index}`,
	);
	return [
		measure("the recipe's rules, repeated", repeated),
		measure("rules that all differ", different),
	];
}

function measure(name: string, rules: readonly string[]): Series {
	const text = ["*mangle", ":MAILMARK - [0:0]", ...rules, "COMMIT", ""].join(
		"\n",
	);
	const values: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const speed = perSecond(RULES, () => void parseRuleset(text));
		if (round > 0) values.push(speed);
	}
	return { name: `parsing: ${name}`, unit: "rules/s", values, aim: 600_000 };
}
