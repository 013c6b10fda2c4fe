/** A play on the model as it is, with its counters and conditions, which is written down as steps of a scenario. */
import type {
	Emission,
	Fate,
	GatewaySetup,
	Operation,
} from "../../../../sim/contract/gateway.ts";
import {
	type GatewaySnapshot,
	ModelGateway,
} from "../../../../sim/gateway/model-gateway.ts";
import { formatAddress } from "../../../../sim/packet/address.ts";
import { printPacket } from "../../../../sim/packet/notation/notation.ts";
import type { Step } from "../../../../sim/world/setup/setup.ts";
import { gatewayChoice, setUpOperations } from "../../../run/set-up.ts";
import { comesOutBy, portOf } from "../../walk/ends-of.ts";
import type { Arrival } from "../../walk/walker.ts";
import type { Values } from "../state/subject.ts";

/** What a scenario of a proof is played with. */
export interface Stage {
	readonly setup: GatewaySetup;
	readonly ruleset: { readonly name: string; readonly text: string };
	/** Hosts that answer ARP. */
	readonly neighbours: readonly {
		readonly interface: string;
		readonly address: string;
	}[];
	/** From ports of the gateway's own that steps speak for: their programs say nothing by themselves from then on. */
	readonly byHand: readonly Arrival[];
}

/** What became of a packet, and what left for it. */
export interface Sight {
	readonly fate: Fate;
	readonly emissions: readonly Emission[];
}

/** Of all scenarios of proofs. */
export const SEED = 1;
/** Between two steps. */
export const STEP_MS = 100;

interface Saved {
	readonly snapshot: GatewaySnapshot;
	readonly steps: readonly Step[];
	readonly nowMs: number;
}

export class ConcretePlay {
	readonly stage: Stage;
	/** As written before the first step. */
	readonly conditions: Values;
	steps: readonly Step[] = [];
	/** Of the next step. */
	nowMs = 0;
	private readonly gateway: ModelGateway;

	constructor(stage: Stage, conditions: Values) {
		this.stage = stage;
		this.conditions = conditions;
		this.gateway = new ModelGateway(stage.setup, {
			choice: gatewayChoice(SEED),
		});
		const { ruleset } = stage;
		for (const { operation } of setUpOperations({
			ruleset,
			conditions: written(conditions),
		}))
			this.gateway.answer({ kind: "operation", atMs: 0, operation });
		for (const one of stage.neighbours)
			this.gateway.answer({
				kind: "neighbour",
				atMs: 0,
				...one,
				answers: true,
			});
		for (const one of stage.byHand)
			this.packet(one, `step ${this.steps.length + 1}: speaks for the program`);
	}

	/** All are in the gateway at once. */
	race(arrivals: readonly Arrival[]): readonly Sight[] {
		const packets = arrivals.map(({ interface: name, packet }) => {
			return { interface: name, packet: printPacket(packet) };
		});
		const atMs = this.nowMs;
		this.note({ kind: "race", packets });
		const { unknown } = this.gateway.answer({
			kind: "race",
			atMs,
			packets: arrivals,
		});
		if (unknown === null) return this.gateway.raced;
		return arrivals.map(() => {
			return { fate: { kind: "unknown", unknown }, emissions: [] };
		});
	}

	packet({ interface: name, packet }: Arrival, label?: string): Sight {
		const atMs = this.nowMs;
		const line = printPacket(packet);
		this.note({ kind: "packet", interface: name, packet: line }, label);
		const { emissions, unknown } = this.gateway.answer({
			kind: "packet",
			atMs,
			interface: name,
			packet,
		});
		const fate: Fate =
			unknown === null
				? (this.gateway.fate as Fate)
				: { kind: "unknown", unknown };
		return { fate, emissions };
	}

	/**
	 * What changes nothing is no step of the scenario, which such a step would violate.
	 * @returns whether it could be done
	 */
	operate(operation: Operation): boolean {
		const { outcome, unknown, isIdle } = this.gateway.answer({
			kind: "operation",
			atMs: this.nowMs,
			operation,
		});
		if (isIdle !== true)
			this.note({ kind: "operation", operation: asStep(operation) });
		return unknown === null && outcome?.ok === true;
	}

	wait(ms: number): void {
		this.nowMs += ms;
	}

	/** What rules remember. */
	remembered(): string {
		return [...this.gateway.remembered()].flat().join(" ");
	}

	save(): Saved {
		const { steps, nowMs } = this;
		return { snapshot: this.gateway.snapshot(), steps, nowMs };
	}

	restore({ snapshot, steps, nowMs }: Saved): void {
		this.gateway.restore(snapshot);
		this.steps = steps;
		this.nowMs = nowMs;
	}

	private note(
		kind: Extract<
			Step extends infer One ? One : never,
			{ readonly kind: "packet" | "race" | "operation" }
		> extends infer One
			? One extends unknown
				? Omit<One, "atMs" | "label">
				: never
			: never,
		label = `step ${this.steps.length + 1}`,
	): void {
		this.steps = [...this.steps, { atMs: this.nowMs, label, ...kind } as Step];
		this.nowMs += STEP_MS;
	}
}

/** An eviction that finds nothing has failed in a scenario. */
function asStep(operation: Operation): Operation {
	if (operation.kind !== "evict") return operation;
	const { kind, filter } = operation;
	return { kind, filter };
}

export function written(values: Values): Readonly<Record<string, string>> {
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => [name, `${value}`]),
	);
}

/** What can be seen of a packet that came out: by which interface, from where, and where to. */
export function sightText({ fate, emissions }: Sight): string {
	const out = outOf({ fate, emissions });
	return out === null ? fate.kind : leavingText(out);
}

/** The packet as it left, or as a program of the gateway's own has it; `null`: it did not, and none has. */
export function outOf({ fate, emissions }: Sight): Emission | null {
	const by = comesOutBy(fate);
	return emissions.findLast((one) => one.interface === by) ?? null;
}

export function leavingText({
	interface: name,
	packet,
}: Pick<Emission, "interface" | "packet">): string {
	const { source, destination } = packet;
	return `${name} ${formatAddress(source)} > ${formatAddress(destination)}:${portOf(packet)}`;
}
