import { defineMatch } from "../extension/extension.ts";
import type { SetCounterTest } from "../extension/host.ts";
import { keyInSet } from "../extension/host.ts";
import { type GivenOptions, twoWords } from "../extension/options.ts";
import { NO_SET_NAME } from "../extension/values/names.ts";
import { readUnsigned64 } from "../extension/values/read-number.ts";

interface Counter {
	readonly is: "eq" | "ne" | "lt" | "gt";
	/** 64-bit, in decimal digits. */
	readonly value: string;
}

interface Options {
	readonly set: string;
	readonly sides: readonly ("src" | "dst")[];
	readonly inverted: boolean;
	readonly returnNomatch: boolean;
	readonly keepCounters: boolean;
	readonly keepSubcounters: boolean;
	readonly packets: Counter | null;
	readonly bytes: Counter | null;
}

/** IPSET_MAXNAMELEN counts the closing NUL; IPSET_DIM_MAX (include/uapi/linux/netfilter/ipset/ip_set.h, 6.1). */
const GREATEST_NAME = 31;
const MOST_SIDES = 6;
const COMPARISONS = ["eq", "lt", "gt"] as const;

const counters = (what: string) =>
	COMPARISONS.map((is) => ({
		name: `${what}-${is}`,
		type: "string" as const,
		invertible: true,
		repeatable: true,
	}));

/**
 * Is the packet's address in a set? (iptables 1.8.9 libxt_set.c, kernel 6.1 xt_set.c, revision 4)
 * Of a set that the gateway was not given the model does not know the members.
 */
export const set = defineMatch<Options>({
	name: "set",
	flagCodes: {
		"return-nomatch": "3",
		"update-counters": "4",
		"update-subcounters": "a",
	},
	options: [
		{
			name: "match-set",
			type: "string",
			words: 2,
			invertible: true,
			repeatable: true,
		},
		{
			name: "set",
			type: "string",
			words: 2,
			invertible: true,
			repeatable: true,
			sameAs: "match-set",
		},
		{
			name: "return-nomatch",
			type: "none",
			invertible: true,
			repeatable: true,
		},
		{
			name: "update-counters",
			type: "none",
			invertible: true,
			repeatable: true,
		},
		...counters("packets"),
		...counters("bytes"),
		{
			name: "update-subcounters",
			type: "none",
			invertible: true,
			repeatable: true,
		},
	],
	build(given) {
		if (given.get("return-nomatch", "none")?.inverted)
			return given.refuse(
				"--return-nomatch flag cannot be inverted",
				"Take the `!` away.",
				"return-nomatch",
			);
		const isInverted = (option: string) =>
			given.all(option, "none").some(({ inverted }) => inverted);
		const counters = {
			packets: readCounter(given, "packets"),
			bytes: readCounter(given, "bytes"),
		};
		return {
			...readSet(given),
			returnNomatch: given.has("return-nomatch"),
			keepCounters: isInverted("update-counters"),
			keepSubcounters: isInverted("update-subcounters"),
			...counters,
		};
	},
	print(options) {
		return [
			`${options.inverted ? " !" : ""} --match-set ${options.set} ${options.sides.join(",")}`,
			options.returnNomatch ? " --return-nomatch" : "",
			options.keepCounters ? " ! --update-counters" : "",
			options.keepSubcounters ? " ! --update-subcounters" : "",
			printCounter("packets", options.packets),
			printCounter("bytes", options.bytes),
		].join("");
	},
	needs: ({ set }) => [{ kind: "set", name: set }],
	hasOneAnswer: "packet",
	/** Programs fill a set, and iptables-save does not show it. */
	question: ({ set, packets, bytes }, host) => ({
		kind: "open",
		on: `the members of the set ${set}`,
		// Counters of elements bound as little as a rate does; all else has an answer.
		isUnknown:
			host?.sets.knows(set) !== true || (packets === null && bytes === null),
	}),
	// A walk that takes every way knows where its packet goes, and who sends it stands for all clients that are in
	// the same sets. Where rules write to a set, that is one who comes for the first time.
	answers({ set, sides, packets, bytes }, { sets, decide }) {
		if (!sets.knows(set)) return false;
		if (decide === undefined) return true;
		const use = { name: set, sides };
		if (sets.staysEmpty(use)) return true;
		if (packets !== null || bytes !== null) return false;
		const isOfHosts = sides.every((side) => side === "dst");
		return (isOfHosts && !sets.isWritten(set)) || sets.isToldByHeaders(use);
	},
	/** Elements with counters, and exceptions, are told apart by more than that they are there. */
	made({ set, sides, inverted, packets, bytes, returnNomatch }, { sets }) {
		const use = { name: set, sides };
		const isMore = packets !== null || bytes !== null || returnNomatch;
		return (skb) => {
			const isIn = sets.writtenUnseen(skb, use);
			if (isIn === null || (isIn && isMore)) return null;
			return {
				holds: isIn !== inverted,
				what: `a packet that -j SET of this play has ${isIn ? "put into" : "taken out of"} the set ${set}: give the set as \`ipset save\` prints it (gateway.sets, --sets), and assume nothing of it`,
			};
		};
	},
	lookups: ({ set, sides, inverted, returnNomatch, packets, bytes }) => [
		{
			list: "set",
			how: "asks",
			name: set,
			sides,
			inverted,
			returnNomatch,
			isCounted: packets !== null || bytes !== null,
		},
	],
	/** An element that has counters counts the packet. */
	stateful: true,
	/** `set_match_v4`. */
	compile(options, { sets, recalled, asksWhoCame }) {
		const { set: name, sides, inverted, packets, bytes } = options;
		const use = { name, sides };
		const question = {
			returnNomatch: options.returnNomatch,
			keepCounters: options.keepCounters,
			keepSubcounters: options.keepSubcounters,
			packets: testOf(packets),
			bytes: testOf(bytes),
		};
		const asks =
			asksWhoCame !== undefined && sets.isWritten(name)
				? asksWhoCame
				: undefined;
		return (skb) => {
			asks?.();
			const found = sets.test(skb, use, question);
			if (found && !inverted) recalled?.(keyInSet(use, skb));
			return found !== inverted;
		};
	},
});

