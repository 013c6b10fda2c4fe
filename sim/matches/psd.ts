import { defineMatch } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";

interface Options {
	readonly weight: number;
	/** Hundredths of a second. */
	readonly delay: number;
	readonly lowPorts: number;
	readonly highPorts: number;
}

const WEIGHT = "psd-weight-threshold";
const DELAY = "psd-delay-threshold";
const LOW = "psd-lo-ports-weight";
const HIGH = "psd-hi-ports-weight";
const MOST = 10_000;

/** Adds up the ports that a source asks for (xtables-addons 3.23: libxt_psd.c, xt_psd.c). */
export const psd = defineMatch<Options>({
	name: "psd",
	library: { package: "xtables-addons" },
	options: [WEIGHT, DELAY, LOW, HIGH].map((name) => olderOption(name)),
	build: (given) => ({
		weight: numberOf(given, WEIGHT) ?? 21,
		delay: numberOf(given, DELAY) ?? 300,
		lowPorts: numberOf(given, LOW) ?? 3,
		highPorts: numberOf(given, HIGH) ?? 1,
	}),
	print: ({ weight, delay, lowPorts, highPorts }) =>
		` --${WEIGHT} ${weight} --${DELAY} ${delay} --${LOW} ${lowPorts} --${HIGH} ${highPorts} `,
	/** `psd_mt_check` */
	check: ({ weight, lowPorts, highPorts }) =>
		weight === 0 || lowPorts + highPorts === 0
			? "xt_psd: it would match every first packet, or none"
			: null,
	question: () => ({
		kind: "open",
		on: "the packets that came before",
		isUnknown: true,
	}),
	compile: null,
});

function numberOf(given: GivenOptions, option: string): number | null {
	const uses = given.all(option, "string");
	const last = uses.at(-1);
	if (last === undefined) return null;
	if (uses.length > 1)
		given.refuse(
			`Can't specify --${option} twice`,
			"Take one of the two away.",
			option,
		);
	const value = readUnsigned(last.text, 0, MOST);
	if (value >= 0) return value;
	return given.refuse(
		`bad --${option} '${last.text}'`,
		`Write a number of at most ${MOST}.`,
		option,
	);
}
