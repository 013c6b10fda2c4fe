import { expect, it } from "vitest";
import { rulesAlone, rulesWithSets } from "../../test-facts.ts";
import { backendChanges } from "./backend-changes.ts";
import { otherSide } from "./other-side.ts";

const TO = "-d 203.0.113.5 -p tcp --dport 80";
const nat = (...lines: readonly string[]) =>
	["*nat", ":B1 - [0:0]", ...lines, "COMMIT", ""].join("\n");
const balanced = (asks: string, writes: string) =>
	nat(
		`-A PREROUTING ${TO} -m recent --rcheck --name b1 ${asks} -j B1`,
		`-A PREROUTING ${TO} -m statistic --mode random --probability 0.5 -j B1`,
		`-A PREROUTING ${TO} -j DNAT --to-destination 10.20.0.22`,
		`-A B1 -p tcp -m recent --set --name b1 ${writes} -j DNAT --to-destination 10.20.0.21`,
	);
const found = (text: string) =>
	otherSide.check(rulesAlone(text)).map(({ at, part }) => [at.line, part]);

it.each([
	["--rsource", "--rdest", [[6, "--rdest"]]],
	["--rdest", "--rsource", [[6, "--rsource"]]],
	["--rsource", "--rsource", []],
	["--rdest", "--rdest", []],
])("a list that is asked with %s and filled with %s", (asks, writes, lines) => {
	expect(found(balanced(asks, writes))).toEqual(lines);
});

it("is none that other rules fill as well, or that the other direction asks", () => {
	const text = balanced("--rsource", "--rdest");
	const more = `-A PREROUTING ${TO} -m recent --set --name b1 --rsource`;
	expect(found(text.replace("COMMIT", `${more}\nCOMMIT`))).toEqual([]);
	const fromInside = text
		.replaceAll("-A PREROUTING", "-A PREROUTING -i wan0")
		.replace("-i wan0 -d", "-i lan0 -d");
	expect(found(fromInside)).toEqual([]);
});

it("may be a set", () => {
	const rules = (side: string) =>
		nat(
			`-A PREROUTING ${TO} -m set --match-set b1 src -j B1`,
			`-A PREROUTING ${TO} -m statistic --mode random --probability 0.5 -j B1`,
			`-A PREROUTING ${TO} -j DNAT --to-destination 10.20.0.22`,
			`-A B1 -j SET --add-set b1 ${side} --exist`,
			"-A B1 -p tcp -j DNAT --to-destination 10.20.0.21",
		);
	const linesOf = (side: string) =>
		otherSide
			.check(rulesWithSets(rules(side), "create b1 hash:ip\n"))
			.map(({ at }) => at.line);
	expect(linesOf("dst")).toEqual([6]);
	expect(linesOf("src")).toEqual([]);
});

const MARKED = (restored: string) => `*mangle
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j CONNMARK --set-mark 1
-A PREROUTING -i lan0 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 1 -j CONNMARK --set-mark 2
-A PREROUTING -i lan0 ${restored} -j CONNMARK --restore-mark
COMMIT
*nat
-A POSTROUTING -o wan1 -j MASQUERADE
-A POSTROUTING -o wan2 -j MASQUERADE
COMMIT
`;

it("finds a mark that only packets behind the first one get", () => {
	const messages = backendChanges
		.check(rulesAlone(MARKED("-m conntrack --ctstate ESTABLISHED")))
		.map(({ at, message }) => [at.line, message]);
	expect(messages).toEqual([
		[
			4,
			"the first packet of a connection gets no mark, and its later ones get mark 0x1",
		],
	]);
});

it("which is right where answers alone get it, or no packet does", () => {
	const reply = MARKED("-m conntrack --ctdir REPLY");
	expect(backendChanges.check(rulesAlone(reply))).toEqual([]);
	const none = MARKED("-m conntrack --ctstate INVALID");
	expect(backendChanges.check(rulesAlone(none))).toEqual([]);
});