function readSet(
	given: GivenOptions,
): Pick<Options, "set" | "sides" | "inverted"> {
	const [match, second] = given.all("match-set", "string");
	const refuse = (message: string, remedy: string) =>
		given.refuse(message, remedy, "match-set");
	if (!match)
		return refuse(
			"You must specify `--match-set' with proper arguments",
			"Name a set and what to look up in it: `--match-set NAME src`.",
		);
	if (second)
		return refuse(
			"--match-set can be specified only once",
			"Write a second `-m set` for the other set.",
		);
	const [name, flags] = twoWords(match.text);
	if (name.length > GREATEST_NAME)
		return refuse(
			`setname \`${name}' too long, max ${GREATEST_NAME} characters.`,
			"No set has a name that long.",
		);
	// It is looked for before the rest is read, and the kernel knows none of an empty name.
	if (name === "") return refuse(NO_SET_NAME.message, NO_SET_NAME.remedy);
	const sides = flags
		.split(",")
		.map((word) =>
			word.startsWith("src")
				? "src"
				: word.startsWith("dst")
					? "dst"
					: refuse(
							`You must ${given.behaviour.words === "of 1.8.9" ? "spefify" : "specify"} (the comma separated list of) 'src' or 'dst'.`,
							"Write `src`, `dst`, or a list of them for a set of several dimensions.",
						),
		);
	if (sides.length > MOST_SIDES)
		return refuse(
			`Can't be more src/dst options than ${MOST_SIDES}.`,
			"No set has that many dimensions.",
		);
	return { set: name, sides, inverted: match.inverted };
}

function readCounter(
	given: GivenOptions,
	what: "packets" | "bytes",
): Counter | null {
	const uses = COMPARISONS.flatMap((is) =>
		given.all(`${what}-${is}`, "string").map((use) => ({ is, use })),
	);
	const [first, second] = uses.toSorted((a, b) => a.use.word - b.use.word);
	if (!first) return null;
	const { is, use } = first;
	const option = `${what}-${is}`;
	if (second)
		return given.refuse(
			`only one of the --${what}-[eq|lt|gt] is allowed`,
			"Write a second `-m set` for the other comparison.",
			`${what}-${second.is}`,
		);
	if (use.inverted && is !== "eq")
		return given.refuse(
			`--${option} option cannot be inverted`,
			"Take the `!` away.",
			option,
		);
	const value =
		readUnsigned64(use.text) ??
		given.refuse(
			`Cannot parse ${use.text} as a counter value`,
			"Write a number.",
			option,
		);
	return { is: use.inverted ? "ne" : is, value: `${value}` };
}

function testOf(counter: Counter | null): SetCounterTest | null {
	return counter && { is: counter.is, value: BigInt(counter.value) };
}

function printCounter(what: string, counter: Counter | null): string {
	if (!counter) return "";
	const { is, value } = counter;
	return is === "ne" ? ` ! --${what}-eq ${value}` : ` --${what}-${is} ${value}`;
}
