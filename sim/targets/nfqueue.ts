import { defineTarget } from "../extension/extension.ts";

interface Options {
	readonly queue: number;
	/** Queues in all, from `queue` on. */
	readonly count: number;
	readonly bypass: boolean;
	readonly cpuFanout: boolean;
}

/**
 * Leaves the verdict to a program (iptables 1.8.9 libxt_NFQUEUE.c, revision 3). What the program
 * would say is not modelled.
 */
export const nfqueue = defineTarget<Options>({
	name: "NFQUEUE",
	flagCodes: { "queue-bypass": 2, "queue-cpu-fanout": 3 },
	ends: "queues",
	options: [
		{ name: "queue-num", type: "uint16", excludes: ["queue-balance"] },
		{
			name: "queue-balance",
			type: "uint16Range",
			// iptables asks for it from 1.8.10 on.
			max: 65534,
			excludes: ["queue-num"],
		},
		{ name: "queue-bypass", type: "none" },
		{
			name: "queue-cpu-fanout",
			type: "none",
			requires: ["queue-balance"],
		},
	],
	build(given) {
		const flags = {
			bypass: given.has("queue-bypass"),
			cpuFanout: given.has("queue-cpu-fanout"),
		};
		const balance = given.get("queue-balance", "uint16Range");
		if (!balance) {
			const queue = given.get("queue-num", "uint16")?.value ?? 0;
			return { queue, count: 1, ...flags };
		}
		const [first, last] = balance.value;
		if (!balance.text.includes(":"))
			return given.refuse(
				`Bad range "${balance.text}"`,
				"Write the first and the last queue: `0:3`.",
				"queue-balance",
			);
		if (first >= last)
			return given.refuse(
				`${first} should be less than ${last}`,
				"Write the lower number first; one queue alone is `--queue-num`.",
				"queue-balance",
			);
		return { queue: first, count: last - first + 1, ...flags };
	},
	print({ queue, count, bypass, cpuFanout }) {
		const queues =
			count > 1
				? ` --queue-balance ${queue}:${queue + count - 1}`
				: ` --queue-num ${queue}`;
		return `${queues}${bypass ? " --queue-bypass" : ""}${cpuFanout ? " --queue-cpu-fanout" : ""}`;
	},
	/** All of them are as many as fit in no 16 bits. */
	check: ({ count }) =>
		count === 65536 ? "xt_NFQUEUE: number of total queues is 0" : null,
	compile: null,
});
