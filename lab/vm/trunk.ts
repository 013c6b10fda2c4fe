/**
 * The one wire to the gateway: packets of all its interfaces as VLANs in one ordered stream, ARP for
 * everybody who stands around it, and fences that tell when it is done.
 */
import type { Translated } from "../../scenarios/compare/lockstep/port-draws.ts";
import type { Address } from "../../sim/packet/packet.ts";
import { createGuest } from "./machine/guest.ts";
import type { Machine } from "./machine/machine.ts";
import { answeredFence, arpReply, decodeArp, fence } from "./wire/arp.ts";
import {
	ARP,
	decodeFrame,
	encodeFrame,
	type Frame,
	GATEWAY_MAC,
	IPV4,
	macOf,
} from "./wire/ethernet.ts";
import {
	guestMessage,
	type HeldInGuest,
	heldInGuest,
	timersHaveRun,
	translatedInGuest,
} from "./wire/guest-time.ts";
import { TRUNK_NAME, trunkMessages } from "./wiring.ts";

export interface TrunkPorts {
	/** Does somebody on this VLAN answer for the address? */
	answers(vlan: number, address: Address): boolean;
	/** Nobody answered a request of the gateway's. */
	unanswered(vlan: number, address: Address): void;
}

/** An IPv4 packet that came out. */
export interface Sent {
	readonly vlan: number;
	/** Hardware address that it is for. */
	readonly to: Uint8Array;
	readonly bytes: Uint8Array;
}

const NOBODY: TrunkPorts = { answers: () => false, unanswered: () => {} };

/** A gateway that lets a fence wait for so long does nothing any more. */
const FENCE_MS = 30_000;
const RETRY_MS = 20;
const RETRIES = 250;
const MOST_VLANS = 4094;

interface Waiting {
	readonly number: number;
	/** @param sent what came out in front of it, and behind the one before */
	readonly resolve: (sent: readonly Sent[]) => void;
}

export class Trunk {
	/** In the guest, in the namespace that it started with. */
	readonly index: number;
	private readonly machine: Machine;
	private ports: TrunkPorts = NOBODY;
	private sent: Sent[] = [];
	private number = 0;
	private vlan = 0;
	private fences: Waiting[] = [];
	private timers: Waiting[] = [];
	private hasAnswered = false;
	private held: HeldInGuest[] = [];
	private translated: Translated[] = [];
	/** Script time, when the guest's timers ran last. */
	private reachedMs = 0;
	/** How far the guest's clock was ahead of the script's when it was last looked at: nothing, where it can be stopped. */
	aheadMs = 0;

	private constructor(machine: Machine, index: number) {
		this.machine = machine;
		this.index = index;
		machine.listen((bytes) => this.take(bytes));
	}

	/** Plugs it into a machine that has just come up. */
	static async open(machine: Machine): Promise<Trunk> {
		const guest = createGuest(machine);
		const index = await guest.read(`/sys/class/net/${TRUNK_NAME}/ifindex`);
		const trunk = new Trunk(machine, Number(index));
		const failed = await guest.netlink(trunkMessages(trunk.index));
		if (failed !== 0)
			throw machine.fail(
				"start",
				`its trunk cannot be set up: errno ${failed}`,
			);
		await trunk.waitForLink(0);
		return trunk;
	}

	/**
	 * A number for an interface of the next gateway. Those of one that was left stay taken until the
	 * kernel has found the time to remove it; by their turn it long has.
	 */
	freeVlan(): number {
		this.vlan = (this.vlan % MOST_VLANS) + 1;
		return this.vlan;
	}

	/** Whoever opens a gateway on the machine takes over who answers. */
	serve(ports: TrunkPorts): void {
		this.ports = ports;
		this.sent = [];
	}

	/** Puts frames on the wire; `settle` waits for what becomes of them. */
	send(frames: readonly Uint8Array[]): void {
		this.machine.send(frames);
	}

	/**
	 * Sends frames and waits until the gateway is done with them. What it did at once has come out by
	 * then; a packet that waited for ARP comes after the answer, and is waited for too.
	 */
	async settle(frames: readonly Uint8Array[] = []): Promise<readonly Sent[]> {
		const [sent = []] = await this.settleAll([frames]);
		return sent;
	}

	/**
	 * The same for several batches at once, a fence behind each. What waited for ARP may come with a
	 * later batch than the one that it belongs to. All frames together have to fit the guest's receive
	 * queue, which holds 256 of them.
	 */
	async settleAll(
		batches: readonly (readonly Uint8Array[])[],
	): Promise<readonly (readonly Sent[])[]> {
		if (batches.length === 0) return [];
		this.hasAnswered = false;
		const frames: Uint8Array[] = [];
		const passed: Promise<readonly Sent[]>[] = [];
		for (const batch of batches) {
			const number = this.nextNumber();
			passed.push(this.waitFor(this.fences, number));
			frames.push(...batch, fence(number));
		}
		this.machine.send(frames);
		const sent = await Promise.all(passed);
		if (!this.hasAnswered) return sent;
		const late = await this.settle();
		return sent.map((of, index) =>
			index === sent.length - 1 ? [...of, ...late] : of,
		);
	}

