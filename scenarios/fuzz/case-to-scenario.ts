/**
 * Turns a case into a scenario: plays it on the model, so that the ends of its conversations know what has
 * come of what they sent, and writes down the packets that they put on the wire. What comes out is an
 * ordinary scenario that anybody can play.
 */

import type { Answer } from "../../sim/contract/ask.ts";
import type {
	GatewaySetup,
	Operation,
	Unknown,
} from "../../sim/contract/gateway.ts";
import { invariant, unreachable } from "../../sim/invariant.ts";
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from "../../sim/kernel.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { icmpError, udp } from "../../sim/packet/build.ts";
import { cutInto } from "../../sim/packet/bytes/fragment.ts";
import { parsePacket } from "../../sim/packet/notation/notation.ts";
import { ACK, FIN, type Packet, PSH, SYN } from "../../sim/packet/packet.ts";
import {
	IP_HEADER_LENGTH,
	packetLength,
} from "../../sim/packet/packet-length.ts";
import {
	ANY_ADDRESS,
	withListenerBackends,
} from "../../sim/world/setup/services.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { setUpOperations } from "../run/set-up.ts";
import { type Coverage, count, operationName } from "./coverage.ts";
import { allowedBy } from "./extensions/uses.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { withoutUnfollowed } from "./lacking.ts";
import { Recorder } from "./recorder.ts";
import { RULES_NAME, reloadOf } from "./reload.ts";
import { takenBy } from "./taken-settings.ts";
import { turnsOf } from "./traffic/dialogues.ts";
import {
	datagramFrom,
	type End,
	type Ends,
	endOf,
	hear,
	heardBy,
	isSame,
	messageFrom,
	newEnds,
	segmentFrom,
	summed,
} from "./traffic/ends.ts";
import type {
	SegmentPlan,
	Side,
	StepPlan,
	StepPlanKind,
} from "./traffic/plan.ts";
import { QUIET, WAYS } from "./traffic/ways.ts";
import {
	backendOf,
	gatewaySetup,
	HOSTS,
	NEXT_HOP,
	OUTSIDE,
	OWN_ADDRESSES,
	type ProgramPlan,
	SIDE,
	VANISHED,
	worldSetup,
} from "./world/topology.ts";

export interface GeneratedScenario {
	readonly scenario: PlayableScenario;
	readonly coverage: Coverage;
	/** What the model does not know: the scenario ends before it. */
	readonly unknown: Unknown | null;
}

const SEED = 1;
/** Somebody who does not answer ARP is given up within this time; anything else has happened at once. */
const UNTIL_GIVEN_UP_MS = 4_000;
const AFTER_LAST_STEP_MS = 10;

/** @param linux of the gateway; `null`: the one that is followed where none is named */
export function toScenario(
	fuzzCase: FuzzCase,
	name: string,
	linux: Linux | null = null,
): GeneratedScenario {
	const played = withoutUnfollowed(fuzzCase, linux);
	return new ScenarioGeneration(played, linux).play(name);
}

class ScenarioGeneration {
	private readonly fuzzCase: FuzzCase;
	private readonly setup: GatewaySetup;
	private readonly programs: readonly ProgramPlan[];
	/** A host may be waited for: the one that answers no ARP, wherever it is named, or the router that dies. */
	private readonly isWaiting: boolean;
	private readonly recorder: Recorder;
	private readonly flows: readonly Ends[];
	/** Of the last packet that came in fragments. */
	private identification = 0;

	constructor(fuzzCase: FuzzCase, linux: Linux | null) {
		this.fuzzCase = fuzzCase;
		const text = JSON.stringify(fuzzCase);
		this.isWaiting =
			text.includes(VANISHED.address) ||
			fuzzCase.steps.some(({ kind }) => kind === "neighbour");
		const sysctls = {
			...takenBy(linux, fuzzCase.sysctls),
			// A kernel gives up up to an eighth late; whose errors have taken from a bucket by then may differ.
			...(this.isWaiting ? { "ipv4.icmp_ratelimit": 0 } : {}),
		};
		const { sets, ip, mtus } = fuzzCase;
		const programs = allowedBy(text, fuzzCase.programs);
		this.programs = programs;
		this.setup = gatewaySetup(sysctls, {
			programs,
			mtus,
			sets,
			ip: this.isWaiting ? [] : ip,
			linux,
		});
		this.recorder = new Recorder(this.setup, programs, SEED);
		this.flows = fuzzCase.flows.map(newEnds);
	}

