import { expect, it } from "vitest";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { analyse } from "../services/analysis.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { prove } from "./prove.ts";
import { USUAL_BUDGET, USUAL_LIMIT_MS } from "./state/events.ts";
import type { ProofPart } from "./state/proof.ts";

it("tells each part of a proof as soon as it is known, before the next one is looked for", () => {
	const web = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
	const text = `*nat\n${web} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.0.0.1\n${web} -j DNAT --to-destination 10.0.0.2\nCOMMIT\n`;
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const heard: (string | ProofPart)[] = [];
	const { services } = prove(analyse(ruleset, NOTHING_GIVEN), {
		name: "my.rules",
		events: [],
		single: true,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
		onProgress: (words) => heard.push(words),
		onPart: (part) => heard.push(part),
	});
	const [{ single = [], ...about } = {}, ...others] = services;
	expect(others).toEqual([]);
	const [quiet, ...events] = single;
	expect(heard.filter((one) => typeof one !== "string")).toEqual([
		{ kind: "assumed", ...about },
		...events.map((run, index) => {
			return { kind: "event", run, quiet, isFirst: index === 0 };
		}),
		{ kind: "end" },
	]);
	const atOnce = heard.filter(
		(one, index) =>
			typeof one !== "string" && typeof heard[index - 1] !== "string",
	);
	expect(atOnce).toEqual([{ kind: "end" }]);
});
