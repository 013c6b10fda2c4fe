/**
 * The model of a gateway: its state, and what packets, time and operations do to it. It answers the
 * world's asks at once.
 */
import type { Choice } from "../chance/choice.ts";
import { NotedChoice } from "../chance/noted.ts";
import type { Answer, Ask } from "../contract/ask.ts";
import type { AssumedMatches } from "../contract/assume.ts";
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
import { GatewayError } from "../contract/gateway-error.ts";
import type { Ruleset } from "../contract/ruleset.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { assumeBy } from "../extension/assumed.ts";
import type { Assume } from "../extension/host.ts";
import { unreachable } from "../invariant.ts";
import type { FreeWalk } from "../netfilter/free-walk.ts";
import { createTracer, type RuleTracer } from "../netfilter/rule-tracer.ts";
import { formatAddress } from "../packet/address.ts";
import type { Packet } from "../packet/packet.ts";
import type { RouteReason } from "../routing/routes.ts";
import { printRuleset, rulesetAsRead } from "../ruleset/print.ts";
import { normalSets } from "../sets/command/restore.ts";
import { addressOf, unknownOf } from "./ask-errors.ts";
import { readConditions, writeCondition } from "./condition-files.ts";
import { createGateway } from "./create-gateway.ts";
import { advanceTo, fireNext, receive } from "./ip/events.ts";
import {
	neighWaiting,
	takeEmissions,
	type WaitingPacket,
} from "./ip/neighbours.ts";
import { type Raced, race } from "./ip/race.ts";
import { sourceTowards } from "./ip/raw-socket.ts";
import { setCarrier } from "./ip-command.ts";
import { beforeOperation } from "./operation-effect.ts";
import { carryOut, loadRules } from "./operations.ts";
import { mustHaveSets } from "./sets-of-rules.ts";
import type { GatewayState } from "./state/gateway-state.ts";
import {
	restoreParts,
	restoreRules,
	type SavedParts,
	saveParts,
	seenParts,
} from "./state/parts.ts";
import { rememberedIn } from "./state/remembered.ts";
import { hashOf } from "./state/state-hash.ts";

/** What the model draws from, and who receives its trace. @public */
export interface ModelGatewayPorts {
	readonly choice: Choice;
	/** Is told of every rule that a packet matches. Without one, nothing is paid for it. */
	readonly trace?: TraceSink;
	/** Instead: gets the names alone, as TRACE spells them, each before its rule's target acts. */
	readonly reached?: (rule: string) => void;
	/** Answers for matches that the model does not know; left out: they stay unknown. */
	readonly assume?: AssumedMatches;
	/** Chains of as many rules are looked up and not walked, with the same results; left out: 16. Infinity: all are walked. */
	readonly leastIndexed?: number;
}

/** For a walk that takes every way, which traces rules and answers the questions of matches. */
export interface WalkedGatewayPorts extends ModelGatewayPorts {
	readonly walk: FreeWalk;
}

/**
 * A copy of all that a gateway is at a moment, for the gateway that made it. It stays as it is, so it can
 * be put back many times.
 * @public
 */
export interface GatewaySnapshot {
	readonly of: ModelGateway;
}

type PortAsk = Ask & { readonly kind: "port" };

interface TakenSnapshot extends GatewaySnapshot {
	/** The record that the parts belong to: a take-over makes another one. */
	readonly state: GatewayState;
	readonly parts: SavedParts;
	readonly silentHosts: ReadonlySet<string>;
	readonly fate: Fate | null;
	readonly raced: readonly Raced[];
}

/**
 * The model as a gateway: a ruleset, conntrack, NAT and the IP stack around them, in virtual time.
 * @throws SetupError when its setup contradicts itself
 * @public
 */
export class ModelGateway {
	private readonly setup: GatewaySetup;
	private readonly choice: NotedChoice;
	private readonly tracer: RuleTracer | null;
	private readonly walk: FreeWalk | undefined;
	private readonly assume: Assume | undefined;
	private readonly leastIndexed: number | undefined;
	/** Hosts that do not answer ARP, each as `interface address`; all others do. */
	private readonly silentHosts = new Set<string>();
	private state: GatewayState;
	/** What became of the packet that came in last; `null` before the first. */
	fate: Fate | null = null;
	/** The place of the packet of a race that is on its way; 0 outside of races. */
	racer = 0;
	/** What became of the packets of the last race, in their order. */
	raced: readonly Raced[] = [];

