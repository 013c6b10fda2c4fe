/** What extensions say of their uses is what the model does with them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { formatAddress } from "../packet/address.ts";
import { hex32 } from "../packet/numbers.ts";
import { TCP, UDP } from "../packet/packet.ts";
import { HOOK_POSTROUTING } from "../packet/skb/skb.ts";
import { targets } from "../targets/index.ts";
import type { MatchExtension, Test } from "./extension.ts";
import { buildOptions } from "./options/test-build-options.ts";
import {
	compileMatch,
	testEntry,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "./test-host.ts";
import { usesOf } from "./test-uses.ts";
import type { Comparison, HeaderField, MarkUse } from "./traits.ts";

const SEED = 20261128;

/** Options of one use, from its words behind `-m NAME` or `-j NAME`. */
function optionsOf(use: string): { readonly name: string; options: object } {
	const [, kind, name = "", text = ""] =
		/^-([mj]) (\S+) ?(.*)$/.exec(use) ?? [];
	const extension = (kind === "m" ? matches : targets).get(name);
	if (!extension) throw new Error(`a test asks for ${use}`);
	return { name, options: buildOptions(extension, text, { protocol: "tcp" }) };
}

/** The extension itself. */
const extensionOf = (use: string) => {
	const { name } = optionsOf(use);
	const found = use.startsWith("-m") ? matches.get(name) : targets.get(name);
	return found as NonNullable<typeof found>;
};

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
		const { options } = optionsOf(use);
		expect((extensionOf(use).marks?.(options) ?? []).map(shownMark)).toEqual(
			marks,
		);
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

/** `destinationPort in 25,80:90`. */
function shownComparison({ fields, ranges, inverted }: Comparison): string {
	const isAddress = fields.some((field) => !field.endsWith("Port"));
	const shown = (value: number) =>
		isAddress ? formatAddress(value) : `${value}`;
	const list = ranges.map(([min, max]) =>
		min === max ? shown(min) : `${shown(min)}:${shown(max)}`,
	);
	return `${fields.join(" or ")} ${inverted ? "not " : ""}in ${list.join(",") || "nothing"}`;
}

describe("comparisons of header fields", () => {
	test.each<readonly [use: string, ...comparisons: string[]]>([
		["-m tcp --dport 25", "destinationPort in 25"],
		[
			"-m tcp --sport 1024: ! --dport 80:90",
			"sourcePort in 1024:65535",
			"destinationPort not in 80:90",
		],
		["-m tcp --sport 0:65535 --syn"],
		["-m tcp ! --sport 0:65535", "sourcePort not in 0:65535"],
		["-m udp --dport 53", "destinationPort in 53"],
		["-m udp --dport 9:3", "destinationPort in nothing"],
		["-m udp ! --dport 9:3", "destinationPort not in nothing"],
		["-m sctp ! --dport 80", "destinationPort not in 80"],
		["-m sctp --chunk-types any INIT"],
		["-m dccp --sport 5:6", "sourcePort in 5:6"],
		["-m multiport --dports 587,25,465", "destinationPort in 25,465,587"],
		["-m multiport --dports 80,81:90,85:95,97", "destinationPort in 80:95,97"],
		["-m multiport ! --sports 80", "sourcePort not in 80"],
		["-m multiport --ports 25", "sourcePort or destinationPort in 25"],
		["-m multiport ! --ports 25", "sourcePort or destinationPort not in 25"],
		["-m multiport --dports 0:65535"],
		[
			"-m iprange --src-range 10.0.0.1-200.0.0.9 ! --dst-range 10.0.0.1-10.0.0.9",
			"source in 10.0.0.1:200.0.0.9",
			"destination not in 10.0.0.1:10.0.0.9",
		],
		["-m iprange --src-range 10.0.0.9-10.0.0.1", "source in nothing"],
		["-m conntrack --ctstate NEW"],
		[
			"-m conntrack --ctorigdst 10.0.0.99/24 --ctorigdstport 25",
			"destination in 10.0.0.0:10.0.0.255",
			"destinationPort in 25",
		],
		[
			"-m conntrack ! --ctorigsrc 10.0.0.9 --ctorigsrcport 1:9",
			"source not in 10.0.0.9",
			"sourcePort in 1:9",
		],
		// What answers is not what was asked for.
		["-m conntrack --ctreplsrc 10.0.0.9 --ctrepldstport 5"],
		["-m icmp --icmp-type 8"],
		["-m mark --mark 1"],
	])("%s", (use, ...comparisons) => {
		const { name, options } = optionsOf(use);
		const found = matches.get(name)?.compares?.(options) ?? [];
		expect(found.map(shownComparison)).toEqual(comparisons);
	});
});