	/**
	 * Moves the guest's clock on to this script time, step by step, until something is sent, and waits
	 * until its timers have run: the answer comes behind what they sent.
	 * @param stepMs in one step when nothing is said
	 */
	async runTimers(
		atMs: number,
		stepMs = 0,
	): Promise<{ readonly sent: readonly Sent[]; readonly reachedMs: number }> {
		const number = this.nextNumber();
		this.hasAnswered = false;
		const done = this.waitFor(this.timers, number);
		this.machine.send([guestMessage("timers", { number, atMs, stepMs })]);
		const sent = await done;
		// The guest is told of whole milliseconds.
		const isThere = this.reachedMs >= Math.floor(atMs);
		const reachedMs = isThere ? atMs : this.reachedMs;
		if (!this.hasAnswered) return { sent, reachedMs };
		return { sent: [...sent, ...(await this.settle())], reachedMs };
	}

	/** Waits until the gateway answers for an address of its own on a VLAN: its link is up. */
	async waitForLink(vlan: number, target?: Address): Promise<void> {
		let isUp = false;
		for (let tries = 0; !isUp && tries < RETRIES; tries++) {
			const number = this.nextNumber();
			const waiting = new Promise<true>((resolve) =>
				this.fences.push({ number, resolve: () => resolve(true) }),
			);
			const probe = target === undefined ? { vlan } : { vlan, target };
			this.machine.send([fence(number, probe)]);
			isUp = await Promise.race([
				waiting,
				new Promise<false>((resolve) => setTimeout(resolve, RETRY_MS, false)),
			]);
			if (this.machine.failure !== null) throw this.machine.failure;
		}
		if (!isUp)
			throw this.machine.fail(
				"hangs",
				`the link of VLAN ${vlan} does not come up`,
			);
	}

	/** What is held since the last time: to be asked for behind a fence. */
	takeHeld(): readonly HeldInGuest[] {
		const { held } = this;
		this.held = [];
		return held;
	}

	/** What translations made of new connections since the last time, while packets were traced: as `takeHeld`. */
	takeTranslated(): readonly Translated[] {
		const { translated } = this;
		this.translated = [];
		return translated;
	}

	/** What came out since the last time. */
	private takeSent(): readonly Sent[] {
		const { sent } = this;
		this.sent = [];
		return sent;
	}

	private nextNumber(): number {
		this.number = (this.number + 1) >>> 0;
		return this.number;
	}

	private waitFor(list: Waiting[], number: number): Promise<readonly Sent[]> {
		return new Promise((resolve, reject) => {
			const { machine } = this;
			if (machine.failure !== null) {
				reject(machine.failure);
				return;
			}
			const forget = machine.onFailure(reject);
			const timer = setTimeout(
				() =>
					machine.fail(
						"hangs",
						`a packet was not dealt with within ${FENCE_MS / 1000} s`,
					),
				FENCE_MS,
			);
			list.push({
				number,
				resolve: (sent) => {
					clearTimeout(timer);
					forget();
					resolve(sent);
				},
			});
		});
	}

	private take(bytes: Buffer): void {
		const frame = decodeFrame(bytes);
		if (frame === null) return;
		const passed = answeredFence(frame);
		if (passed !== null) {
			// An answer that came too late is nobody's.
			const isAwaited = this.fences.some(({ number }) => number === passed);
			const sent = isAwaited ? this.takeSent() : [];
			this.fences = release(this.fences, passed, sent);
			return;
		}
		if (frame.type === ARP) this.takeArp(frame);
		else if (frame.type === IPV4)
			this.sent.push({ ...frame, bytes: frame.payload });
		else this.takeMessage(frame);
	}

	private takeMessage(frame: Frame): void {
		const held = heldInGuest(frame);
		if (held !== null) {
			this.held.push(held);
			return;
		}
		const translated = translatedInGuest(frame);
		if (translated !== null) {
			this.translated.push(translated);
			return;
		}
		const answer = timersHaveRun(frame);
		if (answer === null) return;
		this.aheadMs = answer.isStopped
			? 0
			: Math.max(0, answer.guestMs - answer.reachedMs);
		this.reachedMs = answer.reachedMs;
		this.timers = release(this.timers, answer.number, this.takeSent());
	}

	private takeArp({ vlan, payload }: Frame): void {
		const arp = decodeArp(payload);
		if (arp === null || arp.kind !== "request") return;
		// What is answered to an address of the loopback's, the gateway does not hear (arp_process).
		const isDeaf = arp.sender >>> 24 === 127;
		if (isDeaf || !this.ports.answers(vlan, arp.target)) {
			this.ports.unanswered(vlan, arp.target);
			return;
		}
		this.hasAnswered = true;
		this.machine.send([arpReply(arp, vlan, macOf(arp.target))]);
	}
}

/** Answers come in order: whoever waits for an earlier number is done as well. */
function release(
	list: Waiting[],
	number: number,
	sent: readonly Sent[],
): Waiting[] {
	for (const one of list)
		if (one.number <= number) one.resolve(one.number === number ? sent : []);
	return list.filter((one) => one.number > number);
}

/** A packet on its way to the gateway. */
export function frameFor(packet: {
	readonly vlan: number;
	readonly source: Address;
	readonly bytes: Uint8Array;
	/** Where it goes; the gateway itself when nothing is said. */
	readonly to?: Uint8Array;
}): Buffer {
	return encodeFrame({
		vlan: packet.vlan,
		to: packet.to ?? GATEWAY_MAC,
		from: macOf(packet.source),
		type: IPV4,
		payload: packet.bytes,
	});
}
