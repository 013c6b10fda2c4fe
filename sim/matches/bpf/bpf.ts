import { defineMatch } from "../../extension/extension.ts";
import { YES, yesOrNo } from "../../extension/made-up.ts";
import { madeUpTest } from "../../extension/made-up-test.ts";
import { ALL_BITS, readsMark } from "../../extension/mark-uses.ts";
import { cutOctets } from "../../extension/values/octets.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { knownOctets } from "../shared/known-octets.ts";
import { packetOctets } from "../shared/packet-octets.ts";
import { checkProgram, type Instruction, readProgram } from "./bpf-program.ts";
import { runProgram } from "./bpf-run.ts";

interface Options {
	/** `null` where a pinned one is named. */
	readonly program: readonly Instruction[] | null;
	readonly path: string;
}

/** XT_BPF_PATH_MAX, less the closing NUL (include/uapi/linux/netfilter/xt_bpf.h, 6.1). */
const PATH_LENGTH = 511;

/** SKF_AD_OFF + SKF_AD_MARK (include/uapi/linux/filter.h, 6.1): a load of this word is one of the mark. */
const MARK_FIELD = 0xfffff014;
const LOAD_WORD = 0x20;

const readsMarkField = ([code, , , k]: Instruction): boolean =>
	code === LOAD_WORD && k === MARK_FIELD;

/** Runs a BPF program on the packet (iptables 1.8.9 libxt_bpf.c, kernel 6.1 xt_bpf.c, revision 1). */
export const bpf = defineMatch<Options>({
	name: "bpf",
	options: [
		{ name: "bytecode", type: "string" },
		{ name: "object-pinned", type: "string" },
	],
	checkFirst(given) {
		if (given.has("bytecode") === given.has("object-pinned"))
			given.refuse(
				"bpf: one of --bytecode or --pinned is required",
				"Give the program (`--bytecode`), or where it is pinned (`--object-pinned`).",
			);
	},
	build(given) {
		const bytecode = given.get("bytecode", "string");
		const pinned = given.get("object-pinned", "string");
		const path = pinned?.text ?? "";
		if (pinned && path === "")
			given.refuse(
				"bpf: failed to get bpf object",
				"Write where the program is pinned: `/sys/fs/bpf/NAME`.",
				"object-pinned",
			);
		const program = bytecode
			? readProgram(bytecode.text, (message) =>
					given.refuse(
						message,
						"Take what nfbpf_compile writes: `4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0`.",
						"bytecode",
					),
				)
			: null;
		return { program, path: cutOctets(path, PATH_LENGTH) };
	},
	print: ({ program, path }) =>
		program === null
			? ` --object-pinned ${path}`
			: ` --bytecode "${program.length},${program.map((one) => one.join(" ")).join(",")}"`,
	check: ({ program }) =>
		program === null || checkProgram(program)
			? null
			: "xt_bpf: check failed: parse error",
	needs: ({ program, path }) =>
		program === null ? [{ kind: "bpf", name: path }] : [],
	/** A program that the rule has goes by the packet; of a pinned one the rule has the path alone. */
	question: ({ program, path }) =>
		program === null
			? { kind: "open", on: `the BPF program at ${path}`, isUnknown: true }
			: null,
	/** A pinned program may read the mark, too: nothing is known of it. */
	marks: ({ program }) =>
		program?.some(readsMarkField) ? readsMark("packet", ALL_BITS) : [],
	notModelled: ({ program }) => (program === null ? "object-pinned" : null),
	readsAnyOctet: true,
	compile({ program, path }, ports, { name }) {
		if (program === null)
			return () => ports.unknown(`what the BPF program at ${path} says`);
		const unknown = (what: string) =>
			ports.unknown(`a BPF program reads the ${what}`);
		const run = (skb: Skb, reads?: (from: number, count?: number) => void) => {
			const { mark } = skb;
			const octets = packetOctets(skb, ports);
			const hears = reads === undefined ? {} : { reads };
			return runProgram(program, { octets, mark, unknown, ...hears }) !== 0;
		};
		return madeUpTest(
			(skb) => run(skb),
			ports,
			name,
			(skb, made) => {
				const knownAt = knownOctets(skb, made);
				let isTold = true;
				// What it does with octets that all packets have alike is the same for all of them.
				run(skb, (from, count) => {
					isTold &&= count !== undefined && areKnown(knownAt, from, count);
				});
				const on = "octets of the packet that its senders choose";
				const value = yesOrNo(on, `bpf ${JSON.stringify(program)}`);
				return isTold ? null : { ...value, holds: YES };
			},
		);
	},
});

/** Bits by which packets must not be taken apart are left out: programs ask there for fragments. */
const FRAGMENTS = 6;

function areKnown(
	knownAt: (at: number) => number,
	from: number,
	count: number,
): boolean {
	return Array.from({ length: count }, (_, more) => from + more).every(
		(at) => at === FRAGMENTS || knownAt(at) === 0xff,
	);
}
