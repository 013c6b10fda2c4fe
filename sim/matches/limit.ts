import {
	defineMatch,
	type NumberCell,
	type Test,
} from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { ERANGE } from "../extension/kernel-refusal.ts";
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

// Under nf_tables there are three: packets that may pass, nanoseconds saved for the next, and when it was last asked.
const PASSES = 0;
const SAVED = 1;
const ASKED = 2;

/** NFT_LIMIT_PKT_BURST_DEFAULT (net/netfilter/nft_limit.c, 6.1): for a burst of 0. */
const NFT_BURST = 5;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;

/**
 * Lets packets through at a rate, after a burst (iptables 1.8.9 libxt_limit.c, kernel 6.1 xt_limit.c). From 1.8.8 on
 * iptables-nft writes it as nf_tables' own (`add_nft_limit`, iptables/nft.c; `nft_limit_eval`, kernel 6.1 nft_limit.c).
 */
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
	print({ period, burst }, _header, { ownWords }) {
		const rate = ` --limit ${printRate(period, SCALE).text}`;
		const isDefault =
			burst === DEFAULT_BURST || (burst === 0 && ownWords === "nf_tables");
		return isDefault ? rate : `${rate} --limit-burst ${burst}`;
	},
	check({ period, burst }, { behaviour }) {
		if (behaviour.ownWords === "nf_tables") return null;
		const full = fullCredit({ period, burst });
		return burst === 0 || full < credits(period)
			? {
					error: ERANGE,
					reason: `xt_limit: Overflow, try lower: ${period}/${burst}`,
				}
			: null;
	},
	cell: (options, { behaviour, loadedMs }) =>
		behaviour.limitClock === "ticks"
			? [fullCredit(options), jiffies(loadedMs)]
			: [nftBurst(options), 0, nanoseconds(loadedMs)],
	compile: (options, ports, { cell }) =>
		ports.behaviour.limitClock === "ticks"
			? byTicks(options, ports, cell)
			: byNanoseconds(options, ports, cell),
});

/** `limit_mt`. */
function byTicks(
	options: Options,
	ports: ExtensionHost,
	cell: NumberCell,
): Test {
	const cost = credits(options.period);
	const full = fullCredit(options);
	return () => {
		const now = jiffies(ports.nowMs());
		const since = now - (cell[LAST] as number);
		// 32 bits, so a gap of more than 37 hours earns less than it should; so in the kernel.
		const earned = ((cell[CREDIT] as number) + since * CREDITS_PER_JIFFY) >>> 0;
		const credit = Math.min(earned, full);
		const isPaid = credit >= cost;
		cell[LAST] = now;
		cell[CREDIT] = isPaid ? credit - cost : credit;
		return isPaid;
	};
}

/** `nft_limit_eval`. Its tokens are 64 bits of nanoseconds; here whole packets are counted apart, so nothing is rounded. */
function byNanoseconds(
	options: Options,
	ports: ExtensionHost,
	cell: NumberCell,
): Test {
	const cost = nftCost(options);
	const burst = nftBurst(options);
	return () => {
		const now = nanoseconds(ports.nowMs());
		const saved = (cell[SAVED] as number) + now - (cell[ASKED] as number);
		const passes = (cell[PASSES] as number) + Math.floor(saved / cost);
		const isFull = passes >= burst;
		const left = isFull ? burst : passes;
		cell[ASKED] = now;
		cell[SAVED] = isFull ? 0 : saved % cost;
		cell[PASSES] = Math.max(0, left - 1);
		return left > 0;
	};
}

function nanoseconds(ms: number): number {
	return Math.round(ms * NS_PER_MS);
}

function nftBurst({ burst }: Options): number {
	return burst === 0 ? NFT_BURST : burst;
}

/** Between two packets: of so many each unit, as iptables-save prints it. */
function nftCost({ period }: Options): number {
	const { unitSeconds } = printRate(period, SCALE);
	const rate = Math.floor((unitSeconds * SCALE) / period);
	return Math.floor((unitSeconds * NS_PER_SECOND) / rate);
}

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
