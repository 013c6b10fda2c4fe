import { describe, expect, it } from "vitest";
import { compared } from "./test-diff.ts";

const SERVICE = "-A PREROUTING -d 203.0.113.7/32 -p udp --dport 1194";
const HASH = "--hmark-tuple src,sport --hmark-mod 3 --hmark-offset 10";

function hashed(
	{ hash = `${HASH} --hmark-rnd 0xcafe`, first = 31, second = 32, said = "" },
	front = "",
): string {
	return `*mangle
-A PREROUTING -i eth0 -d 203.0.113.7/32 -p udp --dport 1194 ${said}-j HMARK ${hash}
COMMIT
*nat
${front}${SERVICE} -m mark --mark 10 -j DNAT --to-destination 10.20.0.${first}
${SERVICE} -m mark --mark 11 -j DNAT --to-destination 10.20.0.${second}
${SERVICE} -j DNAT --to-destination 10.20.0.33
COMMIT
`;
}

const verdictOf = (old: string, young: string) =>
	compared(old, young).document.verdict;

describe("a hash that sends as many clients to each backend", () => {
	it("is a change where its values are for other backends", () => {
		const { document } = compared(
			hashed({}),
			hashed({ first: 32, second: 31 }),
		);
		expect(document.verdict).toBe("different");
		expect(document.changes[0]?.text).toContain("2/3 of new connections");
	});

	it.each([
		["another seed", `${HASH} --hmark-rnd 0xbeef`],
		["another tuple", `${HASH.replace(",sport", "")} --hmark-rnd 0xcafe`],
	])("is unknown: %s", (_, hash) => {
		const { document } = compared(hashed({}), hashed({ hash }));
		expect(document.verdict).toBe("unknown");
		expect(document.unknown.join()).toContain(
			"another hash decides who goes where (line 2: -A PREROUTING",
		);
	});

	it("is unknown where it is of other addresses", () => {
		const range = (how: string) =>
			`*nat\n${SERVICE} -j DNAT --to-destination 10.20.0.11-10.20.0.13${how}\nCOMMIT\n`;
		expect(verdictOf(range(""), range(" --persistent"))).toBe("unknown");
		expect(verdictOf(range(" --persistent"), range(""))).toBe("unknown");
	});

	it("is unknown where draws have a part besides, and nothing must move", () => {
		const draw = `${SERVICE} -m statistic --mode random --probability 0.25 -j DNAT --to-destination 10.20.0.33\n`;
		const swapped = { first: 32, second: 31 };
		const { document } = compared(hashed({}, draw), hashed(swapped, draw));
		expect(document.verdict).toBe("unknown");
		expect(document.unknown.join()).toContain("a hash and draws decide");
	});

	it("is the same where its rule is written otherwise", () => {
		const said = "-m comment --comment web ";
		expect(verdictOf(hashed({}), hashed({ said }))).toBe("same");
	});

	it("is the same where it decides nothing", () => {
		const one = { first: 33, second: 33 };
		const hash = `${HASH} --hmark-rnd 0xbeef`;
		expect(verdictOf(hashed(one), hashed({ ...one, hash }))).toBe("same");
	});
});
