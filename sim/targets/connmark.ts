import { defineTarget } from "../extension/extension.ts";
import { connectionOf } from "../extension/host.ts";
import {
	ALL_BITS,
	combinesMark,
	copiesMark,
	readsMark,
	writesMark,
} from "../extension/mark-uses.ts";
import type { GivenOptions, OptionEntry } from "../extension/options.ts";
import type { MarkUse } from "../extension/traits.ts";
import { hex32 } from "../packet/numbers.ts";
import { NO_ENTRY, XT_CONTINUE } from "../packet/skb/skb.ts";

/** Bits are moved to the left, before they are combined with what is there. */
interface Shift {
	readonly direction: "left" | "right";
	readonly bits: number;
}

type Options =
	/** The connection's mark becomes `((mark & ~mask) ^ value)`, shifted. */
	| {
			readonly mode: "set";
			readonly value: number;
			readonly mask: number;
			readonly shift: Shift;
	  }
	/** `save`: from the packet to the connection; `restore`: the other way. */
	| {
			readonly mode: "save" | "restore";
			readonly packetMask: number;
			readonly connectionMask: number;
			readonly shift: Shift;
	  };

const MODES: readonly OptionEntry[] = [
	{ name: "set-xmark", type: "markMask" },
	{ name: "set-mark", type: "markMask" },
	{ name: "and-mark", type: "uint32" },
	{ name: "or-mark", type: "uint32" },
	{ name: "xor-mark", type: "uint32" },
	{ name: "save-mark", type: "none" },
	{ name: "restore-mark", type: "none" },
];

const ALL = -1;

/**
 * Writes the mark of the packet's connection, or copies it to or from the packet (iptables 1.8.9
 * libxt_CONNMARK.c, revision 2; kernel 6.1 xt_connmark.c, `connmark_tg_shift`).
 */
export const connmark = defineTarget<Options>({
	name: "CONNMARK",
	flagCodes: { "save-mark": 1, "restore-mark": 2 },
	usualTable: "mangle",
	numbered: [
		"set-mark",
		"save-mark",
		"restore-mark",
		"and-mark",
		"or-mark",
		"xor-mark",
		"left-shift-mark",
		"right-shift-mark",
		"set-xmark",
		"ctmask",
		"nfmask",
		"mask",
	],
	needsConntrack: true,
	options: [
		...MODES.map((mode) => ({
			...mode,
			excludes: MODES.map(({ name }) => name).filter(
				(name) => name !== mode.name,
			),
		})),
		{ name: "left-shift-mark", type: "uint8", min: 0, max: 32 },
		{ name: "right-shift-mark", type: "uint8", min: 0, max: 32 },
		{ name: "ctmask", type: "uint32", excludes: ["mask"] },
		{ name: "nfmask", type: "uint32", excludes: ["mask"] },
		{ name: "mask", type: "uint32", excludes: ["ctmask", "nfmask"] },
	],
	checkFirst(given) {
		if (!MODES.some(({ name }) => given.has(name))) refuseNoOperation(given);
	},
	build(given) {
		const shift = readShift(given);
		const both = given.get("mask", "uint32");
		const ctmask = given.get("ctmask", "uint32") ?? both;
		const nfmask = given.get("nfmask", "uint32") ?? both;
		for (const mode of ["save", "restore"] as const)
			if (given.has(`${mode}-mark`))
				return {
					mode,
					packetMask: (nfmask?.value ?? ALL) | 0,
					connectionMask: (ctmask?.value ?? ALL) | 0,
					shift,
				};
		const { value, mask, word } = readValue(given);
		// Each of the two writes the same field, so the later one counts.
		const later = ctmask !== undefined && ctmask.word > word;
		return { mode: "set", value, mask: later ? ctmask.value | 0 : mask, shift };
	},
	print(options) {
		const { mode, shift } = options;
		const shifted =
			shift.bits === 0 ? "" : ` --${shift.direction}-shift-mark ${shift.bits}`;
		return mode === "set"
			? ` --set-xmark ${hex32(options.value)}/${hex32(options.mask)}${shifted}`
			: ` --${mode}-mark --nfmask ${hex32(options.packetMask)} --ctmask ${hex32(options.connectionMask)}${shifted}`;
	},
	check: ({ shift }) =>
		shift.bits < 32 ? null : "xt_connmark: cannot shift by 32 bits or more",
	marks: marksOf,
	compile(options, ports) {
		const { conntrack } = ports;
		const shift = compileShift(options.shift);
		if (options.mode === "set") {
			const { value } = options;
			const keep = ~options.mask;
			return (skb) => {
				const entry = connectionOf(skb, ports);
				if (entry !== NO_ENTRY)
					conntrack.setMark(
						entry,
						shift((conntrack.mark(entry) & keep) ^ value),
					);
				return XT_CONTINUE;
			};
		}
		const { packetMask, connectionMask } = options;
		if (options.mode === "save")
			return (skb) => {
				const entry = connectionOf(skb, ports);
				if (entry !== NO_ENTRY)
					conntrack.setMark(
						entry,
						(conntrack.mark(entry) & ~connectionMask) ^
							shift(skb.mark & packetMask),
					);
				return XT_CONTINUE;
			};
		return (skb) => {
			const entry = connectionOf(skb, ports);
			if (entry !== NO_ENTRY)
				skb.mark =
					(skb.mark & ~packetMask) ^
					shift(conntrack.mark(entry) & connectionMask);
			return XT_CONTINUE;
		};
	},
});

