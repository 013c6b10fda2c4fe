/** A gateway in a virtual machine: does what the world asks for, and tells what came out. */
import { setTimeout as pause } from "node:timers/promises";
import type { Translated } from "../../scenarios/compare/lockstep/port-draws.ts";
import type { Traced } from "../../scenarios/compare/lockstep/side-by-side.ts";
import type { AsyncGatewayUnderTest } from "../../scenarios/run/driver.ts";
import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type {
	ConntrackLine,
	Emission,
	GatewaySetup,
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import { unreachable } from "../../sim/invariant.ts";
import { matches } from "../../sim/matches/index.ts";
import { encodePacket } from "../../sim/packet/bytes/bytes.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { Cables } from "./cables.ts";
import { readEmissions, type Seen } from "./emissions.ts";
import { GuestBox, type Surroundings } from "./guest-box.ts";
import { HostsAround } from "./hosts-around.ts";
import { type Pace, ScriptTime, type TimeMode } from "./script-time.ts";
import { frameFor, type Sent, type Trunk } from "./trunk.ts";
import { addressOfMac } from "./wire/ethernet.ts";
import { guestMessage, type HeldInGuest } from "./wire/guest-time.ts";
import { frameTarget } from "./wiring.ts";

/** Longer than a program of the gateway's takes that waits for nothing. */
const PROGRAM_MS = 5_000;
/** By it comes what the gateway itself sends. */
const LOOPBACK = "lo";
/** Packets that are under way at a time: each comes with a fence, and may come with a clock message. */
const MOST_UNDER_WAY = 64;

/** Matches whose answers depend on when a timer of the kernel's ran. */
const TIMED = new RegExp(
	`-m (${[...matches.values()].flatMap(({ name, hasTimer }) => (hasTimer ? [name] : [])).join("|")})\\b`,
);

/** Does it load rules that have timers of their own? */
function hasTimers(operation: Operation): boolean {
	if (operation.kind === "restore") return TIMED.test(operation.text);
	return operation.kind === "iptables" && TIMED.test(operation.command);
}

/** Where the gateway is to stand. */
export interface Site extends Surroundings {
	readonly time: TimeMode;
	/** Is called when the machine may serve somebody else. */
	readonly done: () => void;
}

export class VmGateway implements AsyncGatewayUnderTest {
	private readonly site: Site;
	private readonly trunk: Trunk;
	private readonly box: GuestBox;
	private readonly epochMs: number;
	private readonly time: ScriptTime;
	private readonly hosts: HostsAround;
	private readonly cables: Cables;
	/** The packets of the last race, as they were held. */
	private held: (Emission | null)[] = [];
	/** Of the packets that were traced last: what translations made of the connections that they begin. */
	private translated: (readonly Translated[])[] = [];

	private constructor(site: Site, setup: GatewaySetup) {
		this.site = site;
		this.trunk = site.trunk;
		this.box = new GuestBox(site, setup);
		this.epochMs = setup.epochMs;
		this.time = new ScriptTime(this.box.ownPorts.speakTcp);
		this.hosts = new HostsAround(this.box, this.time);
		this.cables = new Cables(this.box, site.trunk);
	}

	/** @throws LabError */
	static async open(site: Site, setup: GatewaySetup): Promise<VmGateway> {
		const gateway = new VmGateway(site, setup);
		try {
			await gateway.begin();
			return gateway;
		} catch (error) {
			// The machine is to serve others, if it can.
			gateway.freeClock();
			if (site.machine.failure === null) await gateway.box.takeDown();
			throw error;
		}
	}

	/** How far the guest's clock was ahead of the script's when it was last looked at. */
	get aheadMs(): number {
		return this.trunk.aheadMs;
	}

	async answer(ask: Ask): Promise<Answer> {
		if (ask.kind === "wait") return this.reply(await this.wait(ask.toMs));
		this.comesTo(ask.atMs);
		switch (ask.kind) {
			case "packet": {
				if (ask.interface === LOOPBACK) return this.sendFromBox(ask.packet);
				const sent = await this.trunk.settle(this.packetFrames(ask));
				// What the gateway sent itself by its loopback interface it may receive behind the fence only.
				const late = await this.trunk.settle();
				return this.reply(await this.seen([...sent, ...late]));
			}
			case "race":
				return this.race(ask);
			case "operation": {
				const before = await this.catchUp();
				const outcome = await this.operate(ask.operation);
				const sent = await this.trunk.settle(this.clockMessages());
				const seen = await this.seen([...before, ...sent]);
				return { ...this.reply(seen), outcome };
			}
			case "observe": {
				const sent = await this.catchUp();
				const observation = await this.box.observe();
				return { ...this.reply(await this.seen(sent)), observation };
			}
			case "neighbour":
				this.hosts.set(ask);
				return this.reply([]);
			case "carrier": {
				const sent = await this.catchUp();
				await this.cables.set(ask.interface, ask.isThere);
				return this.reply(await this.seen(sent));
			}
			case "port":
				await this.box.ownPorts.set(ask);
				return this.reply([]);
			case "source": {
				const sent = await this.catchUp();
				const source = await this.box.sourceTowards(ask);
				return { ...this.reply(await this.seen(sent)), source };
			}
			default:
				return unreachable(ask);
		}
	}

	/** The module in the guest holds those that begin connections until all are there. */
	private async race({ packets }: Ask & { kind: "race" }): Promise<Answer> {
		const { trunk, box } = this;
		const hold = [...this.clockMessages(), guestMessage("hold")];
		const sent = [...(await trunk.settle(hold))];
		this.held = [];
		this.translated = [];
		trunk.takeHeld();
		trunk.takeTranslated();
		for (const { interface: name, packet } of packets) {
			if (name === LOOPBACK) {
				await box.send(packet);
				sent.push(...(await trunk.settle()));
			} else sent.push(...(await trunk.settle(this.framesInto(name, packet))));
			this.held.push(this.heldAs(trunk.takeHeld()));
			this.translated.push(trunk.takeTranslated());
		}
		// One after another: what waits for an ARP answer is not overtaken.
		for (const _ of packets) {
			sent.push(...(await trunk.settle([guestMessage("go")])));
			// What the gateway sent itself by its loopback interface it may receive behind the fence only.
			sent.push(...(await trunk.settle()));
		}
		return this.reply(await this.seen(sent));
	}

	/** The packet that came in last, as it is held; `null` where it is not. */
	private heldAs([one]: readonly HeldInGuest[]): Emission | null {
		if (one === undefined) return null;
		const by = this.box.interfaces.find(({ index }) => index === one.out);
		const seen = { interface: by?.name ?? LOOPBACK, bytes: one.bytes };
		return readEmissions([seen], this.time.nowMs).emissions[0] ?? null;
	}

	/** A program of the gateway's sends the packet; one that the kernel refuses is not sent, and that is all. */
	private async sendFromBox(packet: Packet): Promise<Answer> {
		// Behind all that was put on the wire before.
		const before = await this.trunk.settle(this.clockMessages());
		await this.box.send(packet);
		const sent = await this.trunk.settle();
		return this.reply(await this.seen([...before, ...sent]));
	}

	/**
	 * As one after another, only that nobody waits for a packet's way through the gateway before the
	 * next one is on the wire. What has to wait for ARP may come with a later answer than its own.
	 */
	async answerAll(asks: readonly Ask[]): Promise<readonly Answer[]> {
		const answers: Answer[] = [];
		let underWay: { frames: readonly Buffer[]; nowMs: number }[] = [];
		const arrive = async () => {
			const batches = underWay.map(({ frames }) => frames);
			const some = batches.filter(({ length }) => length > 0);
			const sent = (await this.trunk.settleAll(some)).values();
			for (const { frames, nowMs } of underWay) {
				const own = frames.length > 0 ? sent.next().value : [];
				answers.push(this.reply(this.seenOf(own ?? []), nowMs));
			}
			underWay = [];
		};
		for (const ask of asks) {
			const first = underWay[0];
			const isLong =
				first !== undefined && ask.atMs - first.nowMs >= this.time.shortMs;
			if (isLong || underWay.length >= MOST_UNDER_WAY) await arrive();
			const frames = this.framesOf(ask);
			if (frames !== null) {
				underWay.push({ frames, nowMs: this.time.nowMs });
				continue;
			}
			if (underWay.length > 0) await arrive();
			answers.push(await this.answer(ask));
		}
		if (underWay.length > 0) await arrive();
		return answers;
	}

	/** All that an ask takes; `null` when it takes more than frames on the wire. */
	private framesOf(ask: Ask): readonly Buffer[] | null {
		const { time } = this;
		if (ask.kind === "neighbour") return this.hosts.isAsBefore(ask) ? [] : null;
		if (ask.kind === "wait") {
			if (!this.isSkipped(ask.toMs)) return null;
			time.nowMs = Math.max(time.nowMs, ask.toMs);
			return [];
		}
		const isWire = ask.kind === "packet" && ask.interface !== LOOPBACK;
		if (!isWire || this.box.ownPorts.areThere) return null;
		this.comesTo(ask.atMs);
		return this.packetFrames(ask);
	}

	/** Something happens in the script, whereupon the gateway may ask for a neighbour. */
	private comesTo(atMs: number): void {
		const { time, cables } = this;
		time.nowMs = Math.max(time.nowMs, atMs);
		if (!cables.areWhole) time.unheard();
	}

	/** Too short for any timer: the next packet takes the time along. */
	private isSkipped(toMs: number): boolean {
		const { time } = this;
		if (this.site.time === "live" || time.isExpectant) return false;
		return toMs - time.toldMs < time.shortMs;
	}

	conntrack(): Promise<readonly ConntrackLine[]> {
		return this.box.conntrack();
	}

	/** The same, and which rules packets matched meanwhile. */
	async answerTraced(ask: Ask): Promise<Traced> {
		await this.box.beginTrace();
		this.trunk.takeTranslated();
		const answer = await this.answer(ask);
		const rules = await this.box.endTrace();
		if (ask.kind === "race")
			return { answer, rules, translated: this.translated, held: this.held };
		return { answer, rules, translated: [this.trunk.takeTranslated()] };
	}

	async close(): Promise<void> {
		this.freeClock();
		try {
			if (this.site.machine.failure === null) await this.box.takeDown();
		} finally {
			this.site.done();
		}
	}

	private async begin(): Promise<void> {
		this.trunk.serve(this.hosts);
		await this.box.bringUp(this.epochMs);
		if (this.site.time === "moved")
			await this.trunk.settle([guestMessage("begin")]);
		await this.catchUp();
		await this.box.restoreSets();
	}

	/**
	 * A program takes no time of the script's. One that has to wait for the guest's clock gets it after
	 * a while; so does a second box, until it is up: what it is given then grows old with the script's time alone.
	 */
	private async operate(operation: Operation): Promise<OperationOutcome> {
		const { box, cables, time } = this;
		let late: NodeJS.Timeout | undefined;
		const stopClock = async () => {
			await this.catchUp();
			late = setTimeout(() => this.freeClock(), PROGRAM_MS);
		};
		try {
			if (operation.kind === "take-over") {
				this.freeClock();
				cables.forget();
				return await box.takeOver(this.epochMs + time.nowMs, stopClock);
			}
			if (hasTimers(operation)) time.tick();
			late = setTimeout(() => this.freeClock(), PROGRAM_MS);
			const outcome = await box.operate(operation);
			await cables.keep();
			return outcome;
		} finally {
			clearTimeout(late);
		}
	}

	/** Until the guest is told again what time it is. */
	private freeClock(): void {
		if (this.site.time === "live") return;
		this.trunk.send([guestMessage("free")]);
		this.time.isTold = false;
	}

	/** The packet, behind the time at which it comes. */
	private packetFrames(ask: Ask & { kind: "packet" }): readonly Buffer[] {
		const frames = this.framesInto(ask.interface, ask.packet);
		return [...this.clockMessages(), ...frames];
	}

	/** None, where a cable is pulled. */
	private framesInto(interfaceName: string, packet: Packet): readonly Buffer[] {
		return this.cables.isPulled(interfaceName)
			? []
			: [this.frameOf(interfaceName, packet)];
	}

	private frameOf(interfaceName: string, packet: Packet): Buffer {
		const into = this.box.interfaceNamed(interfaceName);
		return frameFor({
			vlan: into.vlan,
			source: packet.source,
			bytes: encodePacket(packet),
			to: frameTarget(into, packet.destination),
		});
	}

	/** Tells the guest what time it is, if it has to be told. */
	private clockMessages(): readonly Buffer[] {
		const { time } = this;
		if (this.site.time === "live" || !time.tell()) return [];
		return [guestMessage("advance", { atMs: time.nowMs })];
	}

	/** The guest's timers have run up to now. */
	private async catchUp(): Promise<readonly Sent[]> {
		const { time, trunk } = this;
		if (this.site.time === "live") return trunk.settle();
		time.tell();
		const { sent } = await trunk.runTimers(time.nowMs);
		return sent;
	}

	private async wait(toMs: number): Promise<readonly Seen[]> {
		const { time } = this;
		while (time.nowMs < toMs) {
			const sent = await this.goOn(time.pace(toMs, this.hosts.allKnownAnswer));
			const seen = await this.seen(sent);
			if (seen.length > 0) return seen;
		}
		return [];
	}

	private async goOn({ toMs, stepMs }: Pace): Promise<readonly Sent[]> {
		const { time, trunk } = this;
		if (this.site.time === "live") {
			const stopMs = Math.min(toMs, time.nowMs + stepMs);
			await pause(stopMs - time.nowMs);
			time.nowMs = stopMs;
			return trunk.settle();
		}
		if (this.isSkipped(toMs)) {
			time.nowMs = toMs;
			return [];
		}
		const { sent, reachedMs } = await trunk.runTimers(toMs, stepMs);
		time.nowMs = Math.max(time.nowMs, reachedMs);
		time.tell();
		return sent;
	}

	private reply(seen: readonly Seen[], nowMs = this.time.nowMs): Answer {
		return {
			nowMs,
			...readEmissions(seen, nowMs),
			outcome: null,
			observation: null,
		};
	}

	/** What the gateway's own programs were handed, before it sent anything, and what it sent. */
	private async seen(sent: readonly Sent[]): Promise<readonly Seen[]> {
		const taken = await this.box.ownPorts.taken();
		const own = taken.map((bytes): Seen => ({ interface: LOOPBACK, bytes }));
		return [...own, ...this.seenOf(sent)];
	}

	/** Without what a box sends that was left: it may go on for a while. */
	private seenOf(sent: readonly Sent[]): readonly Seen[] {
		return sent.flatMap(({ vlan, to, bytes }) => {
			const from = this.box.interfaces.find((one) => one.vlan === vlan);
			if (from === undefined) return [];
			const nextHop = addressOfMac(to);
			const seen = { interface: from.name, bytes };
			return [nextHop === null ? seen : { ...seen, nextHop }];
		});
	}
}
