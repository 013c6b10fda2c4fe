/** Which bits of marks extensions say that they read and write, and that the model does so. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { hex32 } from "../packet/numbers.ts";
import { HOOK_POSTROUTING } from "../packet/skb/skb.ts";
import { targets } from "../targets/index.ts";
import { buildOptions } from "./options/test-build-options.ts";
import { compileMatch, testEntry, testPorts, testSkb } from "./test-host.ts";
import {
	answerOf,
	matchUse,
	SEED,
	targetUse,
	unlessUnknown,
} from "./test-traits.ts";
import { usesOf } from "./test-uses.ts";
import type { MarkUse } from "./traits.ts";

/** `writes packet 0xff = 0x1`. */
function shownMark(use: MarkUse): string {
	const value = use.value === null ? "" : ` = ${hex32(use.value)}`;
	const more = `${use.copies ? " copied" : ""}${use.inverted ? " inverted" : ""}`;
	return `${use.does} ${use.mark} ${hex32(use.bits)}${value}${more}`;
}

describe("bits of marks", () => {
	test.each<readonly [use: string, ...marks: string[]]>([
		["-m mark --mark 1", "reads packet 0xffffffff = 0x1"],
		["-m mark ! --mark 0", "reads packet 0xffffffff = 0x0 inverted"],
		["-m mark --mark 0x2/0xff", "reads packet 0xff = 0x2"],
		// It never holds, and the value shows it.
		["-m mark --mark 0x100/0xff", "reads packet 0xff = 0x100"],
		["-m mark --mark 0/0"],
		["-m connmark --mark 0x10/0xf0", "reads connection 0xf0 = 0x10"],
		["-m connmark ! --mark 0", "reads connection 0xffffffff = 0x0 inverted"],
		["-m rpfilter --loose"],
		["-m rpfilter --validmark", "reads packet 0xffffffff"],
		["-m socket --transparent"],
		["-m socket --restore-skmark", "writes packet 0xffffffff"],
		["-m tcp --dport 25"],
		["-j MARK --set-mark 1", "writes packet 0xffffffff = 0x1"],
		["-j MARK --set-mark 0x1/0x3", "writes packet 0x3 = 0x1"],
		["-j MARK --set-mark 0x4/0x3", "writes packet 0x7 = 0x4"],
		["-j MARK --set-xmark 0x1/0xff", "writes packet 0xff = 0x1"],
		[
			"-j MARK --set-xmark 0x101/0xff",
			"writes packet 0xff = 0x1",
			"writes packet 0x100",
		],
		["-j MARK --or-mark 0x80000000", "writes packet 0x80000000 = 0x80000000"],
		["-j MARK --and-mark 0xff", "writes packet 0xffffff00 = 0x0"],
		["-j MARK --and-mark 0xffffffff"],
		["-j MARK --xor-mark 0x3", "writes packet 0x3"],
		["-j CONNMARK --set-mark 1", "writes connection 0xffffffff = 0x1"],
		["-j CONNMARK --or-mark 0x8", "writes connection 0x8 = 0x8"],
		["-j CONNMARK --xor-mark 0x8", "writes connection 0x8"],
		[
			"-j CONNMARK --save-mark",
			"reads packet 0xffffffff copied",
			"writes connection 0xffffffff copied",
		],
		[
			"-j CONNMARK --restore-mark --mask 0xff",
			"reads connection 0xff copied",
			"writes packet 0xff copied",
		],
		// Bits of the one mask alone are cleared, of the other alone turned over.
		[
			"-j CONNMARK --restore-mark --ctmask 0x3 --nfmask 0x6",
			"reads connection 0x3 copied",
			"writes packet 0x2 copied",
			"writes packet 0x4 = 0x0",
			"writes packet 0x1",
		],
		[
			"-j CONNMARK --save-mark --ctmask 0xffffffff --nfmask 0xf --left-shift-mark 4",
			"reads packet 0xf copied",
			"writes connection 0xf0 copied",
			"writes connection 0xffffff0f = 0x0",
		],
		[
			"-j CONNMARK --restore-mark --ctmask 0xff --nfmask 0xf --right-shift-mark 4",
			"reads connection 0xf0 copied",
			"writes packet 0xf copied",
		],
		[
			"-j CONNMARK --set-xmark 0x1/0xff --left-shift-mark 8",
			"reads connection 0xffff00",
			"writes connection 0xffff = 0x100",
			"writes connection 0xffff0000",
		],
		["-j SET --add-set known src"],
		["-j SET --map-set known src --map-prio"],
		["-j SET --map-set known src --map-mark", "writes packet 0xffffffff"],
		["-j TPROXY --on-port 80"],
		["-j TPROXY --on-port 80 --tproxy-mark 1/1", "writes packet 0x1 = 0x1"],
		[
			"-j HMARK --hmark-tuple src --hmark-rnd 1 --hmark-mod 3",
			"writes packet 0xfffffffc = 0x0",
			"writes packet 0x3",
		],
		[
			"-j HMARK --hmark-tuple src --hmark-rnd 1 --hmark-mod 2 --hmark-offset 100",
			"writes packet 0xfffffffe = 0x64",
			"writes packet 0x1",
		],
		[
			"-j HMARK --hmark-tuple src --hmark-rnd 1 --hmark-mod 1 --hmark-offset 7",
			"writes packet 0xffffffff = 0x7",
		],
		// It passes the greatest mark, and begins anew.
		[
			"-j HMARK --hmark-tuple src --hmark-rnd 1 --hmark-mod 3 --hmark-offset 0xffffffff",
			"writes packet 0xffffffff",
		],
		["-j CT --zone 3"],
		["-j CT --zone mark", "reads packet 0xffff"],
		["-j CT --notrack"],
		["-j CONNSECMARK --save"],
		["-j IPMARK --addr src", "writes packet 0xffffffff"],
		["-j DNAT --to-destination 192.168.0.1"],
	])("%s", (use, ...marks) => {
		const { extension, options } = use.startsWith("-m")
			? matchUse(use)
			: targetUse(use);
		expect((extension.marks?.(options) ?? []).map(shownMark)).toEqual(marks);
	});

	test("a BPF program that loads the mark reads it", () => {
		const bpf = matches.get("bpf");
		const uses = (bytecode: string) =>
			bpf?.marks?.({
				path: "",
				program: bytecode
					.split(",")
					.map((instruction) => instruction.split(" ").map(Number)),
			});
		// ld #mark; jeq #1, and: ld [9]; jeq #6.
		expect(uses("32 0 0 4294963220,21 0 1 1,6 0 0 1,6 0 0 0")?.length).toBe(1);
		expect(uses("48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0")).toEqual([]);
	});
});

