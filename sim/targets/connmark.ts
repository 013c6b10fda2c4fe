import { defineTarget } from "../extension/extension.ts";
import type { GivenOptions, OptionEntry } from "../extension/options.ts";
import { hex32 } from "../packet/numbers.ts";
import { NO_ENTRY, XT_CONTINUE } from "../packet/skb.ts";

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
	build(given) {
		const shift = readShift(given);
		const both = given.get("mask", "uint32")?.value;
		const ctmask = given.get("ctmask", "uint32")?.value ?? both;
		const nfmask = given.get("nfmask", "uint32")?.value ?? both;
		for (const mode of ["save", "restore"] as const)
			if (given.has(`${mode}-mark`))
				return {
					mode,
					packetMask: (nfmask ?? ALL) | 0,
					connectionMask: (ctmask ?? ALL) | 0,
					shift,
				};
		const { value, mask } = readValue(given);
		return { mode: "set", value, mask: (ctmask ?? mask) | 0, shift };
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
	compile(options, { conntrack }) {
		const shift = compileShift(options.shift);
		if (options.mode === "set") {
			const { value } = options;
			const keep = ~options.mask;
			return ({ entry }) => {
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
			return ({ entry, mark }) => {
				if (entry !== NO_ENTRY)
					conntrack.setMark(
						entry,
						(conntrack.mark(entry) & ~connectionMask) ^
							shift(mark & packetMask),
					);
				return XT_CONTINUE;
			};
		return (skb) => {
			if (skb.entry !== NO_ENTRY)
				skb.mark =
					(skb.mark & ~packetMask) ^
					shift(conntrack.mark(skb.entry) & connectionMask);
			return XT_CONTINUE;
		};
	},
});

function readValue(given: GivenOptions): { value: number; mask: number } {
	const setXmark = given.get("set-xmark", "markMask")?.value;
	if (setXmark) return setXmark;
	const setMark = given.get("set-mark", "markMask")?.value;
	if (setMark)
		return { value: setMark.value, mask: setMark.mask | setMark.value };
	const and = given.get("and-mark", "uint32")?.value;
	if (and !== undefined) return { value: 0, mask: ~and };
	const or = given.get("or-mark", "uint32")?.value;
	if (or !== undefined) return { value: or | 0, mask: or | 0 };
	const xor = given.get("xor-mark", "uint32")?.value;
	if (xor !== undefined) return { value: xor | 0, mask: 0 };
	return given.refuse(
		"CONNMARK target: No operation specified",
		"Say what to do: `--restore-mark`, `--save-mark` or `--set-mark 0x1`.",
	);
}

function readShift(given: GivenOptions): Shift {
	const right = given.get("right-shift-mark", "uint8")?.value;
	if (right !== undefined) return { direction: "right", bits: right };
	const left = given.get("left-shift-mark", "uint8")?.value ?? 0;
	return { direction: "left", bits: left };
}

function compileShift({ direction, bits }: Shift): (mark: number) => number {
	if (bits === 0) return (mark) => mark;
	return direction === "left"
		? (mark) => mark << bits
		: (mark) => (mark >>> bits) | 0;
}
