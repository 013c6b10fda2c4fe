/** When a client sends the requests of a flow: as its step says, from the flow's beginning on. */
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { createClock } from "../../../sim/clock/clock.ts";
import { startArrivals } from "../../../sim/world/arrivals.ts";
import type { Step } from "../../../sim/world/setup/setup.ts";

type SendStep = Extract<Step, { readonly kind: "send" }>;

/** Of each flow of the step. Random times are drawn anew: those of the model are not among its records. */
export function requestTimes(
	{ count, arrivals, sockets }: SendStep,
	seed: number,
): readonly number[] {
	if (sockets === "each") return [0];
	const clock = createClock();
	const choice = seededChoice(seed);
	const times: number[] = [];
	startArrivals({ clock, choice }, { count, arrivals }, () =>
		times.push(clock.nowMs),
	);
	while (clock.fireNext(Number.POSITIVE_INFINITY));
	return times;
}
