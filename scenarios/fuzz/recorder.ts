/** A model that is played on, and what was done to it, written down as the steps of a scenario. */

import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type {
	GatewaySetup,
	Operation,
	Unknown,
} from "../../sim/contract/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { printPacket } from "../../sim/packet/notation/notation.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { ScenarioStep } from "../language/scenario.ts";
import { gatewayChoice } from "../run/run-scenario.ts";
import {
	count,
	coverDatagram,
	coverRules,
	coverSegment,
	noCoverage,
} from "./coverage.ts";

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
	/** The table takes no more than these entries; 0 while it has room. */
	private full = 0;

	constructor(setup: GatewaySetup, seed: number) {
		this.gateway = new ModelGateway(setup, { choice: gatewayChoice(seed) });
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
			if ("checksum" in packet)
				count(coverage.packets, `checksum ${packet.checksum}`);
		}
		return answer;
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

function byHand({ interface: name, packet }: Entering) {
	return { interface: name, packet: printPacket(packet) };
}
