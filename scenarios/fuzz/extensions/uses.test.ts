/** Every extension is used by the fuzz, and every use is of an extension. */
import { describe, expect, it } from "vitest";
import type { AnyExtension } from "../../../sim/extension/options/option-table.ts";
import { matches } from "../../../sim/matches/index.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { MatchUse, TargetUse } from "./use.ts";
import { MATCH_USES, TARGET_USES } from "./uses.ts";

describe.each<
	[
		string,
		ReadonlyMap<string, AnyExtension & { readonly compile: unknown }>,
		ReadonlyMap<string, MatchUse | TargetUse>,
		string,
	]
>([
	[
		"matches",
		matches,
		MATCH_USES,
		"state-matches.ts, header-matches.ts, octet-matches.ts or machine-matches.ts",
	],
	["targets", targets, TARGET_USES, "targets.ts or nat-targets.ts"],
])("%s", (_, extensions, uses, file) => {
	it("that are modelled have rules for generated packets", () => {
		const missing = [...extensions.values()]
			.filter(({ name, compile }) => {
				const use = uses.get(name) ?? {};
				const { packets, leftOut, neverMet } = use;
				const hasReason = leftOut ?? neverMet ?? ("needsMatch" in use || null);
				return compile !== null && !packets && hasReason === null;
			})
			.map(
				({ name }) =>
					`${name}: add \`packets\` to its entry in scenarios/fuzz/extensions/${file}`,
			);
		expect(missing).toEqual([]);
	});

	it("have the names and options of which a use speaks", () => {
		const wrong = [...uses].flatMap(([name, use]) => {
			const extension = extensions.get(name);
			if (extension === undefined) return [name];
			const options = new Set(extension.options.map((option) => option.name));
			return optionsOf(use)
				.filter((option) => !options.has(option))
				.map((option) => `${name} --${option}`);
		});
		expect(wrong).toEqual([]);
	});
});

function optionsOf(use: MatchUse | TargetUse): readonly string[] {
	const { frames, onlyInFrames, apart, neverNegated, values } = use;
	return [
		...(frames ?? []).flatMap(Object.keys),
		...(onlyInFrames ?? []),
		...(apart ?? []).flatMap(([option, others]) => [option, ...others]),
		...(neverNegated ?? []),
		...Object.keys(values ?? {}),
	];
}