type Header = Record<HeaderField, number>;

const holds = (header: Header, { fields, ranges, inverted }: Comparison) =>
	fields.some((field) =>
		ranges.some(([min, max]) => min <= header[field] && header[field] <= max),
	) !== inverted;

/** Every number in what a rule keeps: what is compared is among them, whatever is said of it. */
function numbersIn(options: unknown): readonly number[] {
	if (typeof options === "number") return [options];
	if (typeof options !== "object" || options === null) return [];
	return Object.values(options).flatMap(numbersIn);
}

/** Headers with values around the numbers of a use, and others. */
function someHeaders(options: object) {
	const numbers = numbersIn(options).flatMap((number) => [
		(number - 1) >>> 0,
		number >>> 0,
		(number + 1) >>> 0,
	]);
	const some = (greatest: number) => {
		const around = numbers.filter((value) => value <= greatest);
		const any = fc.integer({ min: 0, max: greatest });
		return around.length === 0
			? any
			: fc.oneof(any, fc.constantFrom(...around));
	};
	const address = some(0xffffffff);
	const port = some(0xffff);
	return fc.record({
		source: address,
		destination: address,
		sourcePort: port,
		destinationPort: port,
	});
}

/** Two octets. */
const word = (value: number) =>
	String.fromCharCode(value >> 8) + String.fromCharCode(value & 0xff);

/** What a match says of the first packet of a connection, which conntrack has seen. */
function askFirst(match: MatchExtension, options: object, protocol: number) {
	const entry = testEntry();
	const test = compileMatch(match, options, testPorts({ entries: [entry] }));
	return (header: Header): boolean | null => {
		const { sourcePort, destinationPort } = header;
		const source = header.source | 0;
		const destination = header.destination | 0;
		const hasPorts = protocol === TCP || protocol === UDP;
		Object.assign(entry.original, {
			source,
			destination,
			sourcePort,
			destinationPort,
		});
		const ports = hasPorts
			? { sourcePort, destinationPort }
			: { payload: word(sourcePort) + word(destinationPort) };
		return answerOf(
			test,
			testSkb({ entry: 0, protocol, source, destination, ...ports }),
		);
	};
}

/** What they compare are fields of the header, and no constants: routes, octets at an offset. */
const NO_CONSTANTS = ["addrtype", "u32"];

describe("a match goes by the header as its comparisons say", () => {
	const modelled = [...matches.values()].filter(
		({ name, compile, stateful }) =>
			compile && !stateful && !NO_CONSTANTS.includes(name),
	);
	test.each(modelled)("$name", (match) => {
		for (const { input, options, rule } of usesOf("matches", match.name)) {
			const comparisons = match.compares?.(options) ?? [];
			const ask = askFirst(match, options, rule.header.protocol || TCP);
			const headers = someHeaders(options);
			fc.assert(
				fc.property(headers, headers, (one, other) => {
					const all = comparisons.map((comparison) => holds(one, comparison));
					if (all.includes(false)) expect(ask(one), input).toBe(false);
					// Packets of one class get one answer.
					else if (comparisons.every((comparison) => holds(other, comparison)))
						expect(ask(other), input).toBe(ask(one));
				}),
				{ seed: SEED, numRuns: 100 },
			);
		}
	});
});

/** `null` where the model does not know. */
function answerOf(test: Test | null, skb: Parameters<Test>[0]): boolean | null {
	return unlessUnknown(() => test?.(skb) ?? null);
}

function unlessUnknown<T>(ask: () => T): T | null {
	try {
		return ask();
	} catch (error) {
		if (!(error instanceof UnknownOutcome)) throw error;
		return null;
	}
}
