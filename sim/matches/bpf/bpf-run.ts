/** Runs a program of classic BPF on a packet (`___bpf_prog_run` on what `bpf_convert_filter` makes, 6.1). */
import type { Instruction } from "./bpf-program.ts";

/** What a program sees of a packet. */
export interface BpfPacket {
	/** From its IPv4 header on. */
	readonly octets: Uint8Array;
	/** Signed. */
	readonly mark: number;
	/** Hears of octets that are read. @param count left out: how many there are is asked for */
	reads?(from: number, count?: number): void;
	/** @param what a program reads that the model does not have */
	unknown(what: string): never;
}

// Classes of instructions, and what stands in their upper bits (include/uapi/linux/bpf_common.h, 6.1).
const CLASS = 0x07;
const LOAD = 0;
const LOAD_X = 1;
const STORE = 2;
const STORE_X = 3;
const ARITHMETIC = 4;
const JUMP = 5;
const RETURN = 6;
const SIZE = 0x18;
const MODE = 0xe0;
const OPERATION = 0xf0;
const BY_X = 0x08;
const RETURN_A = 0x16;
const X_TO_A = 0x87;

/** A load beyond the packet, and a division by zero, end the program with 0. */
const STOPPED = 0;

// Offsets that stand for something else than octets from the packet's beginning on (linux/filter.h, 6.1).
const ANCILLARY = -0x1000;
const NETWORK = -0x100000;
const ETHERTYPE_IPV4 = 0x0800;

interface Registers {
	a: number;
	x: number;
	readonly memory: Int32Array;
}

/** @returns what the program returns, signed: 0 does not match */
export function runProgram(
	program: readonly Instruction[],
	packet: BpfPacket,
): number {
	const registers: Registers = { a: 0, x: 0, memory: new Int32Array(16) };
	for (let at = 0; ; at++) {
		const [code, jt, jf, k] = program[at] as Instruction;
		switch (code & CLASS) {
			case LOAD:
			case LOAD_X: {
				const value = load(code, k, registers, packet);
				if (value === null) return STOPPED;
				if ((code & CLASS) === LOAD) registers.a = value;
				else registers.x = value;
				break;
			}
			case STORE:
				registers.memory[k] = registers.a;
				break;
			case STORE_X:
				registers.memory[k] = registers.x;
				break;
			case ARITHMETIC: {
				const by = code & BY_X ? registers.x : k | 0;
				const value = compute(code & OPERATION, registers.a, by);
				if (value === null) return STOPPED;
				registers.a = value;
				break;
			}
			case JUMP: {
				const by = code & BY_X ? registers.x : k | 0;
				if ((code & OPERATION) === 0) at += k;
				else at += holds(code & OPERATION, registers.a, by) ? jt : jf;
				break;
			}
			case RETURN:
				return code === RETURN_A ? registers.a : k | 0;
			default:
				if (code === X_TO_A) registers.a = registers.x;
				else registers.x = registers.a;
		}
	}
}

/** @returns `null` beyond the packet */
function load(
	code: number,
	k: number,
	{ a, x, memory }: Registers,
	packet: BpfPacket,
): number | null {
	const octets = 4 >> ((code & SIZE) >> 3);
	switch (code & MODE) {
		case 0x00:
			return k | 0;
		case 0x20:
			return (k | 0) < 0 && (k | 0) >= ANCILLARY
				? ancillary((k | 0) - ANCILLARY, { a, x }, packet)
				: read(packet, k | 0, octets);
		case 0x40:
			return read(packet, (x + k) | 0, octets);
		case 0x60:
			return memory[k] as number;
		case 0x80:
			packet.reads?.(0);
			return packet.octets.length;
		default: {
			const octet = read(packet, k | 0, 1);
			return octet === null ? null : (octet & 0xf) * 4;
		}
	}
}

function read(packet: BpfPacket, offset: number, count: number): number | null {
	const { octets } = packet;
	if (offset < NETWORK) return packet.unknown("link layer");
	const from = offset < 0 ? offset - NETWORK : offset;
	packet.reads?.(from, count);
	if (from + count > octets.length) return null;
	let value = 0;
	for (let at = from; at < from + count; at++)
		value = (value << 8) | (octets[at] as number);
	return value;
}

/** What the kernel knows besides the octets (`SKF_AD_*`, `convert_bpf_extensions`). */
function ancillary(
	field: number,
	{ a, x }: Pick<Registers, "a" | "x">,
	{ mark, unknown }: BpfPacket,
): number {
	switch (field) {
		case 0:
			return ETHERTYPE_IPV4;
		case 20:
			return mark;
		case 36:
			return 0; // There is one processor.
		case 40:
			return a ^ x;
		default:
			return unknown(`field ${field} of the kernel's`);
	}
}

/** Of 32 bits, unsigned where it matters. @returns `null` for a division by zero */
function compute(operation: number, a: number, by: number): number | null {
	switch (operation) {
		case 0x00:
			return (a + by) | 0;
		case 0x10:
			return (a - by) | 0;
		case 0x20:
			return Math.imul(a, by);
		case 0x30:
			return by === 0 ? null : ((a >>> 0) / (by >>> 0)) | 0;
		case 0x40:
			return a | by;
		case 0x50:
			return a & by;
		case 0x60:
			return a << by;
		case 0x70:
			return (a >>> by) | 0;
		case 0x80:
			return -a | 0;
		case 0x90:
			return by === 0 ? null : ((a >>> 0) % (by >>> 0)) | 0;
		default:
			return a ^ by;
	}
}

function holds(operation: number, a: number, by: number): boolean {
	switch (operation) {
		case 0x10:
			return a === by;
		case 0x20:
			return a >>> 0 > by >>> 0;
		case 0x30:
			return a >>> 0 >= by >>> 0;
		default:
			return (a & by) !== 0;
	}
}
