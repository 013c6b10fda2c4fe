/** A model that is played on, and what was done to it, written down as the steps of a scenario. */

import type { Answer, Ask, PortState } from "../../sim/contract/ask.ts";
import type {
	GatewaySetup,
	Operation,
	Unknown,
} from "../../sim/contract/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from "../../sim/kernel.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { printPacket } from "../../sim/packet/notation/notation.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { ROOT } from "../../sim/packet/socket-owner.ts";
import { ANY_ADDRESS } from "../../sim/world/setup/services.ts";
import { connect, connectOnly, send } from "../language/build/build.ts";
import type { ScenarioStep } from "../language/scenario.ts";
import { gatewayChoice } from "../run/set-up.ts";
import {
	count,
	coverDatagram,
	coverRules,
	coverSegment,
	noCoverage,
} from "./coverage.ts";
import {
	backendOf,
	type Place,
	type ProgramPlan,
	serviceAsked,
	UNBOUND,
	type UnboundPlan,
} from "./world/topology.ts";

/** So long an unbound program waits for its connection. */
const UNBOUND_MS = 1;
/** Entries: more than anybody makes here. */
const ROOM = 65_536;

const mostEntries = (value: number): Operation => ({
	kind: "sysctl",
	name: "netfilter.nf_conntrack_max",
	value,
});

interface Entering {
	readonly interface: string;
	readonly packet: Packet;
}

export class Recorder {
	readonly gateway: ModelGateway;
	readonly steps: ScenarioStep[] = [];
	readonly coverage = noCoverage();
	/** What the model does not know; nothing is written down from there on. */
	unknown: Unknown | null = null;
	nowMs = 0;
	private readonly programs: readonly ProgramPlan[];
	/** The table takes no more than these entries; 0 while it has room. */
	private full = 0;

	/** @param programs that the setup has, as `gateway.listeners` or as backends on `lo` */
	constructor(
		setup: GatewaySetup,
		programs: readonly ProgramPlan[],
		seed: number,
	) {
		this.programs = programs;
		this.gateway = new ModelGateway(setup, { choice: gatewayChoice(seed) });
		for (const one of programs)
			if (one.owner !== null) this.setPort(one, "open");
	}

	/** As a play tells the gateway of its programs. */
	private setPort(
		{ protocol, port, address, owner }: ProgramPlan,
		becomes: PortState,
	): void {
		const ask = { kind: "port", atMs: this.nowMs, protocol, address } as const;
		const whose = owner ?? ROOT;
		this.gateway.answer({ ...ask, port, becomes, owner: whose });
	}

	passTime(ms: number): void {
		const toMs = this.nowMs + ms;
		while (this.nowMs < toMs && this.unknown === null) {
			const answer = this.gateway.answer({
				kind: "wait",
				atMs: this.nowMs,
				toMs,
			});
			this.note(answer);
			this.nowMs = answer.nowMs;
		}
		this.nowMs = toMs;
	}

	/** @returns what came of it; `null` when nobody knows */
	put(interfaceName: string, packet: Packet): Answer | null {
		const { gateway, nowMs } = this;
		const entering = { interface: interfaceName, packet };
		if (this.unknown === null && packet.kind === "tcp")
			coverSegment(this.coverage, packet, gateway.conntrackLines);
		if (this.unknown === null && packet.kind === "udp")
			coverDatagram(this.coverage, packet, gateway.conntrackLines);
		const answer = this.enter({ kind: "packet", atMs: nowMs, ...entering }, [
			entering,
		]);
		if (answer === null) return null;
		this.steps.push({
			kind: "packet",
			atMs: nowMs,
			label: "",
			...byHand(entering),
		});
		this.keepFull();
		return answer;
	}

	/** The packets are in the gateway at once. @returns as `put` */
	race(packets: readonly Entering[]): Answer | null {
		const { coverage, gateway, nowMs } = this;
		const answer = this.enter({ kind: "race", atMs: nowMs, packets }, packets);
		if (answer === null) return null;
		count(coverage.packets, "race");
		for (const { fate } of gateway.raced)
			if (fate.kind === "dropped" && fate.by === "lost race")
				count(coverage.packets, "lost race");
		this.steps.push({
			kind: "race",
			atMs: nowMs,
			label: "",
			packets: packets.map(byHand),
		});
		this.keepFull();
		return answer;
	}

	private enter(ask: Ask, packets: readonly Entering[]): Answer | null {
		if (this.unknown !== null) return null;
		const answer = this.gateway.answer(ask);
		if (!this.note(answer)) return null;
		const { coverage } = this;
		for (const { interface: interfaceName, packet } of packets) {
			const isError = packet.kind === "icmp" && packet.about !== null;
			count(coverage.packets, isError ? "icmp error" : packet.kind);
			if ("fragment" in packet) count(coverage.packets, "fragment");
			if (interfaceName === "lo") count(coverage.packets, "from the box");
			if (interfaceName === "lo" && this.isOfProgram(packet))
				count(coverage.packets, `from a program ${packet.kind}`);
			if ("checksum" in packet)
				count(coverage.packets, `checksum ${packet.checksum}`);
		}
		const came = packets.some(({ packet }) => "fragment" in packet);
		for (const { interface: interfaceName, packet } of answer.emissions) {
			if (interfaceName === "lo")
				count(coverage.packets, `to a program ${packet.kind}`);
			if ("fragment" in packet && !came)
				count(coverage.packets, "cut for a link");
			if (isTooBig(packet)) count(coverage.packets, "too big for a link");
		}
		return answer;
	}

