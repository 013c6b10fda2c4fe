/**
 * `statistic --mode random`: either side draws for itself, so not packets are compared but how many of
 * them matched. Both have to lie where the exact binomial distribution lets all but one in a million lie.
 */
import fc from "fast-check";
import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import { udp } from "../../sim/packet/build.ts";
import { binomialBand } from "../../sim/statistics.ts";
import type { TracingDriver } from "../compare/lockstep/side-by-side.ts";
import { modelDriver } from "../run/driver.ts";
import { gatewayChoice } from "../run/set-up.ts";
import type { ChanceResult } from "./chance-result.ts";
import {
	gatewaySetup,
	HOSTS,
	OUTSIDE,
	OWN_ADDRESSES,
} from "./world/topology.ts";

const PACKETS = 2_000;
const RULES_PER_SEED = 4;
/** Of a right side being called wrong. */
const FALSE_ALARM = 1e-6;
/** What the kernel draws of: 31 bits. */
const DRAWS = 2 ** 31;

const rules = fc.record({
	probability: fc.oneof(
		fc.constantFrom(0.5, 0.33333333349, 0.01, 0.999),
		fc.integer({ min: 1, max: 9_999 }).map((part) => part / 10_000),
	),
	inverted: fc.boolean(),
});

type ChanceRule = typeof rules extends fc.Arbitrary<infer Rule> ? Rule : never;

/** Rules of chance that a seed draws. */
export function chanceRules(seed: number): readonly ChanceRule[] {
	return fc.sample(fc.noBias(rules), { seed, numRuns: RULES_PER_SEED });
}

/** Plays one of them. @throws whatever the driver throws */
export async function playChance(
	{ probability, inverted }: ChanceRule,
	{
		seed,
		driver,
		linux,
	}: {
		readonly seed: number;
		readonly driver: TracingDriver;
		readonly linux: Linux | null;
	},
): Promise<ChanceResult> {
	const text = probability.toFixed(11);
	const restore = restoreOf(`${inverted ? "! " : ""}--probability ${text}`);
	const setup = gatewaySetup({}, { linux });
	const choice = gatewayChoice(seed);
	const model = modelDriver.open(setup, { choice });
	model.answer(restore);
	for (const ask of PACKETS_SENT) model.answer(ask);
	const kernel = await driver.open(setup, { choice });
	try {
		await kernel.answer(restore);
		await kernel.answerAll(PACKETS_SENT);
		const chance = Math.round(probability * DRAWS) / DRAWS;
		return {
			probability: text,
			inverted,
			packets: PACKETS,
			model: matchedIn(model.answer(OBSERVE)),
			kernel: matchedIn(await kernel.answer(OBSERVE)),
			...binomialBand(PACKETS, inverted ? 1 - chance : chance, 1 - FALSE_ALARM),
		};
	} finally {
		await kernel.close();
	}
}

const OBSERVE: Ask = { kind: "observe", atMs: 2 };

/** Nothing gets any further, so that nothing is answered. */
function restoreOf(option: string): Ask {
	const text = `*mangle\n:PREROUTING DROP [0:0]\n-A PREROUTING -m statistic --mode random ${option}\nCOMMIT\n`;
	const how = { file: "chance.rules", noflush: false, counters: false };
	return {
		kind: "operation",
		atMs: 0,
		operation: { kind: "restore", text, ...how },
	};
}

const PACKETS_SENT: readonly Ask[] = Array.from({ length: PACKETS }, () => ({
	kind: "packet",
	atMs: 1,
	interface: OUTSIDE,
	packet: udp({
		source: HOSTS[0]?.address ?? "",
		sourcePort: 40_000,
		destination: OWN_ADDRESSES[0],
		destinationPort: 53,
	}),
}));

function matchedIn({ observation }: Answer): number {
	const [, packets = "0"] =
		/^\[(\d+):\d+\] -A PREROUTING/m.exec(observation?.ruleset ?? "") ?? [];
	return Number(packets);
}
