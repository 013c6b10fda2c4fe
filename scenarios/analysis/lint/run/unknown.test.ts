import { expect, it } from "vitest";
import { rulesAlone } from "../test-facts.ts";
import { unknownOf } from "./unknown.ts";

const nat = (...lines: readonly string[]) =>
	["*nat", ...lines.map((line) => `-A PREROUTING ${line}`), "COMMIT", ""].join(
		"\n",
	);
const WEB = "-d 203.0.113.1 -p tcp --dport 80";
const BALANCER = [
	`${WEB} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to 10.0.0.1`,
	`${WEB} -j DNAT --to 10.0.0.2`,
];

it("knows what a ruleset does whose rules are modelled", () => {
	expect(unknownOf(rulesAlone(nat(...BALANCER)))).toEqual([]);
});

it("names the rule that is not modelled where packets of a service reach it", () => {
	const tarpit = "*filter\n-A FORWARD -p tcp -j TARPIT\nCOMMIT\n";
	expect(unknownOf(rulesAlone(tarpit + nat(...BALANCER)))).toEqual([
		expect.stringMatching(
			/^tcp 203\.0\.113\.1:80: a way of its packets is unknown: .*TARPIT.*\(filter:FORWARD:rule:1, line 2\)$/,
		),
	]);
});

it("says nothing of one that they do not reach, or of a match that is true or not", () => {
	const tarpit = "*filter\n-A FORWARD -p udp -j TARPIT\nCOMMIT\n";
	const country = `${WEB} -m geoip --src-cc DE -j RETURN`;
	expect(unknownOf(rulesAlone(tarpit + nat(country, ...BALANCER)))).toEqual([]);
});

it("says that there was nothing to analyse", () => {
	expect(unknownOf(rulesAlone(""))).toHaveLength(1);
});