interface Marks {
	readonly packet: number;
	readonly connection: number;
}

// Small ones too, which rules compare with more often.
const someMark = fc.oneof(
	fc.integer({ min: -0x80000000, max: 0x7fffffff }),
	fc.integer({ min: 0, max: 0x1f }),
);
const someMarks = fc.record({ packet: someMark, connection: someMark });

const MARKS = ["packet", "connection"] as const;

/** The bits of a mark that these uses read, or write. */
const bitsOf = (
	uses: readonly MarkUse[],
	mark: MarkUse["mark"],
	does: MarkUse["does"],
): number =>
	uses
		.filter((use) => use.mark === mark && use.does === does)
		.reduce((bits, use) => bits | use.bits, 0);

/** Turns over bits of both marks that these uses do not read. */
const withOthers = (
	marks: Marks,
	turned: Marks,
	uses: readonly MarkUse[],
): Marks => ({
	packet: marks.packet ^ (turned.packet & ~bitsOf(uses, "packet", "reads")),
	connection:
		marks.connection ^
		(turned.connection & ~bitsOf(uses, "connection", "reads")),
});

/** Uses that the table of cases does not have. */
const MADE_UP: Readonly<Record<string, readonly string[]>> = {
	MARK: ["--set-xmark 0x101/0xff", "--set-mark 0xf0/0x0f"],
	CONNMARK: [
		"--set-xmark 0x101/0xff --left-shift-mark 3",
		"--set-xmark 0x80000101/0xff --right-shift-mark 7",
		"--save-mark --nfmask 0xff00 --ctmask 0xff --right-shift-mark 8",
		"--save-mark --nfmask 0xff000000 --ctmask 0xf0f --left-shift-mark 4",
		"--restore-mark --nfmask 0xf0 --ctmask 0x3c",
	],
	HMARK: [
		"--hmark-tuple src,dst --hmark-rnd 1 --hmark-mod 3 --hmark-offset 0xffffffff",
		"--hmark-tuple ct --hmark-rnd 1 --hmark-mod 5 --hmark-offset 6",
	],
};

