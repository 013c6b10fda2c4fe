/**
 * The model of a gateway: a box, the clock that drives it, and the operations that are carried out
 * on it while it runs. It answers the world's asks at once.
 */
import type { Choice } from "../chance/choice.ts";
import { NotedChoice } from "../chance/noted.ts";
import { type Clock, createClock } from "../clock/clock.ts";
import type { Answer, Ask } from "../contract/ask.ts";
import type {
	ConntrackLine,
	Emission,
	Fate,
	GatewaySetup,
	Observation,
	Operation,
	OperationOutcome,
	TraceSink,
	Unknown,
} from "../contract/gateway.ts";
import type { Ruleset } from "../contract/ruleset.ts";
import { unreachable } from "../invariant.ts";
import { createTracer, type RuleTracer } from "../netfilter/rule-tracer.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import { formatAddress } from "../packet/address.ts";
import type { Packet } from "../packet/packet.ts";
import { printRuleset } from "../ruleset/print.ts";
import { asUnloaded } from "../ruleset/table/counters.ts";
import { Box } from "./box.ts";
import { readConditions, writeCondition } from "./condition-files.ts";
import { carryOut } from "./operations.ts";

export interface ModelGatewayPorts {
	readonly choice: Choice;
	/** Is told of every rule that a packet matches. Without one, nothing is paid for it. */
	readonly trace?: TraceSink;
	/** Instead: is told the names alone, as TRACE spells them, each before its rule's target acts. */
	readonly reached?: (rule: string) => void;
}

export class ModelGateway {
	private readonly clock: Clock = createClock();
	private readonly setup: GatewaySetup;
	private readonly choice: NotedChoice;
	private readonly tracer: RuleTracer | null;
	/** Hosts that do not answer ARP; everybody else does. */
	private readonly silent = new Set<string>();
	private box: Box;
	/** What became of the packet that came in last; `null` before the first. */
	fate: Fate | null = null;

	/** @throws SetupError when the setup contradicts itself */
	constructor(setup: GatewaySetup, ports: ModelGatewayPorts) {
		this.setup = setup;
		this.choice = new NotedChoice(ports.choice);
		this.tracer = createTracer(ports, () => this.box);
		this.box = this.createBox();
	}

	/** Whether the sink that was handed in is told what happens from now on. */
	set isTraced(on: boolean) {
		if (this.tracer !== null) this.tracer.isOn = on;
	}

	/** Virtual time, in ms. */
	get nowMs(): number {
		return this.clock.nowMs;
	}

	/** Does what the world asks for. */
	answer(ask: Ask): Answer {
		let outcome: OperationOutcome | null = null;
		let observation: Observation | null = null;
		let unknown: Unknown | null = null;
		try {
			this.mustBeModelled();
			if (ask.kind === "wait") this.wait(ask.toMs);
			else this.clock.advanceTo(ask.atMs);
			switch (ask.kind) {
				case "packet":
					this.fate = this.box.receive(
						this.box.routes.indexOf(ask.interface),
						ask.packet,
					);
					break;
				case "operation":
					outcome = this.operate(ask.operation);
					break;
				case "observe":
					observation = this.observe();
					break;
				case "neighbour":
					this.setNeighbour(ask);
					break;
				case "wait":
					break;
				default:
					unreachable(ask);
			}
		} catch (error) {
			unknown = unknownOf(error);
		}
		const chance = this.choice.take();
		return {
			nowMs: this.clock.nowMs,
			emissions: this.box.outbox.take(),
			outcome,
			observation,
			unknown,
			...(chance.length > 0 ? { chance } : {}),
		};
	}

	/** A single packet by hand: what became of it, and what came out at once. */
	receive(
		interfaceName: string,
		packet: Packet,
	): { readonly fate: Fate; readonly emissions: readonly Emission[] } {
		let fate: Fate;
		try {
			this.mustBeModelled();
			fate = this.box.receive(this.box.routes.indexOf(interfaceName), packet);
		} catch (error) {
			fate = { kind: "unknown", unknown: unknownOf(error) };
		}
		return { fate, emissions: this.box.outbox.take() };
	}

	/** Lets virtual time pass; what the box sends meanwhile comes with the next answer. */
	advanceTo(atMs: number): void {
		this.clock.advanceTo(atMs);
	}

	/** @throws UnknownSignal when it was set up as no model can be */
	private mustBeModelled(): void {
		const { notModelled } = this.box.settings;
		if (notModelled !== null) throw new UnknownSignal(notModelled);
	}

	/**
	 * Carries out an operation; what a command would have refused is the outcome, not an exception.
	 * @throws UnknownSignal for one that a kernel carries out and the model does not
	 */
	operate(operation: Operation): OperationOutcome {
		if (operation.kind !== "take-over") return carryOut(this.box, operation);
		this.takeOver();
		return { ok: true };
	}

	observe(): Observation {
		const { tables, conntrack } = this.box;
		return {
			ruleset: printRuleset(tables.now(), { counters: true }),
			conntrack: conntrack.lines(),
			conditions: readConditions(tables.names),
		};
	}

	/** The ruleset as it is loaded, with its counters. */
	get ruleset(): Ruleset {
		return this.box.tables.now();
	}

	/** Its connections alone, without the rest of an observation. */
	get conntrackLines(): readonly ConntrackLine[] {
		return this.box.conntrack.lines();
	}

	/** How often a neighbour that was waited for was given up. */
	get givenUp(): number {
		return this.box.neighbours.givenUp;
	}

	/** The table is full: which connection goes for the next one is chance in a kernel. */
	get dropsByChance(): boolean {
		return this.box.conntrack.dropsByChance;
	}

	/** Removes connections whose time is over. @returns how many there were */
	removeExpired(): number {
		return this.box.conntrack.removeExpired();
	}

	private wait(toMs: number): void {
		// Whatever comes out by itself has to reach the world at the moment at which it came.
		while (this.box.outbox.isEmpty && this.clock.fireNext(toMs));
		if (this.box.outbox.isEmpty) this.clock.advanceTo(toMs);
	}

	/** The second box was loaded with the same rules and told the same conditions, and has seen no packet. */
	private takeOver(): void {
		const old = this.box;
		const conditions = readConditions(old.tables.names);
		this.box = this.createBox();
		for (const table of old.tables.now().tables)
			this.box.tables.replace(asUnloaded(table));
		this.box.rewire();
		for (const [name, value] of Object.entries(conditions))
			writeCondition(this.box.tables.names, name, `${value}`);
	}

	private createBox(): Box {
		const { clock, choice, tracer } = this;
		const box: Box = new Box(this.setup, {
			clock,
			choice,
			tracer,
			log: tracer && ((skb, entry) => tracer.log(skb, entry)),
			answers: (index, address) =>
				!this.silent.has(
					`${box.routes.interfaces[index]} ${formatAddress(address)}`,
				),
		});
		return box;
	}

	private setNeighbour(ask: Ask & { kind: "neighbour" }): void {
		const key = `${ask.interface} ${ask.address}`;
		if (ask.answers) this.silent.delete(key);
		else this.silent.add(key);
	}
}

/** Everything but the model's own ignorance is a bug, and stays one. */
function unknownOf(error: unknown): Unknown {
	if (!(error instanceof UnknownSignal)) throw error;
	return {
		...(error.place ?? { rule: "", text: "", line: 0 }),
		reason: error.reason,
	};
}