	play(name: string): GeneratedScenario {
		const { recorder } = this;
		const conditions = this.setUp();
		this.speakForPrograms();
		for (const step of this.fuzzCase.steps) {
			if (recorder.unknown !== null) break;
			this.step(step);
		}
		recorder.coverRules();
		const { ruleset, unbound } = this.fuzzCase;
		for (const one of unbound) {
			recorder.passTime(1);
			recorder.unbound(one);
		}
		const afterMs = this.isWaiting ? UNTIL_GIVEN_UP_MS : AFTER_LAST_STEP_MS;
		const scenario: PlayableScenario = {
			name,
			suite: "fuzz",
			title: name,
			story: "",
			trap: null,
			setup: withListenerBackends({
				...worldSetup(this.programs, unbound),
				ruleset: { name: RULES_NAME, text: ruleset },
				gateway: this.setup,
				conditions,
				seed: SEED,
			}),
			steps: recorder.steps as PlayableScenario["steps"],
			expect: [],
			endMs: recorder.nowMs + afterMs,
		};
		const { coverage, unknown } = recorder;
		return { scenario, coverage, unknown };
	}

	/** A port of which a packet by hand was sent is spoken for by hand: the program there says nothing by itself. */
	private speakForPrograms(): void {
		for (const { protocol, port, address } of this.programs) {
			if (protocol !== "tcp") continue;
			const own = address === ANY_ADDRESS ? OWN_ADDRESSES[0] : address;
			const from = `tcp ${own}:${port}`;
			this.recorder.put("lo", parsePacket(`${from} > ${HOSTS[0].address}:9 R`));
		}
	}

	/**
	 * Errors about missing routes take from a bucket that errors about hosts that are given up, late, empty. Programs
	 * of a second gateway begin anew.
	 */
	private mayBe(operation: Operation): boolean {
		if (operation.kind === "take-over" && this.programs.length > 0)
			return false;
		if (!this.isWaiting || operation.kind === "ip") return !this.isWaiting;
		return operation.kind !== "link" || operation.interface !== SIDE;
	}

	/**
	 * Where the model does not know what comes of it, the play of the scenario meets the same, and counts it.
	 * @returns the conditions that there are
	 */
	private setUp(): Readonly<Record<string, string>> {
		const { gateway, nowMs: atMs } = this.recorder;
		const written: [name: string, write: string][] = [];
		const { ruleset, conditions } = this.fuzzCase;
		const rules = { name: RULES_NAME, text: ruleset };
		for (const { operation } of setUpOperations({
			ruleset: rules,
			conditions,
		})) {
			const answer = gateway.answer({ kind: "operation", atMs, operation });
			const { outcome, unknown } = answer;
			this.recorder.unknown ??= unknown;
			if (outcome === null) break;
			// A condition that no rule names is not there.
			if (operation.kind === "condition") {
				if (outcome.ok) written.push([operation.name, operation.write]);
			} else if (!outcome.ok)
				invariant(
					false,
					`a generated ruleset does not load: ${outcome.message}`,
				);
		}
		gateway.answer({
			kind: "neighbour",
			atMs: 0,
			...VANISHED,
			answers: false,
		});
		return Object.fromEntries(written);
	}

	private step(step: StepPlan): void {
		const { recorder } = this;
		recorder.passTime(step.afterMs);
		switch (step.kind) {
			case "reach":
				for (const [side, flags] of WAYS[step.state]) {
					recorder.passTime(1);
					this.say(step.flow, side, { ...QUIET, flags });
				}
				if (step.next !== null)
					this.say(step.flow, step.next.side, step.next.segment);
				break;
			case "segment":
				this.say(step.flow, step.side, step.segment);
				break;
			case "message":
				this.message(step);
				break;
			case "exchange":
				this.exchange(step);
				break;
			case "fragments":
				this.fragments(step);
				break;
			case "error":
				this.error(step);
				break;
			case "race":
				this.race(step);
				break;
			case "dialogue":
				this.dialogue(step);
				break;
			case "stray":
				recorder.put(step.interface, parsePacket(step.packet));
				break;
			case "observe":
				recorder.observe();
				break;
			case "program":
				this.program(step);
				break;
			case "carrier":
				recorder.carrier(step.interface, step.becomes);
				break;
			case "neighbour":
				this.neighbour(step);
				break;
			case "announce":
				this.announce(step);
				break;
			case "operation":
				if (!this.mayBe(step.operation)) break;
				recorder.operate(step.operation, operationName(step.operation));
				break;
			case "reload": {
				const { operation, name } = reloadOf(step, this.fuzzCase.ruleset);
				recorder.operate(operation, name);
				break;
			}
			case "full":
				this.whileFull(step.steps);
				break;
			default:
				unreachable(step);
		}
	}