describe("a target writes the bits of marks that it says, and no others", () => {
	const modelled = [...targets.values()].filter(({ compile }) => compile);
	test.each(modelled)("$name", (target) => {
		const made = (MADE_UP[target.name] ?? []).map((text) => ({
			input: text,
			options: buildOptions(target, text),
		}));
		const cases = [...usesOf("targets", target.name), ...made];
		expect(cases.length).toBeGreaterThan(0);
		for (const { input, options } of cases) {
			const uses = target.marks?.(options) ?? [];
			const after = (marks: Marks): Marks | null => {
				const entry = testEntry({ mark: marks.connection });
				const ports = testPorts({
					entries: [entry],
					interfaceAddresses: ["10.0.0.1", "192.168.0.254"],
				});
				const skb = testSkb({
					entry: 0,
					mark: marks.packet,
					outInterface: 2,
					hook: HOOK_POSTROUTING,
				});
				if (unlessUnknown(() => target.compile?.(options, ports)(skb)) === null)
					return null;
				return { packet: skb.mark, connection: entry.mark };
			};
			fc.assert(
				fc.property(someMarks, someMarks, (before, turned) => {
					const one = after(before);
					const other = after(withOthers(before, turned, uses));
					if (one === null || other === null) return;
					for (const mark of MARKS) {
						const written = bitsOf(uses, mark, "writes");
						expect((one[mark] ^ before[mark]) & ~written, input).toBe(0);
						const unread = ~bitsOf(uses, mark, "reads");
						expect(
							(one[mark] ^ other[mark]) & ~(turned[mark] & unread),
							`${input}: another bit than the one that differs`,
						).toBe(0);
					}
					for (const { mark, bits, value } of uses)
						if (value !== null)
							expect((one[mark] & bits) >>> 0, input).toBe(value);
				}),
				{ seed: SEED, numRuns: 50 },
			);
		}
	});
});

describe("a match goes by no other bits of marks than it says, and writes none", () => {
	const modelled = [...matches.values()].filter(
		({ compile, stateful }) => compile && !stateful,
	);
	test.each(modelled)("$name", (match) => {
		for (const { input, options } of usesOf("matches", match.name)) {
			const uses = match.marks?.(options) ?? [];
			const entry = testEntry();
			const test = compileMatch(
				match,
				options,
				testPorts({ entries: [entry] }),
			);
			const answer = (marks: Marks) => {
				entry.mark = marks.connection;
				const skb = testSkb({ entry: 0, mark: marks.packet });
				const answer = answerOf(test, skb);
				expect(skb.mark).toBe(marks.packet);
				expect(entry.mark).toBe(marks.connection);
				return answer;
			};
			fc.assert(
				fc.property(someMarks, someMarks, (marks, turned) => {
					expect(answer(withOthers(marks, turned, uses)), input).toBe(
						answer(marks),
					);
					for (const { mark, bits, value, inverted } of uses)
						if (value !== null)
							expect(answer(marks), input).toBe(
								((marks[mark] & bits) >>> 0 === value) !== inverted,
							);
				}),
				{ seed: SEED, numRuns: 50 },
			);
		}
	});
});