	private isOfProgram(packet: Packet): boolean {
		return this.programs.some(
			({ protocol, port, address }) =>
				packet.kind === protocol &&
				packet.sourcePort === port &&
				(address === ANY_ADDRESS || address === formatAddress(packet.source)),
		);
	}

	/** The table is full only while none of its entries can make room. */
	private keepFull(): void {
		if (this.full > 0 && this.entriesThatStay() !== this.full) this.makeRoom();
	}

	/**
	 * Lets nobody in any more, for as long as none of the entries can make room: which of them would
	 * have to go is the kernel's secret.
	 * @returns whether the table is full now
	 */
	fill(): boolean {
		this.full = this.entriesThatStay();
		if (this.full > 0) this.operate(mostEntries(this.full), "full");
		return this.full > 0;
	}

	/** Unless it has been made already. */
	makeRoom(): void {
		if (this.full === 0) return;
		this.full = 0;
		this.operate(mostEntries(ROOM), "sysctl");
	}

	/** So many entries if all of them are ASSURED, else 0. */
	private entriesThatStay(): number {
		const lines = this.gateway.conntrackLines;
		return lines.every(({ assured }) => assured) ? lines.length : 0;
	}

	/** @param name what it counts as */
	operate(operation: Operation, name: string): void {
		if (this.unknown !== null) return;
		const { coverage, gateway, nowMs } = this;
		if (operation.kind === "restore" || operation.kind === "iptables")
			this.coverRules();
		const answer = gateway.answer({
			kind: "operation",
			atMs: nowMs,
			operation,
		});
		if (!this.note(answer)) return;
		count(coverage.operations, name);
		this.steps.push({ kind: "operation", atMs: nowMs, label: "", operation });
	}

	/** A program of the gateway's own ends, or begins. */
	program(program: ProgramPlan, becomes: "refuse" | "up"): void {
		const backend = backendOf(program);
		if (this.unknown !== null || backend === null) return;
		const { nowMs: atMs } = this;
		this.setPort(program, becomes === "up" ? "open" : "refused");
		count(this.coverage.operations, `program ${becomes}`);
		const step = { kind: "backend", atMs, label: "", backend } as const;
		this.steps.push({ ...step, becomes: { kind: becomes } });
	}

	/** A program that is bound to no address sends: what comes of it, the play alone finds out. */
	unbound(plan: UnboundPlan): void {
		if (this.unknown !== null) return;
		const { nowMs: atMs } = this;
		const { protocol } = plan;
		count(this.coverage.packets, `from an unbound program ${protocol}`);
		const asks = {
			client: UNBOUND,
			service: serviceAsked(plan, this.programs),
		};
		const dialogue = connectOnly({ connectTimeoutMs: UNBOUND_MS });
		this.steps.push(
			protocol === "tcp"
				? { ...connect(1, { ...asks, dialogue }), atMs }
				: { ...send(1, { ...asks, reply: false }), atMs },
		);
	}

	/** A router announces that it has an address, on a link of the gateway's. */
	announce({ interface: name, address }: Place, by: "gateway" | "other"): void {
		if (this.unknown !== null) return;
		const { nowMs: atMs } = this;
		const answers = by === "other";
		const at = { interface: name, address, answers };
		this.gateway.answer({ kind: "neighbour", atMs, ...at });
		count(this.coverage.operations, `announce by ${by}`);
		this.steps.push({ kind: "announce", atMs, label: "", address, by });
	}

	/** A router changes, as `setup.neighbours` names it. */
	neighbour(
		neighbour: { readonly interface: string; readonly address: string },
		becomes: "vanish" | "silent" | "up",
	): void {
		if (this.unknown !== null) return;
		const { nowMs, coverage } = this;
		const answers = becomes !== "vanish";
		this.gateway.answer({
			kind: "neighbour",
			atMs: nowMs,
			...neighbour,
			answers,
		});
		count(coverage.operations, `neighbour ${becomes}`);
		this.steps.push({
			kind: "neighbour",
			atMs: nowMs,
			label: "",
			address: neighbour.address,
			becomes: { kind: becomes },
		});
	}

	carrier(interfaceName: string, becomes: "lost" | "back"): void {
		if (this.unknown !== null) return;
		const { nowMs, coverage } = this;
		this.gateway.answer({
			kind: "carrier",
			atMs: nowMs,
			interface: interfaceName,
			isThere: becomes === "back",
		});
		count(coverage.operations, `carrier ${becomes}`);
		this.steps.push({
			kind: "carrier",
			atMs: nowMs,
			label: "",
			interface: interfaceName,
			becomes,
		});
	}

	observe(): void {
		const label = `o${this.steps.length}`;
		this.steps.push({ kind: "observe", atMs: this.nowMs, label });
	}

	/** Which rules packets have met since the counters began. */
	coverRules(): void {
		coverRules(this.coverage, this.gateway.ruleset);
	}

	private note({ unknown }: Answer): boolean {
		if (unknown === null) return true;
		this.unknown = unknown;
		count(this.coverage.unknown, unknown.reason);
		return false;
	}
}

/** An ICMP error that says that the next link takes less. */
const isTooBig = (packet: Packet): boolean =>
	packet.kind === "icmp" &&
	packet.type === ICMP_DEST_UNREACH &&
	packet.code === ICMP_FRAG_NEEDED;

function byHand({ interface: name, packet }: Entering) {
	return { interface: name, packet: printPacket(packet) };
}
