import { parseRules } from "../../../sim/script/check-rules.ts";
import type { Facts } from "./facts.ts";

/** Facts of a ruleset of which no rule asks more than its rules. */
export function rulesAlone(text: string, file = "my.rules"): Facts {
	return {
		file,
		ruleset: parseRules(text, { file }).ruleset,
		world: {
			setup: {
				interfaces: [],
				routes: [],
				sysctls: {},
				listeners: [],
				epochMs: 0,
			},
			assumptions: [],
			markRoutes: [],
			clientInterfaces: [],
			notes: [],
		},
		services: [],
	};
}
