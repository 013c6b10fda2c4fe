import { describe, expect, it } from "vitest";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { compareText, examineText } from "./compare-text.ts";
import { type TextCoverageKind, textHoles, textUniverse } from "./coverage.ts";
import { fuzzTexts, textAt } from "./fuzz-text.ts";
import type { TextOracle } from "./oracle.ts";
import { oracleWith } from "./test-oracle.ts";

const SEED = 11;

const fuzzWith = (heard: (text: string) => string, runs: number) =>
	fuzzTexts({
		seed: SEED,
		from: 0,
		runs,
		shrinkMs: 20_000,
		oracle: async () => oracleWith(heard),
	});

describe("texts that are generated", () => {
	it("are the same for the same seed, and others for another", () => {
		expect(textAt(SEED, "3")).toEqual(textAt(SEED, "3"));
		expect(textAt(SEED, "3")).not.toEqual(textAt(SEED, "4"));
		expect(textAt(SEED, "3")).not.toEqual(textAt(SEED + 1, "3"));
	});

	it("are plain data", () => {
		const text = textAt(SEED, "5");
		expect(JSON.parse(JSON.stringify(text))).toEqual(text);
	});
});

describe("a fuzz of texts", () => {
	it("finds nothing where nothing differs, and meets every option", async () => {
		const { findings, texts, coverage } = await fuzzWith((text) => text, 3000);
		expect(findings).toEqual([]);
		expect(texts).toBe(3000);
		const kinds: readonly TextCoverageKind[] = [
			"matches",
			"targets",
			"options",
			"negated",
			"verdicts",
		];
		for (const kind of kinds)
			expect(textHoles(coverage, kind), kind).toEqual([]);
		expect(textUniverse("options")?.length).toBeGreaterThan(200);
		expect(coverage.refusals.size).toBeGreaterThan(80);
	}, 180_000);

	it("goes on where a machine dies of a text, with the next one", async () => {
		class Death extends Error {}
		let deaths = 0;
		const account = await fuzzTexts({
			seed: SEED,
			from: 0,
			runs: 4,
			shrinkMs: 20_000,
			isLoss: (error): error is Death => error instanceof Death,
			oracle: async () => {
				const oracle = oracleWith((text) => text);
				const restore = async () => {
					deaths++;
					throw new Death("it died");
				};
				return deaths === 0 ? { ...oracle, restore } : oracle;
			},
		});
		expect(account).toMatchObject({
			texts: 3,
			findings: [],
			lost: [{ error: { message: "it died" } }],
		});
	});

	it("finds what differs, and makes it small", async () => {
		const { findings } = await fuzzWith(
			(text) => text.replaceAll("--ttl-gt", "--ttl-lt"),
			700,
		);
		expect(findings.length).toBeGreaterThan(0);
		for (const { path, difference } of findings) {
			expect(difference.kind).toBe("saved");
			expect(difference.model).toMatch(/^-A \S+ .*--ttl-gt/);
			expect(difference.one.text.split("\n").length).toBeLessThan(12);
			expect(textAt(SEED, path)).toEqual(difference.one);
		}
	}, 180_000);
});

describe("a text that both refuse", () => {
	const refused = (words: string): TextOracle => ({
		linux: DEFAULT_LINUX,
		account: async () => {},
		restore: async () => ({ exitCode: 2, words }),
		test: async () => ({ exitCode: 2, words }),
		save: async () => "",
	});
	const compared = (rule: string, words: string) =>
		compareText(
			{
				text: `*filter\n-A INPUT ${rule}\nCOMMIT\n`,
				counters: false,
				onto: null,
				oddities: 1,
			},
			refused(
				`iptables-restore v1.8.9 (legacy): ${words}\nError occurred at line: 2\n`,
			),
		);

	it.each([
		[
			"-m recent --rdest --mask 255.255.255.0xx ! ! --set",
			"getaddrinfo: Name or service not known",
		],
		[
			"-m connlabel ! --label odd 65537",
			"label 'odd' not found or invalid value",
		],
	])(
		"is not compared where a name that another machine may know stands before its fault: %s",
		async (rule, words) => {
			expect(await compared(rule, words)).toBeNull();
		},
	);

	it("is compared where the name is none", async () => {
		const rule = "-m connlabel --label 65537 65537";
		const words = "label '65538' not found or invalid value";
		expect(await compared(rule, words)).not.toBeNull();
	});
});

describe("a text that is added to another one", () => {
	it("is not compared where the machine lacks what the other one needs", async () => {
		const model = oracleWith((text) => text);
		const lacking: TextOracle = {
			...model,
			restore: async (text, options) =>
				text.includes("LED")
					? {
							exitCode: 1,
							words:
								"Warning: Extension LED revision 0 not supported, missing kernel module?\niptables-restore: line 29 failed\n",
						}
					: model.restore(text, options),
		};
		const one = {
			text: "*mangle\n-A INPUT -j ACCEPT\nCOMMIT\n",
			counters: false,
			onto: "*filter\n-A INPUT -j LED --led-trigger-id foo\nCOMMIT\n",
			oddities: 1,
		};
		expect((await examineText(one, lacking)).verdict).toBe(
			"needs something else",
		);
		expect(await compareText(one, model)).toBeNull();
	});
});
