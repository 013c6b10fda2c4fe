/**
 * The model, made to draw what a kernel drew. Which port a translation gets is seen by what the kernel
 * sends, and where it sends nothing by its connections. The model is a function of what it is asked and
 * of what it draws, so a draw is taken back by playing it once more up to there.
 */
import type { Choice } from "../../sim/chance/choice.ts";
import type {
	ConntrackLine,
	Emission,
	GatewaySetup,
	TraceSink,
} from "../../sim/gateway/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { Answer, Ask } from "../../sim/world/ask.ts";
import { inTime } from "./in-time.ts";

/** What the kernel shows of a packet that it has dealt with. */
export interface KernelSide {
	readonly emissions: readonly Emission[];
	conntrack(): Promise<readonly ConntrackLine[]>;
}

interface Draw {
	readonly label: string;
	readonly count: number;
	readonly drawn: number;
}

const UNSEEN_DRAW =
	"the kernel drew a port for a connection that was gone before anybody could see it";
const UNSEEN_DROP =
	"the table was full, and which connection went for another was the kernel's chance";

/**
 * From what was drawn on, ports are tried one after another until one is free; where none is, the last
 * stays, which is the one before what was drawn (`nf_nat_l4proto_unique_tuple`).
 */
const MOST_TRIES = 2;
const NAT_PORT = /^nat (source|destination) port from (\d+)$/;

export class FollowingModel {
	private readonly setup: GatewaySetup;
	private readonly own: Choice;
	/** In order; `null` is where what had expired was removed. */
	private readonly asked: (Ask | null)[] = [];
	private readonly draws: Draw[] = [];
	/** Number of the first of them that the last ask may have made. */
	private first = 0;
	/** So many of them are made again, as they were. */
	private again = 0;
	/** What the kernel sent on. What goes back is translated back, and shows no draw. */
	private seen: readonly Emission[] = [];
	/** What was sent shows a port that could have been drawn. */
	private isSeen = false;
	private model: ModelGateway;
	private givenUp = 0;
	/** Why the two may differ from here on though neither is wrong; `null` while there is nothing. */
	chance: string | null = null;

	constructor(setup: GatewaySetup, choice: Choice) {
		this.setup = setup;
		this.own = choice;
		this.model = this.playAgain();
	}

	/** Has it drawn, at the last ask, what a kernel would have drawn for itself? */
	get hasDrawnPort(): boolean {
		return this.draws
			.slice(this.first)
			.some(({ label }) => NAT_PORT.test(label));
	}

	/** Before a kernel was asked the same, or where it draws nothing. */
	answerAlone(ask: Ask): Answer {
		this.seen = [];
		this.first = this.draws.length;
		return this.ask(ask);
	}

	/** As if it had not been asked last. */
	takeBack(): void {
		this.asked.pop();
		this.draws.splice(this.first);
		this.model = this.playAgain();
	}

	/** @param kernel what a kernel made of the same */
	async answer(ask: Ask, kernel: KernelSide): Promise<Answer> {
		if (ask.kind !== "packet") return this.answerAlone(ask);
		this.seen = kernel.emissions.filter(
			({ packet }) => packet.destination !== ask.packet.source,
		);
		this.isSeen = false;
		this.first = this.draws.length;
		const answer = this.ask(ask);
		if (!this.hasDrawnPort) return answer;
		const theirs = entriesOf(ask.packet, await kernel.conntrack());
		if (theirs.length === 0 && !this.isSeen) this.chance ??= UNSEEN_DRAW;
		return this.drawAs(theirs, ask.packet) ?? answer;
	}

	/**
	 * What is drawn depends on what was drawn before, so draws are put right one after another.
	 * @returns the answer then; `null` when there is nothing to put right
	 */
	private drawAs(
		theirs: readonly ConntrackLine[],
		packet: Packet,
	): Answer | null {
		let answer: Answer | null = null;
		let at = 0;
		let tries = 0;
		for (;;) {
			const ours = entriesOf(packet, this.model.conntrackLines);
			const entry = missingIn(ours, theirs);
			const own = missingIn(theirs, ours);
			if (entry === null || own === null) return answer;
			const drawn = this.draws.slice(this.first);
			const [wrong] = drawn.flatMap((draw, index) => {
				const isRight = portIn(own, draw) === portIn(entry, draw);
				const offset = index < at || isRight ? null : offsetIn(entry, draw);
				return offset === null ? [] : { draw, index, offset };
			});
			if (wrong === undefined) return answer;
			const { draw, index, offset } = wrong;
			tries = index === at ? tries + 1 : 1;
			if (tries > MOST_TRIES) return answer;
			at = index;
			const better = { ...draw, drawn: (offset + tries - 1) % draw.count };
			answer = this.askAgain([...drawn.slice(0, at), better]);
		}
	}

	/** Has it given somebody up since this was last asked, perhaps without a word? */
	hasGivenUp(): boolean {
		const before = this.givenUp;
		this.givenUp = this.model.givenUp;
		return this.givenUp !== before;
	}