function refuseNoOperation(given: GivenOptions): never {
	return given.refuse(
		"CONNMARK target: No operation specified",
		"Say what to do: `--restore-mark`, `--save-mark` or `--set-mark 0x1`.",
	);
}

/** What `--set-mark` and its kin say, and the place where they say it. */
function readValue(given: GivenOptions) {
	const xset = given.get("set-xmark", "markMask");
	if (xset) return { ...xset.value, word: xset.word };
	const set = given.get("set-mark", "markMask");
	if (set) {
		const { value, mask } = set.value;
		return { value, mask: mask | value, word: set.word };
	}
	const and = given.get("and-mark", "uint32");
	if (and) return { value: 0, mask: ~and.value, word: and.word };
	const or = given.get("or-mark", "uint32");
	if (or) return { value: or.value | 0, mask: or.value | 0, word: or.word };
	const xor = given.get("xor-mark", "uint32");
	if (xor === undefined) return refuseNoOperation(given);
	return { value: xor.value | 0, mask: 0, word: xor.word };
}

function readShift(given: GivenOptions): Shift {
	const left = given.get("left-shift-mark", "uint8");
	const right = given.get("right-shift-mark", "uint8");
	return right && right.word > (left?.word ?? 0)
		? { direction: "right", bits: right.value }
		: { direction: "left", bits: left?.value ?? 0 };
}

function marksOf(options: Options): readonly MarkUse[] {
	const shift = compileShift(options.shift);
	if (options.mode !== "set") {
		const { packetMask, connectionMask } = options;
		const packet = { mark: "packet", mask: packetMask } as const;
		const connection = { mark: "connection", mask: connectionMask } as const;
		const saves = options.mode === "save";
		const [from, to] = saves ? [packet, connection] : [connection, packet];
		return copiesMark(
			{ mark: from.mark, bits: from.mask & survivors(options.shift) },
			{ mark: to.mark, mask: to.mask, bits: shift(from.mask) },
		);
	}
	const { value, mask } = options;
	if (options.shift.bits === 0) return combinesMark("connection", options);
	// The bits that are kept move, and zeros come in behind them.
	const moved = shift(~mask);
	return [
		...readsMark("connection", ~mask & survivors(options.shift)),
		...writesMark("connection", ~moved, shift(value & mask)),
		...writesMark("connection", moved, null),
	];
}

/** Bits that a shift does not push out. */
function survivors({ direction, bits }: Shift): number {
	return direction === "left" ? ALL_BITS >>> bits : ALL_BITS << bits;
}

function compileShift({ direction, bits }: Shift): (mark: number) => number {
	if (bits === 0) return (mark) => mark;
	return direction === "left"
		? (mark) => mark << bits
		: (mark) => (mark >>> bits) | 0;
}
