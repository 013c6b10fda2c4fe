import { defineMatch, type NumberCell } from "../extension/extension.ts";
import { HZ } from "../kernel.ts";
import { jiffies } from "./shared/jiffies.ts";
import { printRate, readRate } from "./shared/rate.ts";

interface Options {
	/** Time between two packets, in 1/10000 s. */
	readonly period: number;
	readonly burst: number;
}

/** XT_LIMIT_SCALE (include/uapi/linux/netfilter/xt_limit.h, 6.1). */
const SCALE = 10000;
const DEFAULT_RATE = "3/hour";
const DEFAULT_BURST = 5;

/** CREDITS_PER_JIFFY of xt_limit.c (6.1) with this HZ. */
const CREDITS_PER_JIFFY = 128;

// The two numbers of a rule's cell: its credit, and when it was last asked, in jiffies.
const CREDIT = 0;
const LAST = 1;

/** Lets packets through at a rate, after a burst (iptables 1.8.9 libxt_limit.c, kernel 6.1 xt_limit.c). */
export const limit = defineMatch<Options, NumberCell>({
	name: "limit",
	stateful: true,
	question: () => ({ kind: "open", on: "the rate of packets" }),
	options: [
		{ name: "limit", type: "string" },
		{ name: "limit-burst", type: "uint32", max: 10000 },
	],
	build(given) {
		const text = given.get("limit", "string")?.text ?? DEFAULT_RATE;
		const rate =
			readRate(text, SCALE, 32) ??
			given.refuse(
				`bad rate "${text}"'`,
				"Write packets per second, minute, hour or day: `5/min`.",
				"limit",
			);
		if (rate.period === 0)
			return given.refuse(
				`Rate too fast "${text}"`,
				`The greatest rate is ${SCALE}/sec.`,
				"limit",
			);
		const burst = given.get("limit-burst", "uint32")?.value ?? DEFAULT_BURST;
		return { period: rate.period, burst };
	},
	print({ period, burst }) {
		const rate = ` --limit ${printRate(period, SCALE).text}`;
		return burst === DEFAULT_BURST ? rate : `${rate} --limit-burst ${burst}`;
	},
	check({ period, burst }, { behaviour }) {
		if (behaviour.ownWords === "nf_tables") return null;
		const full = fullCredit({ period, burst });
		return burst === 0 || full < credits(period)
			? `xt_limit: Overflow, try lower: ${period}/${burst}`
			: null;
	},
	cell: (options, ports) => [fullCredit(options), jiffies(ports.loadedMs)],
	compile(options, ports, { cell }) {
		const cost = credits(options.period);
		const full = fullCredit(options);
		return () => {
			const now = jiffies(ports.nowMs());
			const since = now - (cell[LAST] as number);
			// 32 bits, so a gap of more than 37 hours earns less than it should; so in the kernel.
			const earned =
				((cell[CREDIT] as number) + since * CREDITS_PER_JIFFY) >>> 0;
			const credit = Math.min(earned, full);
			const isPaid = credit >= cost;
			cell[LAST] = now;
			cell[CREDIT] = isPaid ? credit - cost : credit;
			return isPaid;
		};
	},
});

/** `credit_cap`: what is saved up at most, and there from the beginning. */
function fullCredit({ period, burst }: Options): number {
	return credits(Math.imul(period, burst) >>> 0);
}

/** `user2credits`: 32-bit arithmetic, which divides first when multiplying would overflow. */
function credits(time: number): number {
	const perSecond = HZ * CREDITS_PER_JIFFY;
	if (time > Math.floor(0xffffffff / perSecond))
		return Math.imul(Math.floor(time / SCALE), perSecond) >>> 0;
	return Math.floor((time * perSecond) / SCALE);
}
