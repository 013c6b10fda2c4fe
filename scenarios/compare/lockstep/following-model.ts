/**
 * The model, made to draw what a kernel drew. Which rules its packets matched the kernel tells, and what its
 * translations made of packets that begin connections; which connection made room in a full table is seen
 * by its connections. The model is a function of what it is asked and of what it
 * draws, so a draw is taken back by playing it once more up to there.
 */
import type { Choice } from "../../../sim/chance/choice.ts";
import type { Answer, Ask } from "../../../sim/contract/ask.ts";
import type {
	ConntrackLine,
	Emission,
	GatewaySetup,
} from "../../../sim/contract/gateway.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { ruleOfDraw } from "../../../sim/matches/statistic.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { ChanceEnd } from "./chance-ends.ts";
import { DrawTally } from "./draw-tally.ts";
import { DrawingRules } from "./drawing-rules.ts";
import { type Draw, FollowedDraws, isShown, keyOf } from "./followed-draws.ts";
import { type Translated, zonesTaken } from "./port-draws.ts";
import { RuleCursor } from "./rule-cursor.ts";

/** What the kernel shows of what it was asked. */
export interface KernelSide {
	readonly emissions: readonly Emission[];
	/** Rules that packets matched, in order; `null` when that is not known. */
	readonly rules: readonly string[] | null;
	/** See `Traced`. */
	readonly translated: readonly (readonly Translated[])[];
	/** See `Traced`. */
	readonly held?: readonly (Emission | null)[] | null;
	conntrack(): Promise<readonly ConntrackLine[]>;
}

export class FollowingModel {
	private readonly setup: GatewaySetup;
	/** In order; `null` is where what had expired was removed. */
	private readonly asked: (Ask | null)[] = [];
	private readonly draws: FollowedDraws;
	/** What may still be taken back: these asks, these draws, and what was known before them. */
	private since = { ask: 0, draw: 0, chance: null as ChanceEnd | null };
	private isReplaying = false;
	/** Rules that are matched now are held against the kernel's. */
	private isTraced = false;
	private readonly cursor = new RuleCursor();
	private readonly rules: DrawingRules;
	private model: ModelGateway;
	/** Did a packet leave by the loopback interface and come in again at what was asked last? */
	hasComeBack = false;
	private givenUp = 0;
	private counted = 0;
	/** Draws of the kernel's that it made as well. */
	followed = 0;
	readonly tally = new DrawTally();
	/** Why the two may differ from here on though neither is wrong; `null` while there is nothing. */
	chance: ChanceEnd | null = null;

	constructor(setup: GatewaySetup, choice: Choice) {
		this.setup = setup;
		this.rules = new DrawingRules(() => this.model.ruleset);
		this.draws = new FollowedDraws(choice, {
			cursor: this.cursor,
			rules: this.rules,
			racer: () => this.model.racer,
			taken: () => {
				const lines = this.model.conntrackLines;
				return (one) => zonesTaken(one, lines);
			},
			noteChance: (chance) => this.noteChance(chance),
		});
		this.model = this.playAgain();
	}

	/** What it drew since it was last asked. */
	private get drawn(): readonly Draw[] {
		return this.draws.made.slice(this.since.draw);
	}

	/** Has it drawn, since it was last asked, what a kernel would have drawn for itself? */
	get hasDrawn(): boolean {
		return this.drawn.some(isShown);
	}

	/** Which rules either side matched at what was asked last, where the kernel told. */
	get matched(): RuleCursor["matched"] {
		return this.cursor.matched;
	}

	/** Before a kernel was asked the same, or where it draws nothing. */
	answerAlone(ask: Ask): Answer {
		this.begin({ emissions: [], rules: null, translated: [] });
		return this.ask(ask);
	}

	/** It goes on with what it was asked last: a wait has become longer. */
	answerOn(ask: Ask): Answer {
		return this.ask(ask);
	}

	/** As if it had not been asked. */
	takeBack(): void {
		const { ask, draw, chance } = this.since;
		this.asked.splice(ask);
		this.draws.made.splice(draw);
		this.chance = chance;
		this.model = this.playAgain();
	}

