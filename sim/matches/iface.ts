import { defineMatch } from "../extension/extension.ts";
import { olderFlag, olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions, OptionEntry } from "../extension/options.ts";
import { LOOPBACK_IFINDEX } from "../kernel.ts";

interface Options {
	/** Whose flags are asked for; `in`, `out`: of the interface by which the packet came or goes. */
	readonly of: { readonly name: string } | "in" | "out";
	/** `--dev-in` or `--dev-out` stood behind a `!`, which only `iptables -D` and `-C` tell apart. */
	readonly ofInverted: boolean;
	/** Bits of `FLAGS`: those that are asked for, and those of them that must not be set. */
	readonly asked: number;
	readonly inverted: number;
}

/** The flags, in the order of their bits from 0 (xt_iface.h), each as it is printed. */
const FLAGS = [
	"up",
	"broadcast",
	"loopback",
	"pointopoint",
	"running",
	"noarp",
	"promisc",
	"multicast",
	"dynamic",
	"lower_up",
	"dormant",
] as const;
const bitOf = (flag: (typeof FLAGS)[number]) => 1 << FLAGS.indexOf(flag);

const UP = bitOf("up");
/**
 * `net_device.flags` of interfaces of the model, beside `up`. RUNNING, LOWER_UP and DORMANT are never in
 * it: `dev_get_flags` makes them when a program asks (net/core/dev.c, 6.1).
 */
const ETHERNET = bitOf("broadcast") | bitOf("multicast");
const LOOPBACK = bitOf("loopback");

interface FlagOption {
	readonly option: OptionEntry;
	readonly flag: (typeof FLAGS)[number];
	/** It asks for the flag not to be set. */
	readonly negates: boolean;
}

const flagOption = (
	name: string,
	flag: (typeof FLAGS)[number],
	negates = false,
): FlagOption => ({ option: olderFlag(name), flag, negates });

const IFACE = olderOption("iface");
const DEV_IN = olderFlag("dev-in");
const DEV_OUT = olderFlag("dev-out");
const FLAG_OPTIONS: readonly FlagOption[] = [
	flagOption("up", "up"),
	flagOption("down", "up", true),
	flagOption("broadcast", "broadcast"),
	flagOption("loopback", "loopback"),
	flagOption("pointopoint", "pointopoint"),
	flagOption("pointtopoint", "pointopoint"),
	flagOption("running", "running"),
	flagOption("noarp", "noarp"),
	flagOption("arp", "noarp", true),
	flagOption("promisc", "promisc"),
	flagOption("multicast", "multicast"),
	flagOption("dynamic", "dynamic"),
	flagOption("lower-up", "lower_up"),
	flagOption("dormant", "dormant"),
];

/** IFNAMSIZ, less the closing NUL. */
const NAME_LENGTH = 15;

/**
 * The flags of an interface (xtables-addons 3.23: libxt_iface.c, xt_iface.c). What is printed of
 * `--lower-up` does not load.
 */
export const iface = defineMatch<Options>({
	name: "iface",
	flagCodes: {
		"dev-in": "I",
		"dev-out": "O",
		up: "u",
		down: "U",
		broadcast: "b",
		loopback: "l",
		pointopoint: "p",
		pointtopoint: "p",
		running: "r",
		noarp: "n",
		arp: "N",
		promisc: "o",
		multicast: "m",
		dynamic: "d",
		"lower-up": "w",
		dormant: "a",
	},
	library: { package: "xtables-addons" },
	options: [
		IFACE,
		DEV_IN,
		DEV_OUT,
		...FLAG_OPTIONS.map(({ option }) => option),
	],
	checkFirst(given) {
		if (![IFACE, DEV_IN, DEV_OUT].some(({ name }) => given.has(name)))
			given.refuse(
				"iface: You must specify an interface",
				"Add `--iface NAME`, `--dev-in` or `--dev-out`.",
			);
		if (!FLAG_OPTIONS.some(({ option }) => given.has(option.name)))
			given.refuse(
				"iface: You must specify at least one option",
				"Add what the interface has to be: `--up`, `--down`.",
			);
	},
	build(given) {
		const { of, ofInverted } = readInterface(given);
		let asked = 0;
		let inverted = 0;
		for (const { use, flag, negates } of flagsInOrder(given)) {
			const bit = bitOf(flag);
			if (asked & bit)
				return given.refuse(
					`iface: "--${flag}" flag already specified`,
					"Take one of the two away.",
					use.name,
				);
			asked |= bit;
			if (use.inverted !== negates) inverted |= bit;
		}
		return { of, ofInverted, asked, inverted };
	},
	// The blank at the end is the library's own.
	print({ of, asked, inverted }) {
		const device =
			typeof of === "string" ? `--dev-${of}` : `--iface ${of.name}`;
		const flags = FLAGS.map((flag) => {
			const bit = bitOf(flag);
			return asked & bit ? ` ${inverted & bit ? "! " : ""}--${flag}` : "";
		});
		return ` ${device}${flags.join("")} `;
	},
	hasOneAnswer: "way",
	question: () => ({
		kind: "open",
		on: "the state of the interface",
		isUnknown: true,
	}),
	/** The gateway knows the state of its links. */
	answers: (_options, { decide }) => decide === undefined,
	/** `iface_flagtest` */
	compile({ of, asked, inverted }, ports) {
		const wanted = asked & ~inverted;
		const flagsOf = (index: number) =>
			(index === LOOPBACK_IFINDEX ? LOOPBACK : ETHERNET) |
			(ports.isUp(index) ? UP : 0);
		const test = (index: number) =>
			index > 0 && (flagsOf(index) & asked) === wanted;
		if (of === "in") return ({ inInterface }) => test(inInterface);
		if (of === "out") return ({ outInterface }) => test(outInterface);
		const index = ports.interfaces.indexOf(of.name);
		return () => test(index);
	},
});

/** Of which interface. */
function readInterface(
	given: GivenOptions,
): Pick<Options, "of" | "ofInverted"> {
	const uses = [IFACE, DEV_IN, DEV_OUT]
		.flatMap((option) =>
			given.all(option.name, option.type).map((use) => ({ option, use })),
		)
		.sort((a, b) => a.use.word - b.use.word);
	const [first, second] = uses;
	// Refused in words that `checkFirst` has.
	if (first === undefined) return { of: "in", ofInverted: false };
	if (second?.option === IFACE)
		return given.refuse(
			"iface: Interface name already specified",
			"Write a second `-m iface` for the other interface.",
			IFACE.name,
		);
	if (second !== undefined)
		return given.refuse(
			`iface: "--${second.option.name}" option may only be specified once`,
			"Write a second `-m iface` for the other interface.",
			second.option.name,
		);
	const { option, use } = first;
	if (option !== IFACE)
		return {
			of: option === DEV_IN ? "in" : "out",
			ofInverted: use.inverted,
		};
	if (use.text.length > NAME_LENGTH || /[.+!*]/.test(use.text))
		return given.refuse(
			"iface: Invalid interface name!",
			"Its name has at most 15 characters, and none of `.+!*`: ask for `--dev-in` or `--dev-out` of others.",
			IFACE.name,
		);
	return { of: { name: use.text }, ofInverted: false };
}

function flagsInOrder(given: GivenOptions) {
	return FLAG_OPTIONS.flatMap(({ option, flag, negates }) =>
		given.all(option.name, option.type).map(({ inverted, word }) => ({
			use: { name: option.name, inverted, word },
			flag,
			negates,
		})),
	).sort((a, b) => a.use.word - b.use.word);
}