	/**
	 * @param ports a walk that takes every way gives `WalkedGatewayPorts`
	 * @throws SetupError when the setup contradicts itself
	 */
	constructor(setup: GatewaySetup, ports: ModelGatewayPorts) {
		this.setup = setup;
		this.choice = new NotedChoice(ports.choice);
		this.leastIndexed = ports.leastIndexed;
		this.walk =
			"walk" in ports ? (ports as WalkedGatewayPorts).walk : undefined;
		this.assume =
			ports.assume === undefined
				? undefined
				: assumeBy(ports.assume, this.walk?.decide);
		this.tracer = this.walk ?? createTracer(ports, () => this.state);
		this.state = this.createState(0);
		this.beAlone();
	}

	/** Whether what happens from now on is reported to the sink. */
	set isTraced(on: boolean) {
		if (this.tracer !== null) this.tracer.isOn = on;
	}

	/** Virtual time, in ms. */
	get nowMs(): number {
		return this.state.timers.nowMs;
	}

	/** What waits for the address of a neighbour: of each, the packet that came last. */
	get waiting(): readonly WaitingPacket[] {
		return neighWaiting(this.state);
	}

	/**
	 * Does what the world asks for.
	 * @throws GatewayError for an interface that is not there, an address that is none, and a time before `nowMs`
	 */
	answer(ask: Ask): Answer {
		let outcome: OperationOutcome | null = null;
		let observation: Observation | null = null;
		let unknown: Unknown | null = null;
		let source: string | null = null;
		let isIdle = false;
		try {
			this.mustBeModelled();
			if (ask.kind === "wait") this.wait(ask.toMs);
			else this.advanceTo(ask.atMs);
			switch (ask.kind) {
				case "packet":
					this.fate = receive(
						this.state,
						this.state.routes.indexOf(ask.interface),
						ask.packet,
					);
					break;
				case "race":
					this.raced = [];
					this.raced = this.race(ask);
					break;
				case "operation": {
					const isAsBefore = beforeOperation(this.state, ask.operation);
					outcome = this.operate(ask.operation);
					isIdle = outcome.ok && isAsBefore?.() === true;
					break;
				}
				case "observe":
					// Reading the table makes a kernel remove what has expired (ct_seq_show).
					this.removeExpired();
					observation = this.observe();
					break;
				case "neighbour":
					this.setNeighbour(ask);
					break;
				case "carrier":
					setCarrier(
						this.state,
						this.state.routes.indexOf(ask.interface),
						ask.isThere,
					);
					break;
				case "port":
					this.setPort(ask);
					break;
				case "source":
					source = this.sourceTowards(ask);
					break;
				case "wait":
					break;
				default:
					unreachable(ask);
			}
		} catch (error) {
			unknown = unknownOf(error);
		}
		const { nowMs } = this.state.timers;
		const emissions = takeEmissions(this.state);
		const answer = { nowMs, emissions, outcome, observation, unknown };
		const chance = this.choice.take();
		if (ask.kind !== "source" && chance.length === 0 && !isIdle) return answer;
		return {
			...answer,
			...(isIdle ? { isIdle: true as const } : {}),
			...(ask.kind === "source" ? { source } : {}),
			...(chance.length > 0 ? { chance } : {}),
		};
	}

	/** Nothing happens until then that is not asked for: no timer is due, and nothing is left to be sent. */
	isIdleUntil(toMs: number): boolean {
		const { timers, emissions, settings } = this.state;
		return (
			timers.nextMs > toMs &&
			emissions.length === 0 &&
			settings.notModelled === null
		);
	}

	/**
	 * A copy of the whole gateway: rules with their counters and what they remember, connections, state that
	 * has a name, settings, routes, neighbours and what waits for them, fragments, limits, timers and virtual
	 * time, and chance, where `Choice.state` has it. To be taken between two answers.
	 */
	snapshot(): GatewaySnapshot {
		const taken: TakenSnapshot = {
			of: this,
			state: this.state,
			parts: saveParts(this.state),
			silentHosts: new Set(this.silentHosts),
			fate: this.fate,
			raced: this.raced,
		};
		return taken;
	}