	/** Removes connections whose time is over. @returns whether there were any */
	removeExpired(): boolean {
		this.asked.push(null);
		return this.model.removeExpired() > 0;
	}

	/** With these draws in the place of those of the last ask; whatever it draws behind them is new. */
	private askAgain(draws: readonly Draw[]): Answer {
		const last = this.asked.pop() as Ask;
		this.draws.splice(this.first, Number.POSITIVE_INFINITY, ...draws);
		this.model = this.playAgain();
		return this.ask(last);
	}

	/** What happened at the last ask, rule by rule: it is played once more, since nobody looked. */
	lookAgain(trace: TraceSink): void {
		const last = this.asked.pop();
		if (!last) return;
		this.model = this.playAgain(trace);
		this.model.isTraced = true;
		this.ask(last);
	}

	private ask(ask: Ask): Answer {
		const asked = inTime(ask, this.model.nowMs);
		this.asked.push(asked);
		if (this.model.dropsByChance) this.chance ??= UNSEEN_DROP;
		return this.model.answer(asked);
	}

	/** A model that has been asked all that was asked so far, and drew what was drawn. */
	private playAgain(trace?: TraceSink): ModelGateway {
		const choice: Choice = {
			pick: (count, label) => this.pick(count, label),
			happens: (numerator, denominator, label) =>
				this.keep(label, 2, () =>
					this.own.happens(numerator, denominator, label) ? 1 : 0,
				) === 1,
		};
		this.again = 0;
		const model = new ModelGateway(
			this.setup,
			trace === undefined ? { choice } : { choice, trace },
		);
		model.isTraced = false;
		for (const ask of this.asked)
			if (ask === null) model.removeExpired();
			else model.answer(ask);
		return model;
	}

	private pick(count: number, label: string): number {
		return this.keep(label, count, () => {
			const drawn = this.own.pick(count, label);
			const [, side, lowest] = NAT_PORT.exec(label) ?? [];
			const packet = this.seen[0]?.packet;
			if (side === undefined || !packet || !("sourcePort" in packet))
				return drawn;
			const port =
				side === "source" ? packet.sourcePort : packet.destinationPort;
			const offset = offsetOf(port, Number(lowest), count);
			this.isSeen ||= offset !== null;
			return offset ?? drawn;
		});
	}

	private keep(label: string, count: number, draw: () => number): number {
		const before = this.draws[this.again];
		const drawn = before === undefined ? draw() : before.drawn;
		if (before === undefined) this.draws.push({ label, count, drawn });
		this.again++;
		return drawn;
	}
}

/** The port in an entry that the draw is for; `null` when it is for none. */
function portIn(
	{ protocol, reply }: ConntrackLine,
	{ label }: Draw,
): number | null {
	const [, side] = NAT_PORT.exec(label) ?? [];
	if (side === undefined) return null;
	// Replies go to the source as it was translated, and come from the destination; ICMP has one identifier.
	const isSource = side === "source" && protocol !== "icmp";
	return isSource ? reply.destinationPort : reply.sourcePort;
}

/** The draw that leads to the port in the entry, if it was free; `null` when none does. */
function offsetIn(entry: ConntrackLine, draw: Draw): number | null {
	const [, , lowest] = NAT_PORT.exec(draw.label) ?? [];
	const port = portIn(entry, draw);
	return port === null ? null : offsetOf(port, Number(lowest), draw.count);
}

/** The first entry that is not among some, as replies see it. */
function missingIn(
	some: readonly ConntrackLine[],
	entries: readonly ConntrackLine[],
): ConntrackLine | null {
	const known = some.map(replyOf);
	return entries.find((line) => !known.includes(replyOf(line))) ?? null;
}

function offsetOf(port: number, lowest: number, count: number): number | null {
	const offset = port - lowest;
	return offset >= 0 && offset < count ? offset : null;
}

/** The connections that a packet may have begun: one in each zone. */
function entriesOf(
	packet: Packet,
	lines: readonly ConntrackLine[],
): readonly ConntrackLine[] {
	const [sourcePort, destinationPort] = portsOf(packet);
	return lines.filter(
		({ protocol, original }) =>
			protocol === packet.kind &&
			original.source === formatAddress(packet.source) &&
			original.destination === formatAddress(packet.destination) &&
			original.sourcePort === sourcePort &&
			original.destinationPort === destinationPort,
	);
}

function replyOf({ reply }: ConntrackLine): string {
	const { source, sourcePort, destination, destinationPort } = reply;
	return `${source}:${sourcePort} ${destination}:${destinationPort}`;
}

function portsOf(
	packet: Packet,
): readonly [source: number, destination: number] {
	if (packet.kind === "icmp") return [packet.rest >>> 16, 0];
	return "sourcePort" in packet
		? [packet.sourcePort, packet.destinationPort]
		: [0, 0];
}
