/** Which header fields matches say that they compare, and that the model goes by them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { formatAddress } from "../packet/address.ts";
import { TCP, UDP } from "../packet/packet.ts";
import type { MatchExtension } from "./extension.ts";
import { compileMatch, testEntry, testPorts, testSkb } from "./test-host.ts";
import { answerOf, matchUse, SEED } from "./test-traits.ts";
import { usesOf } from "./test-uses.ts";
import type { Comparison, HeaderField } from "./traits.ts";

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
		const { extension, options } = matchUse(use);
		const found = extension.compares?.(options) ?? [];
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

/** What they compare are fields of the header, and no constants: routes, hashes, octets at an offset. */
const NO_CONSTANTS = ["addrtype", "bpf", "cluster", "ipcomp", "string", "u32"];

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
					else if (match.comparesAll?.(options))
						expect(ask(one), input).toBe(true);
					// Packets of one class get one answer.
					else if (comparisons.every((comparison) => holds(other, comparison)))
						expect(ask(other), input).toBe(ask(one));
				}),
				{ seed: SEED, numRuns: 100 },
			);
		}
	});
});
