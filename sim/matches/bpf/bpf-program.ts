/** Classic BPF as text, and what the kernel takes for a program. */

/** Code, jump if true, jump if false, constant. */
export type Instruction = readonly [
	code: number,
	jt: number,
	jf: number,
	k: number,
];

/** XT_BPF_MAX_NUM_INSTR (include/uapi/linux/netfilter/xt_bpf.h, 6.1). */
const MOST_INSTRUCTIONS = 64;

/**
 * `LENGTH,CODE JT JF K,…` (`bpf_parse_string`, iptables 1.8.9, libxt_bpf.c): scanf(3) takes each number
 * into as many bits as it has room for.
 * @param refuse is told iptables' words
 */
export function readProgram(
	text: string,
	refuse: (message: string) => never,
): readonly Instruction[] {
	const [head = "", length] = /^\s*([+-]?\d+),/.exec(text) ?? [];
	if (length === undefined) return refuse("bpf: error parsing program length");
	const count = wrapped(length, 16);
	if (count === 0) return refuse("bpf: illegal zero length program");
	if (count > MOST_INSTRUCTIONS)
		return refuse("bpf: number of instructions exceeds maximum");
	const program: Instruction[] = [];
	const rest = text.slice(head.length);
	for (const token of rest === "" ? [] : rest.split(",")) {
		// A comma at the end begins nothing.
		if (token === "" && program.length === rest.split(",").length - 1) break;
		if (program.length >= count)
			return refuse(
				"bpf: real program length exceeds the encoded length parameter",
			);
		const [, code, jt, jf, k] =
			/^\s*([+-]?\d+)\s*([+-]?\d+)\s*([+-]?\d+)\s*([+-]?\d+)/.exec(token) ?? [];
		if (k === undefined) return refuse(`bpf: error at instr ${program.length}`);
		program.push([
			wrapped(code ?? "", 16),
			wrapped(jt ?? "", 8),
			wrapped(jf ?? "", 8),
			wrapped(k, 32),
		] as unknown as Instruction);
	}
	if (program.length !== count)
		return refuse(
			"bpf: parsed program length is less than the encoded length parameter",
		);
	return program;
}

/** strtoul(3), which stops at its greatest, and as many of its bits as there is room for. */
function wrapped(digits: string, bits: number): number {
	const magnitude = BigInt(digits.replace(/^[+-]/, ""));
	const most = (1n << 64n) - 1n;
	const value = magnitude > most ? most : magnitude;
	return Number(BigInt.asUintN(bits, digits.startsWith("-") ? -value : value));
}

const RETURN = 0x06;
const JUMP = 0x05;
const DIVIDE_BY_CONSTANT = 0x34;
const MODULO_BY_CONSTANT = 0x94;
const SHIFTS_BY_CONSTANT = [0x64, 0x74];
const STORES = [0x02, 0x03];
const LOADS_FROM_MEMORY = [0x60, 0x61];
/** BPF_MEMWORDS. */
const MEMORY_WORDS = 16;

/** Every code that `chk_code_allowed` lets through (net/core/filter.c, 6.1). */
const ALLOWED: ReadonlySet<number> = new Set([
	// Arithmetic on A, with a constant or X: add, sub, mul, div, or, and, lsh, rsh, mod, xor; neg.
	0x04,
	0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0x94, 0xa4, 0x0c, 0x1c, 0x2c, 0x3c,
	0x4c, 0x5c, 0x6c, 0x7c, 0x9c, 0xac, 0x84,
	// Loads: absolute and indirect, by word, half and octet; lengths, constants, memory.
	0x20,
	0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x81, 0x00, 0x01, 0xb1, 0x60, 0x61, 0x02,
	0x03, 0x07, 0x87, 0x06, 0x16,
	// Jumps.
	0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,
]);

/** `bpf_check_classic` and `check_load_and_stores` (net/core/filter.c, 6.1). */
export function checkProgram(program: readonly Instruction[]): boolean {
	const last = program.at(-1)?.[0];
	if (last !== RETURN && last !== 0x16) return false;
	const sound = program.every(([code, jt, jf, k], at) => {
		if (!ALLOWED.has(code)) return false;
		if (code === DIVIDE_BY_CONSTANT || code === MODULO_BY_CONSTANT)
			return k !== 0;
		if (SHIFTS_BY_CONSTANT.includes(code)) return k < 32;
		if (STORES.includes(code) || LOADS_FROM_MEMORY.includes(code))
			return k < MEMORY_WORDS;
		if (code === JUMP) return k < program.length - at - 1;
		if ((code & 0x07) === JUMP)
			return at + jt + 1 < program.length && at + jf + 1 < program.length;
		return true;
	});
	return sound && readsWhatWasStored(program);
}

/** No way through the program reads a word of memory that was not written on it. */
function readsWhatWasStored(program: readonly Instruction[]): boolean {
	const onTheWay = new Array<number>(program.length).fill(0xffff);
	let valid = 0;
	for (const [at, [code, jt, jf, k]] of program.entries()) {
		valid &= onTheWay[at] as number;
		const jump = (by: number) => {
			const to = at + 1 + by;
			onTheWay[to] = (onTheWay[to] as number) & valid;
		};
		if (STORES.includes(code)) valid |= 1 << k;
		else if (LOADS_FROM_MEMORY.includes(code)) {
			if ((valid & (1 << k)) === 0) return false;
		} else if (code === JUMP) {
			jump(k);
			valid = 0xffff;
		} else if ((code & 0x07) === JUMP) {
			jump(jt);
			jump(jf);
			valid = 0xffff;
		}
	}
	return true;
}
