import { defineTarget } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	ESTIMATOR,
	type EstimatorParameters,
	RateEstimator,
} from "../extension/rate-estimator.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { scanDouble, toUint32 } from "../extension/values/read-double.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options extends EstimatorParameters {
	readonly name: string;
}

/** IFNAMSIZ, less the closing NUL. */
const NAME_LENGTH = 15;
const SECOND_US = 1_000_000;
const UNITS: ReadonlyMap<string, number> = new Map([
	...["s", "sec", "secs"].map((unit) => [unit, SECOND_US] as const),
	...["ms", "msec", "msecs"].map((unit) => [unit, 1000] as const),
	...["us", "usec", "usecs"].map((unit) => [unit, 1] as const),
	["", 1],
]);

/**
 * Estimates a rate, which `-m rateest` compares (iptables 1.8.9 libxt_RATEEST.c, kernel 6.1
 * xt_RATEEST.c). Packets go on.
 */
export const rateest = defineTarget<Options>({
	name: "RATEEST",
	actsUnseen: true,
	options: [
		{ name: "rateest-name", type: "string", mandatory: true },
		{ name: "rateest-interval", type: "string", mandatory: true },
		{ name: "rateest-ewmalog", type: "string", mandatory: true },
	],
	checkFirst: (given) => void readEstimator(given),
	build: (given) => ({
		name: cutOctets(
			given.get("rateest-name", "string")?.text ?? "",
			NAME_LENGTH,
		),
		...readEstimator(given),
	}),
	print({ name, interval, weightLog }) {
		const intervalUs = (SECOND_US * 2 ** interval) / 4;
		const weightUs = (intervalUs * 2 ** weightLog) % 2 ** 32;
		return ` --rateest-name ${name} --rateest-interval${printTime(intervalUs)} --rateest-ewmalog${printTime(weightUs)}`;
	},
	shares: ({ name, interval, weightLog }) => ({
		name,
		as: `${interval} ${weightLog}`,
		otherwise: "xt_RATEEST: it is there with another interval or ewmalog",
	}),
	actsAtLoad: true,
	/** `xt_rateest_tg` */
	compile({ name, ...parameters }, ports) {
		const estimator = ports.named(
			ESTIMATOR,
			name,
			() => new RateEstimator(parameters, ports.loadedMs),
		);
		return ({ length }) => {
			estimator.count(ports.nowMs(), length);
			return XT_CONTINUE;
		};
	},
});

/** Both times, which go together (`RATEEST_final_check`). */
function readEstimator(given: GivenOptions): EstimatorParameters {
	const intervalUs = readTimeUs(given, "interval");
	const weightUs = readTimeUs(given, "ewmalog");
	const interval = [0, 1, 2, 3, 4, 5].find(
		(power) => intervalUs <= 2 ** power * (SECOND_US / 4),
	);
	if (interval === undefined)
		return given.refuse(
			"RATEEST: interval value is too large",
			"It is at most 8s.",
		);
	let weightLog = 0;
	while (weightLog < 31 && !outlasts(intervalUs, weightUs, weightLog + 1))
		weightLog++;
	if (weightLog === 0 || weightLog >= 31)
		return given.refuse(
			"RATEEST: ewmalog value is out of range",
			"Take some multiple of the interval.",
		);
	return { interval, weightLog };
}

/** Is the weight of 2 to the power of minus `log` one for more than the time that was asked for? */
function outlasts(intervalUs: number, weightUs: number, log: number): boolean {
	return intervalUs / -Math.log(1 - 1 / 2 ** log) > weightUs;
}

/** `RATEEST_get_time`, in 32 bits. */
function readTimeUs(given: GivenOptions, what: "interval" | "ewmalog"): number {
	const option = `rateest-${what}`;
	const text = given.get(option, "string")?.text;
	if (text === undefined) return 0;
	const { value, end } = scanDouble(text);
	const unit = UNITS.get(text.slice(end).toLowerCase());
	if (end > 0 && unit !== undefined) return toUint32(value * unit);
	return given.refuse(
		`RATEEST: bad ${what} value "${text}"`,
		"Write a time with its unit: `250ms`, `1s`.",
		option,
	);
}

function printTime(us: number): string {
	if (us >= SECOND_US) return ` ${(us / SECOND_US).toFixed(1)}s`;
	return us >= 1000 ? ` ${(us / 1000).toFixed(1)}ms` : ` ${us}us`;
}