	/** A segment of a flow's; a flow that is none of TCP's says what it has to say. */
	private say(flow: number, side: Side, segment: SegmentPlan): void {
		this.send(flow, side, (ends, end) => {
			const { protocol } = ends.plan;
			const packet =
				protocol === "tcp"
					? segmentFrom(end, segment)
					: datagramFrom(end, { protocol, side, octets: segment.octets });
			return summed(packet, segment.checksum);
		});
	}

	/** The handshake, what both ends say, and the last acknowledgement. Of a flow that is none of TCP's: nothing. */
	private dialogue({
		flow,
		spoken,
	}: StepPlanKind & { readonly kind: "dialogue" }): void {
		const ends = this.flows[flow];
		if (ends?.plan.protocol !== "tcp") return;
		count(this.recorder.coverage.packets, `dialogue ${spoken.speaks}`);
		const turns = turnsOf(spoken);
		const last = turns.at(-1)?.side === "client" ? "server" : "client";
		const segments = [
			...WAYS.ESTABLISHED.map(([side, flags]) => ({ side, flags, text: "" })),
			...turns.map(({ side, text }) => {
				const flags = text === "" ? FIN | ACK : PSH | ACK;
				return { side, flags, text };
			}),
			{ side: last, flags: ACK, text: "" } as const,
		];
		for (const { side, flags, text } of segments) {
			this.recorder.passTime(1);
			this.sendOf(ends, side, (_, end) =>
				segmentFrom(end, { ...QUIET, flags }, text),
			);
		}
	}

	private message(step: StepPlanKind & { readonly kind: "message" }): void {
		const { flow, side, octets, ttl, tos, checksum } = step;
		this.send(flow, side, (ends, end) =>
			summed({ ...messageFrom(ends, end, side, octets), ttl, tos }, checksum),
		);
	}

	private exchange(step: StepPlanKind & { readonly kind: "exchange" }): void {
		const { flow, rounds, everyMs, isAnswered, octets } = step;
		const say = (side: Side) =>
			this.send(flow, side, (ends, end) =>
				messageFrom(ends, end, side, octets),
			);
		for (let round = 0; round < rounds; round++) {
			if (round > 0) this.recorder.passTime(everyMs);
			say("client");
			this.recorder.passTime(1);
			if (isAnswered) say("server");
		}
	}

	private fragments(step: StepPlanKind & { readonly kind: "fragments" }): void {
		const { flow, side, octets } = step;
		const ends = this.flows[flow];
		if (ends === undefined) return;
		const end = endOf(ends, side);
		const packet = messageFrom(ends, end, side, octets);
		const whole = { ...packet, id: ++this.identification };
		const length = packetLength(whole) - IP_HEADER_LENGTH;
		const first = Math.min(step.units, Math.floor((length - 1) / 8)) * 8;
		const parts = cutInto(whole, [first, length - first]);
		const sent = step.isTorn ? parts.slice(0, 1) : parts;
		for (const part of step.isBackwards ? sent.toReversed() : sent)
			this.recorder.put(end.interface, part);
	}

	private error(step: StepPlanKind & { readonly kind: "error" }): void {
		const { flow, side, type, code } = step;
		const ends = this.flows[flow];
		if (ends === undefined) return;
		const end = endOf(ends, side);
		const invented = udp({
			source: end.peer,
			sourcePort: 9,
			destination: end.address,
			destinationPort: end.port,
		});
		const about = step.isInvented ? invented : end.received;
		if (about === null || isOfTheBox(about, type, code)) return;
		const from = step.isFromAfar ? end.address ^ 0x40 : end.address;
		this.recorder.put(end.interface, icmpError(about, { type, code, from }));
	}

