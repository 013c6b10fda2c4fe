import { defineMatch } from "../extension/extension.ts";

interface Options {
	readonly cpu: number;
	readonly inverted: boolean;
}

/** The processor that handles the packet (iptables 1.8.9 libxt_cpu.c, kernel 6.1 xt_cpu.c). */
export const cpu = defineMatch<Options>({
	name: "cpu",
	options: [{ name: "cpu", type: "uint32", mandatory: true, invertible: true }],
	build(given) {
		const cpu = given.get("cpu", "uint32");
		return { cpu: cpu?.value ?? 0, inverted: cpu?.inverted ?? false };
	},
	print: ({ cpu, inverted }) => `${inverted ? " !" : ""} --cpu ${cpu}`,
	question: () => ({
		kind: "open",
		on: "the processor that handles the packet",
		isUnknown: true,
	}),
	/** The gateway has one processor, number 0. */
	compile({ cpu, inverted }) {
		const holds = (cpu === 0) !== inverted;
		return () => holds;
	},
});