	/**
	 * Puts a snapshot back that this gateway has made: what comes then is as if nothing had come since.
	 * @throws GatewayError when another gateway has made it
	 */
	restore(snapshot: GatewaySnapshot): void {
		const { state, parts, silentHosts, fate, raced } = this.taken(snapshot);
		restoreParts(state, parts);
		this.state = state;
		this.walk?.attach(state);
		this.silentHosts.clear();
		for (const host of silentHosts) this.silentHosts.add(host);
		this.fate = fate;
		this.raced = raced;
	}

	/**
	 * Puts the rules of a snapshot in the place of those that stand, with what they remember, as a command does
	 * that leads to them; all else stays as it is.
	 * @returns false where they stood in the gateway before a take-over, and nothing is done
	 * @throws GatewayError when another gateway has made the snapshot
	 */
	takeRules(snapshot: GatewaySnapshot): boolean {
		const { state, parts } = this.taken(snapshot);
		if (state !== this.state) return false;
		restoreRules(state, parts);
		return true;
	}

	private taken(snapshot: GatewaySnapshot): TakenSnapshot {
		if (snapshot.of === this) return snapshot as TakenSnapshot;
		throw new GatewayError(
			"snapshot: another gateway has made it; restore it there (`snapshot.of`), or one that `snapshot()` of this gateway returns here",
		);
	}

	/**
	 * A hash of the gateway's state, 16 hexadecimal digits: equal in every run, and for every way that leads to
	 * the same state. It covers what a snapshot holds, less what no later answer depends on: in which order
	 * connections are listed, handles of rules and lines of their files, `fate` and `givenUp`. The setup is not in it.
	 */
	hash(): string {
		return hashOf([seenParts(this.state), this.silentHosts]);
	}

	/** Loads rules that were checked, as iptables-restore loads their file, and not by their text: what iptables-save prints of some extensions cannot be read again. */
	load(ruleset: Ruleset): void {
		loadRules(this.state, ruleset);
	}

	/**
	 * A single packet by hand: what became of it, and what came out at once.
	 * @throws GatewayError when there is no such interface
	 */
	receive(
		interfaceName: string,
		packet: Packet,
	): { readonly fate: Fate; readonly emissions: readonly Emission[] } {
		let fate: Fate;
		try {
			this.mustBeModelled();
			const { routes } = this.state;
			fate = receive(this.state, routes.indexOf(interfaceName), packet);
		} catch (error) {
			fate = { kind: "unknown", unknown: unknownOf(error) };
		}
		return { fate, emissions: takeEmissions(this.state) };
	}

	/**
	 * Lets virtual time pass; what the gateway sends meanwhile comes with the next answer.
	 * @throws GatewayError when the time is before `nowMs`
	 */
	advanceTo(atMs: number): void {
		this.mustNotBePast(atMs);
		advanceTo(this.state, atMs);
	}

	/** `NaN` is refused as well. */
	private mustNotBePast(atMs: number): void {
		if (!(atMs >= this.nowMs))
			throw new GatewayError(
				`time ${atMs} ms: the gateway is at ${this.nowMs} ms already; give a time that is not before \`nowMs\``,
			);
	}

	/** @throws UnknownSignal when it was set up as no model can be */
	private mustBeModelled(): void {
		const { notModelled } = this.state.settings;
		if (notModelled !== null) throw new UnknownSignal(notModelled);
	}

	/**
	 * Carries out an operation; what a command would have refused is the outcome, not an exception.
	 * @throws UnknownSignal for one that a kernel carries out and the model does not
	 * @throws GatewayError for an interface that is not there, and an address that is none
	 */
	operate(operation: Operation): OperationOutcome {
		if (operation.kind !== "take-over") return carryOut(this.state, operation);
		this.takeOver();
		return { ok: true };
	}

	/** What the gateway shows of itself; its state stays as it is. */
	observe(): Observation {
		const { tables, conntrack, sets, setup } = this.state;
		const shown = normalSets(sets.print());
		return {
			ruleset: printRuleset(tables.now(), {
				counters: true,
				...(setup.linux && { linux: setup.linux }),
			}),
			conntrack: conntrack.lines(),
			conditions: readConditions(tables.names),
			...(shown === "" ? {} : { sets: shown }),
		};
	}

	/** The ruleset as it is loaded, with its counters. */
	get ruleset(): Ruleset {
		return this.state.tables.now();
	}

