/** A case before it is played: rules, settings, who speaks with whom, and what happens. */
import fc from "fast-check";
import { rulesets } from "./rules/ruleset.ts";
import { FLOWS, flowPlans, timed, trafficSteps } from "./traffic/arbitrary.ts";
import { operationSteps, sysctls } from "./traffic/operations.ts";
import type { FlowPlan, StepPlan } from "./traffic/plan.ts";
import { beginnings } from "./traffic/routing.ts";
import { setTexts } from "./world/sets.ts";
import {
	HOSTS,
	INTERFACES,
	type InterfaceName,
	MTUS,
	OWN_ADDRESSES,
	PROGRAMS,
	type ProgramPlan,
	SERVICE_PORTS,
	type UnboundPlan,
} from "./world/topology.ts";

export interface FuzzCase {
	/** For iptables-restore. */
	readonly ruleset: string;
	readonly sysctls: Readonly<Record<string, number>>;
	/** For `ipset restore`, before the rules. */
	readonly sets: string;
	/** Commands of iproute2 that the gateway begins with. */
	readonly ip: readonly string[];
	/** Written after the ruleset was loaded, where it names them. */
	readonly conditions: Readonly<Record<string, string>>;
	/** Of links that do not take 1500 octets. */
	readonly mtus: Readonly<Partial<Record<InterfaceName, number>>>;
	/** Of the box's own, which have ports open. */
	readonly programs: readonly ProgramPlan[];
	/** Of the box's own, which send in the end. */
	readonly unbound: readonly UnboundPlan[];
	readonly flows: readonly FlowPlan[];
	readonly steps: readonly StepPlan[];
}

/** Steps in a case: each is a packet, a handful of them, or an operation. */
const MOST_STEPS = 240;
const MOST_STEPS_WHILE_FULL = 4;

const steps: fc.Arbitrary<StepPlan> = fc.oneof(
	{ weight: 36, arbitrary: timed(trafficSteps) },
	{ weight: 2, arbitrary: timed(operationSteps) },
	{
		weight: 1,
		arbitrary: fc
			.array(timed(trafficSteps), {
				minLength: 1,
				maxLength: MOST_STEPS_WHILE_FULL,
			})
			.map((some) => ({ afterMs: 1, kind: "full" as const, steps: some })),
	},
);

const unboundPlans: fc.Arbitrary<UnboundPlan> = fc.record({
	protocol: fc.constantFrom("tcp", "udp"),
	target: fc.constantFrom(
		...HOSTS.map(({ address }) => address),
		...OWN_ADDRESSES,
	),
	port: fc.constantFrom(...SERVICE_PORTS),
});

const settings = fc
	.array(sysctls, { maxLength: 2 })
	.map((some) =>
		Object.fromEntries(some.map(({ name, value }) => [name, value])),
	);

/**
 * Cases as a fuzz draws them. What is small is not drawn more often: a case is to be worth its machine's
 * time. What makes a case long is made smaller first.
 */
export const fuzzCases: fc.Arbitrary<FuzzCase> = fc.noBias(
	fc.record({
		steps: fc.array(steps, {
			minLength: 0,
			maxLength: MOST_STEPS,
			size: "max",
		}),
		ruleset: rulesets,
		sysctls: fc.oneof(
			{ weight: 2, arbitrary: fc.constant({}) },
			{ weight: 1, arbitrary: settings },
		),
		sets: setTexts,
		conditions: fc.dictionary(
			fc.constantFrom("up1", "up2"),
			fc.constantFrom("0", "1"),
			{
				noNullPrototype: true,
			},
		),
		ip: fc.oneof(
			{ weight: 2, arbitrary: fc.constant([]) },
			{ weight: 1, arbitrary: beginnings },
		),
		mtus: fc.oneof(
			{ weight: 7, arbitrary: fc.constant({}) },
			{
				weight: 1,
				arbitrary: fc.dictionary(
					fc.constantFrom(...INTERFACES),
					fc.constantFrom(...MTUS),
					{ noNullPrototype: true, minKeys: 1, maxKeys: 2 },
				),
			},
		),
		programs: fc.oneof(
			{ withCrossShrink: true },
			{ weight: 3, arbitrary: fc.constant([]) },
			{ weight: 1, arbitrary: fc.subarray([...PROGRAMS], { minLength: 1 }) },
		),
		unbound: fc.oneof(
			{ withCrossShrink: true },
			{ weight: 5, arbitrary: fc.constant([]) },
			{
				weight: 1,
				arbitrary: fc.array(unboundPlans, { minLength: 1, maxLength: 2 }),
			},
		),
		flows: fc.array(flowPlans, { minLength: FLOWS, maxLength: FLOWS }),
	}),
);