	private race({
		flows,
		isAnswered,
	}: StepPlanKind & { readonly kind: "race" }): void {
		const racers = flows.map((plan) => {
			const ends = newEnds(plan);
			return { ends, packet: firstPacket(ends) };
		});
		const answer = this.recorder.race(
			racers.map(({ ends, packet }) => {
				return { interface: ends.client.interface, packet };
			}),
		);
		for (const { ends, packet } of racers) {
			comesOut(answer, ends, "client", packet);
			if (isAnswered && ends.server !== null)
				this.sendOf(ends, "server", answerOf);
		}
	}

	private send(
		flow: number,
		side: Side,
		make: (ends: Ends, end: End) => Packet,
	): void {
		const ends = this.flows[flow];
		if (ends !== undefined) this.sendOf(ends, side, make);
	}

	/** What one end of a flow says; the other learns of it, if it comes out. */
	private sendOf(
		ends: Ends,
		side: Side,
		make: (ends: Ends, end: End) => Packet,
	): void {
		const end = endOf(ends, side);
		const packet = make(ends, end);
		const answer = this.recorder.put(end.interface, packet);
		if (side === "server" && ends.client.interface === "lo")
			hear(ends.client, packet);
		comesOut(answer, ends, side, packet);
	}

	private neighbour({ becomes }: StepPlan & { kind: "neighbour" }): void {
		const { recorder } = this;
		recorder.neighbour({ interface: SIDE, address: NEXT_HOP }, becomes);
		// Until when a kernel believes in an address that it knows is drawn at random (`neigh_rand_reach_time`).
		const operation = { kind: "forget-neighbour", address: NEXT_HOP } as const;
		recorder.operate(operation, operationName(operation));
	}

	/** The address is another router's before it is announced, and the box's own again when it is. */
	private announce({
		address,
		by,
	}: StepPlanKind & { readonly kind: "announce" }): void {
		const { recorder } = this;
		const verb = by === "other" ? "del" : "replace";
		const command = `ip addr ${verb} ${address}/8 dev ${OUTSIDE}`;
		const operation = { kind: "ip", command } as const;
		if (!this.mayBe(operation)) return;
		recorder.operate(operation, operationName(operation));
		recorder.announce({ interface: OUTSIDE, address }, by);
	}

	/** One of those that may end does, or is there again. */
	private program({
		place,
		becomes,
	}: StepPlanKind & { readonly kind: "program" }): void {
		const some = this.programs.filter((one) => backendOf(one) !== null);
		const one = some[place % some.length];
		if (one !== undefined) this.recorder.program(one, becomes);
	}

	private whileFull(steps: readonly StepPlan[]): void {
		if (!this.recorder.fill()) return;
		for (const step of steps) this.step({ ...step, afterMs: 1 });
		this.recorder.makeRoom();
	}
}

/** The other end hears what one has sent, if it came out. */
function comesOut(
	answer: Answer | null,
	ends: Ends,
	side: Side,
	packet: Packet,
): void {
	const other = side === "client" ? "server" : "client";
	for (const emission of answer?.emissions ?? [])
		if (isSame(emission.packet, packet))
			heardBy(ends, other, emission.packet, emission.interface);
}

/** What begins a conversation. */
function firstPacket(ends: Ends): Packet {
	const { plan, client } = ends;
	return plan.protocol === "tcp"
		? segmentFrom(client, { ...QUIET, flags: SYN })
		: messageFrom(ends, client, "client", 1);
}

function answerOf(ends: Ends, end: End): Packet {
	return ends.plan.protocol === "tcp"
		? segmentFrom(end, { ...QUIET, flags: SYN | ACK })
		: messageFrom(ends, end, "server", 2);
}

/** The box's own sockets make something of it that the model does not know. */
function isOfTheBox(about: Packet, type: number, code: number): boolean {
	const own: readonly string[] = OWN_ADDRESSES;
	return (
		type === ICMP_DEST_UNREACH &&
		code === ICMP_FRAG_NEEDED &&
		own.includes(formatAddress(about.source))
	);
}
