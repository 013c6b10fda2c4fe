/** Arguments whose syntax belongs to an extension: what is of that syntax, and what nearly is. */
import fc from "fast-check";
import {
	each,
	listOf,
	long,
	numbers,
	one,
	type Texts,
	type Values,
	words,
} from "./values.ts";

/** Words with commas between, and what is no list. */
export function names(
	list: readonly string[],
	odd: readonly string[] = [],
): Values {
	const lower = list.map((name) => name.toLowerCase());
	const short = list.map((name) => name.slice(0, 3));
	return {
		sound: listOf(list),
		odd: fc.oneof(
			listOf(lower),
			listOf(short),
			one("", ",", `${list[0]},`, `,${list[0]}`, `${list[0]} `, "nothing"),
			one(
				`${list[0]},nothing`,
				`${list[0]},,${list[0]}`,
				`${list[0]}|`,
				...odd,
			),
			one(`${list[0]},${list[0]}`),
		),
	};
}

/** One word of a few. */
export function oneName(
	list: readonly string[],
	...odd: readonly string[]
): Values {
	const first = list[0] ?? "";
	return {
		sound: one(...list),
		odd: one("", first.toUpperCase(), first.slice(0, -1), `${first}x`, ...odd),
	};
}

export const STATES = ["INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED"];
export const ADDRESS_TYPES = [
	"UNSPEC",
	"UNICAST",
	"LOCAL",
	"BROADCAST",
	"ANYCAST",
	"MULTICAST",
	"BLACKHOLE",
	"UNREACHABLE",
	"PROHIBIT",
	"THROW",
	"NAT",
	"XRESOLVE",
];
export const DSCP_CLASSES = [
	"CS0",
	"CS1",
	"CS7",
	"BE",
	"AF11",
	"AF23",
	"AF43",
	"EF",
	"cs5",
	"ef",
];

const fewOrMany = (least: number): Texts =>
	fc.oneof(
		fc.integer({ min: least, max: 100 }).map(String),
		fc.integer({ min: least, max: 20_000 }).map(String),
		fc.integer({ min: least, max: 2_000_000 }).map(String),
	);
const UNITS = [
	"s",
	"sec",
	"second",
	"m",
	"min",
	"minute",
	"h",
	"hour",
	"d",
	"day",
];
export const RATE: Values = {
	sound: fc
		.tuple(fewOrMany(1), one("", ...UNITS.map((unit) => `/${unit}`)))
		.map((parts) => parts.join("")),
	odd: each(`0/s 0 ∅ /s 5/ 5/secs 5/S 5/Min 5/week 5␣/s 5x/s -5/s 10001/s 10000/s 1000001/s 1000000/s
0x5/s 5/s/s 1e3/s 4294967296/s 4294967297/d +5/s 1/day␣`),
};
const BYTE_RATE: Values = {
	sound: fc
		.tuple(fewOrMany(16), one("b/s", "kb/s", "mb/s"))
		.map((parts) => parts.join("")),
	odd: each(`0b/s 15b/s 1gb/s b/s kb/s 5b 5kb/m 5KB/s 5xb/s 4294967296b/s 5000mb/s 4096mb/s
68719476736b/s -1b/s 99999999999999999999mb/s 5b/s␣ 1b/sx`),
};
export const HASH_RATE: Values = {
	sound: fc.oneof(RATE.sound, BYTE_RATE.sound),
	odd: fc.oneof(RATE.odd, BYTE_RATE.odd),
};

const two = (most: number) =>
	fc.nat(most).map((number) => `${number}`.padStart(2, "0"));
export const DATE: Values = {
	sound: fc
		.tuple(
			fc.integer({ min: 1970, max: 2037 }),
			two(11),
			two(27),
			two(23),
			two(59),
		)
		.chain(([year, month, day, hour, minute]) => {
			const date = `${year}-${two12(month)}-${two12(day)}`;
			return one(
				`${year}`,
				date,
				`${date}T${hour}`,
				`${date}T${hour}:${minute}`,
				`${year}-${two12(month)}`,
				`${date}T${hour}:${minute}:07`,
			);
		}),
	odd: each(`1969 2038 2039 2038-01-19T03:14:07 2038-01-19T03:14:08 2030-13 2030-02-30 2030-00-10
2030-01-32 2030-1-1 30 2030-01-01␣08:00 2030-01-01T24:00 2030-01-01T23:60 2030- ∅
2030-01-01T08:00:61 2030-01-01T08:00:00Z 1970-01-01T00:00:00 2030-06-31 T08:00
2030-01-01T 2030-01-01T08: +2030 02030 2024-02-29 2023-02-29 2030-01-00`),
};
const two12 = (text: string): string => `${Number(text) + 1}`.padStart(2, "0");
export const DAYTIME: Values = {
	sound: fc.oneof(
		fc.tuple(two(23), two(59)).map((parts) => parts.join(":")),
		fc.tuple(two(23), two(59), two(59)).map((parts) => parts.join(":")),
		one("00:00", "23:59:59", "8:5", "0:00:1"),
	),
	odd: each(`24:00 23:60 8 ∅ : :: 8: :5 08:00:60 08:00:00:00 -1:00 ␣8:00 8␣:00 8:00␣ 0x8:00 08:00pm
008:000 8:5x`),
};
export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const hexDigits = each(`00 0d 0a ff 7e 41 Ab 5c 22`);
export const hexBlock = fc
	.array(hexDigits, { minLength: 1, maxLength: 5 })
	.chain((octets) => one(`|${octets.join(" ")}|`, `|${octets.join("")}|`));

