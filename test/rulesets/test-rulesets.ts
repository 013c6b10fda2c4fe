/**
 * Rulesets as people have them, each with what is expected of it in its first lines:
 *
 * ```
 * # Two backends in a chain of their own, each with every second packet.
 * # service tcp 198.51.100.20:6000: 10.20.1.21:6000 1/2, 10.20.1.22:6000 1/4, no backend 1/4
 * # fault unequal-split: equal counters in a cascade that ends at the first match
 * ```
 *
 * `service PROTOCOL DESTINATION [from CLIENTS] [when NAME=VALUE …]: BACKEND SHARE, …`, one line for each
 * kind of clients and each vector of conditions that is worth a test. DESTINATION `local:80` is any
 * address of the gateway; CLIENTS are a network, `outside of` one, an
 * interface, or `the gateway itself`. A `*` in a BACKEND is
 * what rules do not say. A fraction is exact, a decimal is rounded to as many digits as it has, and
 * `0..1/2` is an interval. A ruleset without a `fault` is right.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { invariant } from "../../sim/invariant.ts";

const FOLDER = import.meta.dirname;

interface ExpectedService {
	/** `tcp 203.0.113.10:80`, `tcp local:30080`, `any any` */
	readonly key: string;
	/** `10.0.0.0/8`, `outside of 10.0.0.0/8`, `wan0`; `null`: all. */
	readonly clients: string | null;
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	/** `1/3`, `0.33`, `0..1/2` by backend, or `no backend`. */
	readonly shares: Readonly<Record<string, string>>;
}

export interface TestRuleset {
	/** `equal-nth-three` */
	readonly name: string;
	/** The whole path. */
	readonly file: string;
	readonly text: string;
	/** What it is, one sentence. */
	readonly about: string;
	/** [] where nothing is balanced or forwarded. */
	readonly services: readonly ExpectedService[];
	/** What is wrong with it, in kebab-case, and why; [] when it is right. */
	readonly faults: readonly { readonly name: string; readonly why: string }[];
}

/** By name. */
export const TEST_RULESETS: readonly TestRuleset[] = readdirSync(FOLDER)
	.filter((name) => name.endsWith(".rules"))
	.sort()
	.map(readTestRuleset);

/** @param name `equal-nth-three` */
export function testRuleset(name: string): TestRuleset {
	const found = TEST_RULESETS.find((one) => one.name === name);
	invariant(found !== undefined, `no ruleset ${name}.rules in ${FOLDER}`);
	return found;
}

function readTestRuleset(fileName: string): TestRuleset {
	const file = join(FOLDER, fileName);
	const text = readFileSync(file, "utf8");
	const [about = "", ...rest] = text
		.slice(0, text.indexOf("\n*"))
		.trim()
		.split("\n")
		.map((line) => line.replace(/^# /, ""));
	const lines = rest.filter((line) => line !== "no service");
	const services = lines.filter((line) => line.startsWith("service "));
	const faults = lines.filter((line) => line.startsWith("fault "));
	invariant(
		services.length + faults.length === lines.length &&
			services.length > 0 === (lines.length === rest.length),
		`${file}: a line of its head is no service and no fault`,
	);
	return {
		name: basename(fileName, ".rules"),
		file,
		text,
		about,
		services: services.map((line) => readService(file, line)),
		faults: faults.map((line) => {
			const [, name = "", why = ""] =
				/^fault ([a-z-]+): (.+)$/.exec(line) ?? [];
			invariant(name !== "", `${file}: ${line}`);
			return { name, why };
		}),
	};
}

function readService(file: string, line: string): ExpectedService {
	const [, key = "", clients = null, conditions = "", shares = ""] =
		/^service (\S+ \S+?)(?: from ((?:(?! when ).)+?))?(?: when (\S+=[01](?: \S+=[01])*))?: (.+)$/.exec(
			line,
		) ?? [];
	invariant(key !== "", `${file}: ${line}`);
	return {
		key,
		clients,
		conditions: Object.fromEntries(
			conditions
				.split(" ")
				.filter((one) => one !== "")
				.map((one) => {
					const [name = "", value] = one.split("=");
					return [name, value === "1" ? 1 : 0];
				}),
		),
		shares: Object.fromEntries(
			shares.split(", ").map((one) => {
				const at = one.lastIndexOf(" ");
				return [one.slice(0, at), one.slice(at + 1)];
			}),
		),
	};
}