	/** Its connections alone, without the rest of an observation. */
	get conntrackLines(): readonly ConntrackLine[] {
		return this.state.conntrack.lines();
	}

	/** Values of conditions by name, without the rest of an observation. */
	get conditions(): Readonly<Record<string, 0 | 1>> {
		return readConditions(this.state.tables.names);
	}

	/** How routes were found for the last packet that came in, and for the last that was sent. */
	get routeReasons(): Record<"input" | "output", RouteReason | null> {
		return this.state.routes.lastReason;
	}

	/** How often a packet left by the loopback interface and came in again. */
	get cameBack(): number {
		return this.state.cameBack;
	}

	/** How often a neighbour that was waited for was given up. */
	get givenUp(): number {
		return this.state.neighbours.givenUp;
	}

	/** The table is full: which connection goes for the next one is chance in a kernel. */
	get dropsByChance(): boolean {
		return this.state.conntrack.dropsByChance;
	}

	/** Removes connections whose time is over. @returns how many there were */
	removeExpired(): number {
		return this.state.conntrack.removeExpired();
	}

	private wait(toMs: number): void {
		this.mustNotBePast(toMs);
		const { state } = this;
		// Whatever comes out by itself has to reach the world at the moment at which it came.
		while (state.emissions.length === 0 && fireNext(state, toMs));
		if (state.emissions.length === 0) advanceTo(state, toMs);
	}

	/** The second gateway was loaded with what is saved of the first and given its conditions, and has seen no packet. */
	private takeOver(): void {
		const old = this.state;
		this.state = this.createState(old.timers.nowMs);
		mustHaveSets(this.state, old);
		this.load(rulesetAsRead(old.tables.now(), this.setup.linux));
		const conditions = readConditions(old.tables.names);
		for (const [name, value] of Object.entries(conditions))
			writeCondition(this.state.tables.names, name, `${value}`);
	}

	/** What rules remember (nth counters, the credit of `limit`): a hash for each rule that does, by its name in TRACE. */
	remembered(): ReadonlyMap<string, string> {
		return rememberedIn(this.state);
	}

	private createState(nowMs: number): GatewayState {
		const { choice, tracer, silentHosts, walk, assume } = this;
		const state = createGateway(this.setup, {
			nowMs,
			choice,
			tracer,
			silentHosts,
			decide: walk?.decide,
			standsForAny: walk?.standsForAny,
			asksWhoCame: walk?.asksWhoCame,
			assume,
			leastIndexed: this.leastIndexed,
		});
		walk?.attach(state);
		return state;
	}

	private setPort({ address, becomes, ...rest }: PortAsk): void {
		const at = { ...rest, address: addressOf(address) };
		this.state.ownPorts.set(at, becomes);
	}

	/** No host has an address that the gateway was set up with, even when it is taken away, until it is said so. */
	private beAlone(): void {
		for (const { addresses } of this.setup.interfaces)
			for (const text of addresses)
				for (const { name } of this.setup.interfaces)
					this.silentHosts.add(`${name} ${text.split("/")[0]}`);
	}

	private sourceTowards(ask: Ask & { readonly kind: "source" }): string | null {
		const { protocol, port, boundTo } = ask;
		const bound = boundTo === undefined ? 0 : addressOf(boundTo);
		const destination = addressOf(ask.destination);
		const to = { protocol, destination, port, bound };
		const source = sourceTowards(this.state, to);
		return source === null ? null : formatAddress(source);
	}

	private race({ packets }: Ask & { kind: "race" }): readonly Raced[] {
		const { state, tracer } = this;
		const racers = packets.map(({ interface: name, packet }) => {
			return { interface: state.routes.indexOf(name), packet };
		});
		const begins = (place: number) => {
			this.racer = place;
			if (tracer !== null) tracer.racer = place;
		};
		try {
			return race(state, racers, begins);
		} finally {
			begins(0);
		}
	}

	private setNeighbour(ask: Ask & { kind: "neighbour" }): void {
		// Throws for an interface that is not there: nothing would ever ask that host.
		this.state.routes.indexOf(ask.interface);
		const key = `${ask.interface} ${ask.address}`;
		if (ask.answers) this.silentHosts.delete(key);
		else this.silentHosts.add(key);
	}
}
