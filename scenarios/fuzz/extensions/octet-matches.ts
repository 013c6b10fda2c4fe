/** Uses of matches that look into the packet's octets behind IPv4's header. */
import fc from "fast-check";
import {
	inverted,
	ports,
	ranges as rangesBelow,
	type Uses,
} from "../values/rule-values.ts";
import { hexBlock, oneName, TEXT } from "../values/syntax-values.ts";
import { each, numbers, one, ranges } from "../values/values.ts";
import { eachTakes, type MatchUse, oneOf } from "./use.ts";

/** Of the protocol, the port of TCP and UDP, the length and the mark. */
const bpf: MatchUse = {
	packets: fc
		.constantFrom(
			"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0",
			"4,48 0 0 9,69 0 1 16,6 0 0 1,6 0 0 0",
			"6,177 0 0 0,72 0 0 2,21 0 1 25,6 0 0 65535,4 0 0 1,22 0 0 0",
			"4,128 0 0 0,53 0 1 60,6 0 0 1,6 0 0 0",
			"5,32 0 0 4294963220,84 0 0 1,21 0 1 1,6 0 0 1,6 0 0 0",
			"6,48 0 0 8,2 0 0 3,96 0 0 3,37 0 1 63,6 0 0 1,6 0 0 0",
			"4,40 0 0 40,6 0 0 1,6 0 0 0,6 0 0 0",
		)
		.map((program) => `-m bpf --bytecode "${program}"`),
	frames: [{ bytecode: null }, { "object-pinned": null }],
	onlyInFrames: ["bytecode", "object-pinned"],
	values: {
		bytecode: {
			sound: one(
				"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0",
				"1,6 0 0 65535",
				"2,48 0 0 0,22 0 0 0",
				"1, 6  0 0 1,",
			),
			odd: one(
				"",
				"4",
				"0,",
				"65,",
				"1,",
				"x,6 0 0 0",
				"1;6 0 0 0",
				"1,6 0 0",
				"1,6 0 0 1,6 0 0 0",
				"2,6 0 0 1",
				"1,48 0 0 9",
				"-1,6 0 0 0",
				"2,21 5 0 1,6 0 0 0",
				"2,96 0 0 1,6 0 0 0",
				"3,2 0 0 1,96 0 0 1,6 0 0 0",
				"1,65542 0 0 1",
				"1,6 256 0 -1",
				"1,6 0 0 1x",
				"2,,6 0 0 0",
				"2,52 0 0 0,6 0 0 0",
			),
		},
	},
};

/** Ports, addresses, and zeros, of which payloads are made; nothing that a kernel draws. */
const string: MatchUse = {
	packets: inverted(
		fc.tuple(
			fc.constantFrom(
				"--hex-string |0019|",
				"--hex-string |0a00000a|",
				"--hex-string |c0a80001|",
				"--hex-string |000000000000000000000000|",
				'--string "EE"',
				"--hex-string |45|",
			),
			fc.constantFrom("bm", "kmp"),
			fc.constantFrom("", " --from 20", " --to 24", " --from 20 --to 60"),
			fc.constantFrom("", "", " --icase"),
		),
		(not, [pattern, algorithm, range, more]) =>
			`-m string ${not}${pattern} --algo ${algorithm}${range}${more}`,
	),
	frames: [
		{ algo: one("bm", "kmp"), string: null },
		{ algo: one("bm", "kmp"), "hex-string": null },
		{ algo: null, string: null },
	],
	values: {
		algo: oneName(["bm", "kmp"], "fsm", "BM", "x", "1234567890123456"),
		string: TEXT,
		"hex-string": {
			sound: fc.oneof(
				hexBlock,
				fc
					.tuple(one("GET ", "a", "\\|"), hexBlock)
					.map((parts) => parts.join("")),
				one("plain", "|41|b|42|"),
			),
			odd: fc.oneof(
				each(`∅ | || |4| |41 |4␣1| |gg| |41␣␣42| |␣41| |41␣|`),
				one(
					"\\",
					"a\\",
					"|\\41|",
					"|41|\\",
					"|4142|x|43",
					"|41|||",
					"a|b",
					"\\x",
				),
				fc.integer({ min: 126, max: 130 }).map((n) => `|${"41".repeat(n)}|`),
				fc.integer({ min: 126, max: 130 }).map((n) => "x".repeat(n)),
			),
		},
		from: numbers(0, 100),
		to: numbers(100, 65_535),
	},
};

const ecn: MatchUse = {
	packets: inverted(
		fc.constantFrom(0, 1, 2, 3),
		(not, codePoint) => `-m ecn ${not}--ecn-ip-ect ${codePoint}`,
	),
	frames: oneOf("ecn-tcp-cwr", "ecn-tcp-ece", "ecn-ip-ect"),
	place: { header: ["-p tcp", "-p 6"] },
};

const SCTP_PORT = ranges({
	sound: fc.oneof(numbers(0, 65_535).sound, one("9899")),
	odd: each(`65536 -1 ∅ x ! 1x`),
});
const sctp: MatchUse = {
	packets: fc.oneof(
		inverted(
			fc.tuple(fc.constantFrom("sport", "dport"), ports),
			(not, [side, of]) => `-m sctp ${not}--${side} ${of}`,
		),
		inverted(
			fc.tuple(
				fc.constantFrom("any", "all", "only"),
				fc.constantFrom(
					"INIT",
					"DATA,SACK",
					"ABORT:T,SHUTDOWN_COMPLETE:t",
					"COOKIE_ECHO,COOKIE_ACK,DATA",
					"NONE",
					"ALL",
				),
			),
			(not, [mode, types]) => `-m sctp ${not}--chunk-types ${mode} ${types}`,
		),
	),
	protocols: ["sctp"],
	values: {
		...eachTakes(
			SCTP_PORT,
			"source-port",
			"sport",
			"destination-port",
			"dport",
		),
		"chunk-types": {
			sound: fc
				.tuple(
					one("all", "ANY", "only"),
					one(
						"DATA",
						"init,INIT_ACK",
						"ALL",
						"none",
						"DATA:Be,ABORT:t",
						"ASCONF,I_DATA:U,PAD",
						"data:i,DATA:E",
						"SHUTDOWN_COMPLETE:T",
					),
				)
				.map((pair) => pair.join(" ")),
			odd: one(
				"all NOISE",
				"some DATA",
				"all DATA:x",
				"all INIT:-",
				"all ,",
				"all DATA:",
				"any DATA:u,ABORT:t,SHUTDOWN_COMPLETE:t,I_DATA:u,INIT:-",
			),
		},
	},
};

const spis = (name: string, option: string): Uses =>
	inverted(
		rangesBelow(600),
		(not, range) => `-m ${name} ${not}--${option} ${range}`,
	);

/** In the order in which generated rules draw them. */
export const OCTET_MATCHES: Readonly<Record<string, MatchUse>> = {
	bpf,
	string,
	ecn,
	ah: { packets: spis("ah", "ahspi"), protocols: ["ah"] },
	esp: { packets: spis("esp", "espspi"), protocols: ["esp"] },
	sctp,
	ipcomp: { packets: spis("ipcomp", "ipcompspi"), protocols: ["108"] },
};
