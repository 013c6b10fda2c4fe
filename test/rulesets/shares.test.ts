/** What an analysis finds in the rulesets that people have is what is expected of them. */
import { expect, it } from "vitest";
import { analyse } from "../../scenarios/analysis/services/analysis.ts";
import {
	NO_BACKEND,
	type VectorSplit,
} from "../../scenarios/analysis/services/service.ts";
import { GATEWAY_ITSELF } from "../../scenarios/analysis/services/service-names.ts";
import type { Share } from "../../scenarios/analysis/split/split.ts";
import { printRational, type Rational } from "../../sim/rational.ts";
import { parseRules } from "../../sim/script/check-rules.ts";
import { TEST_RULESETS } from "./test-rulesets.ts";

/** Expected services that an analysis does not find, each with the reason. */
const NOT_FOUND: Readonly<Record<string, string>> = {
	"kube-proxy tcp 10.96.10.5:80":
		"filter refuses it, and no rule translates it",
	"kube-proxy-before-1.24 tcp 10.100.20.3:6379":
		"filter refuses it, and no rule translates it",
};

/** As much of it as an expectation says. */
function shareText(share: Share, as: string): string {
	if (share.kind === "unknown") return `unknown: ${share.why}`;
	if (share.kind === "interval")
		return [share.least, share.greatest].map(printRational).join("..");
	const [, digits] = /^\d+\.(\d+)$/.exec(as) ?? [];
	return digits === undefined
		? printRational(share.value)
		: decimal(share.value, digits.length);
}

const decimal = ({ numerator, denominator }: Rational, digits: number) =>
	(Number(numerator) / Number(denominator)).toFixed(digits);

/** Shares above 0, named as the expectation names them. */
function sharesOf(
	{ split }: VectorSplit,
	expected: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
	const found: Record<string, string> = {};
	for (const { key, share } of split.parts) {
		const name = nameOf(key, Object.keys(expected), found);
		const text = shareText(share, expected[name] ?? "");
		if (text !== "0") found[name] = text;
	}
	return found;
}

/** The first of the names that are left and mean the key. */
function nameOf(
	key: string,
	names: readonly string[],
	taken: Readonly<Record<string, string>>,
): string {
	if (key.startsWith(`${NO_BACKEND}:`)) return NO_BACKEND;
	const fits = (name: string) => {
		const [before = "", after = ""] = name.split("*");
		return key.startsWith(before) && key.endsWith(after);
	};
	return (
		names.find(
			(name) => name.includes("*") && fits(name) && !(name in taken),
		) ?? key
	);
}

/** What the gateway itself opens is a service of its own. */
const keyOf = (key: string, clients: string | null) =>
	clients === GATEWAY_ITSELF ? `${key} from ${clients}` : key;

/** `clients of 10.0.0.0/8` → `10.0.0.0/8` */
const clientsOf = (name: string) =>
	name === "all clients" ? null : name.replace(/^clients (?:of |at )?/, "");

it.each(TEST_RULESETS)(
	"$name is split as expected",
	({ name, text, file, services }) => {
		const analysis = analyse(parseRules(text, { file }).ruleset);
		for (const { key, clients, conditions, shares } of services) {
			const where = `${name} ${key}`;
			const vectors = analysis.services
				.filter((one) => one.key === keyOf(key, clients))
				.flatMap(({ classes }) => classes)
				.filter((one) => clientsOf(one.name) === clients)
				.flatMap((one) => one.vectors)
				.filter((one) =>
					Object.entries(conditions).every(
						([condition, value]) => one.conditions[condition] === value,
					),
				);
			const [vector] = vectors;
			expect(
				vectors.length === 0,
				`${where}: services are ${analysis.services.map((one) => `${one.key} (${one.classes.map((each) => each.name).join(", ")})`).join("; ")}`,
			).toBe(Object.hasOwn(NOT_FOUND, where));
			if (vector !== undefined)
				expect(sharesOf(vector, shares), where).toEqual(shares);
		}
	},
);

it("lists what is not found of rulesets that there are", () => {
	const all = TEST_RULESETS.flatMap(({ name, services }) =>
		services.map(({ key }) => `${name} ${key}`),
	);
	expect(all).toEqual(expect.arrayContaining(Object.keys(NOT_FOUND)));
});