const u32Number = each(`0 4 6 0xff 0xFFFF 28 010 4294967295`);
const u32Step = fc.oneof(
	fc.tuple(one("&", "@", " & ", " @"), u32Number),
	fc.tuple(one(">>", "<<", " >> "), one("0", "8", "0x10", "31", "010")),
);
const u32Location = fc
	.tuple(u32Number, fc.array(u32Step, { maxLength: 4 }))
	.map(([first, steps]) => first + steps.map((step) => step.join("")).join(""));
const u32Values = fc
	.array(fc.oneof(u32Number, one("1:2", "0:0xffff", "5 : 6", "7:3")), {
		minLength: 1,
		maxLength: 4,
	})
	.map((values) => values.join(","));
const u32Test = fc
	.tuple(u32Location, one("=", " = "), u32Values)
	.map((p) => p.join(""));
export const U32_EXPRESSION: Values = {
	sound: fc
		.array(u32Test, { minLength: 1, maxLength: 3 })
		.chain((tests) => one(tests.join("&&"), tests.join(" && "))),
	odd: one(
		"",
		"0",
		"0=",
		"=1",
		"0&=1",
		"0>28=4",
		"0<>1=1",
		"0=1&",
		"0=1&&",
		"0=1&2",
		"0=1,",
		"0=1:",
		"0=:1",
		"0==1",
		"0=1 2",
		"0=x",
		"x=1",
		"0>>32=1",
		"0<<31=1",
		"0=4294967296",
		"-1=0",
		"0 28=4",
		"0&&1=1",
		"0@@1=1",
		"0=1&& ",
		" 0=1 ",
		Array(10).fill("0=1").join("&&"),
		Array(11).fill("0=1").join("&&"),
		Array(12).fill("0=1").join("&&"),
		`0=${Array(10).fill("1").join(",")}`,
		`0=${Array(11).fill("1").join(",")}`,
		`0${"&1".repeat(9)}=1`,
		`0${"&1".repeat(10)}=1`,
		`0${"&1".repeat(11)}=1`,
	),
};

export const PROC_NAME: Values = {
	sound: fc.oneof(one("seen", "a", "B_1-2"), long([27, 28, 29, 30])),
	odd: fc.oneof(
		one("", "a/b", ".", "..", "/", "a b", "...", "-x", "!", "ä", 'a"b', "a\\b"),
		long([31, 32, 199, 200, 254, 255, 256]),
	),
};
export const INTERFACE: Values = {
	sound: each(`eth0 bond0.204 eth+ + lo a 123456789012345`),
	odd: each(`∅ 1234567890123456 e␣th eth0␣ e/h ! ++ é *`),
};
export const ID: Values = {
	sound: each(`0 1000 4294967294 1-9 0-4294967294 7-7`),
	odd: each(`4294967295 -1 9-1 1:9 ∅ 1- - 1-2-3 0x10 1-x`),
};
export const EVENTS = [
	"new",
	"related",
	"destroy",
	"reply",
	"assured",
	"protoinfo",
	"helper",
	"mark",
	"natseqinfo",
	"secmark",
];
export const ZONE: Values = {
	sound: fc.oneof(numbers(0, 65_535).sound, one("mark")),
	odd: each(`65536 -1 ∅ MARK mar x 1␣`),
};
export const TEXT: Values = {
	sound: words(40),
	odd: fc.oneof(one("", " ", "a\\", '"', '\\"', "'", "-", "!"), long()),
};
/** A set, and which addresses and ports are looked up in it. */
export const SET_AND_SIDES: Values = {
	sound: one("seen src", "a dst,src", "seen src,dst,src,dst,src,dst"),
	odd: one("seen up", "seen src,dst,src,dst,src,dst,src", "seen ,src"),
};
export const RATE_NAME: Values = {
	sound: one("RE1", "RE2"),
	odd: long([15, 16]),
};