	/** What it was asked since `answerAlone` once more, now that the kernel has told which rules matched. */
	async answerAgain(kernel: KernelSide): Promise<Answer> {
		const asks = this.asked.slice(this.since.ask);
		this.takeBack();
		this.begin({ ...kernel, emissions: [] });
		this.draws.connections = await this.connectionsOf(kernel);
		const answers = asks.map((ask) => this.ask(ask as Ask));
		return {
			...(answers.at(-1) as Answer),
			emissions: answers.flatMap(({ emissions }) => emissions),
		};
	}

	/** @param kernel what a kernel made of the same */
	async answer(ask: Ask, kernel: KernelSide): Promise<Answer> {
		const packets = packetsOf(ask);
		if (packets.length === 0) return this.answerAlone(ask);
		if (this.learns(kernel.emissions)) this.model = this.playAgain();
		const sent = kernel.emissions.filter(({ packet: { destination } }) =>
			packets.every(({ source }) => source !== destination),
		);
		this.begin({ ...kernel, emissions: sent });
		this.draws.returned = kernel.emissions;
		this.draws.madeBefore = this.since.draw;
		this.draws.held = kernel.held ?? null;
		this.draws.connections = await this.connectionsOf(kernel);
		return this.ask(ask);
	}

	/** Does the kernel show only now what it drew before? Whoever plays again draws it as well. */
	learns(emissions: readonly Emission[]): boolean {
		return this.draws.correct(emissions);
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

	/** Nothing of what it was asked is taken back any more. */
	settle(): void {
		for (const draw of this.draws.made.slice(this.counted)) {
			const { label, count, drawn, isSeen, chance, begun } = draw;
			if (!isSeen) continue;
			this.followed++;
			if (typeof begun === "number") this.tally.port(label, count, begun);
			const rule = ruleOfDraw(label);
			// Where more is asked behind it, a rule that does not match tells nothing of the draw.
			if (rule !== null && chance !== undefined && this.rules.tells(rule.rule))
				this.tally.match(rule.rule, chance, (drawn === 1) !== rule.inverted);
		}
		this.counted = this.draws.made.length;
	}

	private begin(
		kernel: Pick<KernelSide, "emissions" | "rules" | "translated">,
	): void {
		this.settle();
		this.draws.sent = kernel.emissions;
		this.draws.translated = kernel.translated.map((some) => [...some]);
		this.draws.returned = [];
		this.draws.held = null;
		this.draws.connections = null;
		this.cursor.begin(kernel.rules);
		this.isTraced = kernel.rules !== null;
		this.model.isTraced = this.isTraced;
		const { asked, draws, chance } = this;
		this.since = { ask: asked.length, draw: draws.made.length, chance };
	}

	private ask(ask: Ask): Answer {
		const asked = inTime(ask, this.model.nowMs);
		this.asked.push(asked);
		const before = this.model.cameBack;
		const answer = this.model.answer(asked);
		this.hasComeBack = this.model.cameBack !== before;
		if (ask.kind === "operation") this.rules.forget();
		return answer;
	}

	/** A model that has been asked all that was asked so far, and drew what was drawn. */
	private playAgain(): ModelGateway {
		this.draws.beginAgain();
		const choice = this.draws;
		const reached = (rule: string) => this.cursor.reached(rule);
		const model = new ModelGateway(this.setup, { choice, reached });
		model.isTraced = false;
		this.isReplaying = true;
		for (const ask of this.asked)
			if (ask === null) model.removeExpired();
			else model.answer(ask);
		this.isReplaying = false;
		return model;
	}

	private noteChance(chance: ChanceEnd): void {
		if (!this.isReplaying) this.chance ??= chance;
	}

	private async connectionsOf(
		kernel: KernelSide,
	): Promise<ReadonlySet<string> | null> {
		if (!this.model.dropsByChance) return null;
		return new Set((await kernel.conntrack()).map(keyOf));
	}
}

function packetsOf(ask: Ask): readonly Packet[] {
	if (ask.kind === "packet") return [ask.packet];
	return ask.kind === "race" ? ask.packets.map(({ packet }) => packet) : [];
}

/** The same for a gateway whose clock is ahead of the asker's, since it kept up with another, and does not go back. */
export function inTime(ask: Ask, nowMs: number): Ask {
	const atMs = Math.max(ask.atMs, nowMs);
	return ask.kind === "wait"
		? { ...ask, atMs, toMs: Math.max(ask.toMs, nowMs) }
		: { ...ask, atMs };
}
