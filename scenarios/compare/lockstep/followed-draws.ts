/** What a model draws, in order: as the kernel drew it where that shows, as it was drawn before when it is played again. */
import type { Choice, TrackedConnection } from "../../../sim/chance/choice.ts";
import type { Emission } from "../../../sim/contract/gateway.ts";
import { ruleOfDraw } from "../../../sim/matches/statistic.ts";
import {
	type MultipathDraw,
	multipathDraw,
} from "../../../sim/routing/fib/multipath.ts";
import type { ChanceEnd } from "./chance-ends.ts";
import { cookieShown, isCookieDraw } from "./cookie-draws.ts";
import type { DrawingRules } from "./drawing-rules.ts";
import { hopShown } from "./multipath-draws.ts";
import {
	isPortDraw,
	offsetShown,
	type Translated,
	withOffset,
} from "./port-draws.ts";
import type { RuleCursor } from "./rule-cursor.ts";

export interface Draw {
	readonly label: string;
	readonly count: number;
	readonly drawn: number;
	/** The kernel showed it. */
	readonly isSeen: boolean;
	/** With which the rule matches that it is for. */
	readonly chance?: number;
	/** Of a port: the offset with which the kernel began to look for a free one, as far as that follows. */
	readonly begun?: number | null;
	/** Of connections: those that went; `null` when nobody could say. */
	readonly evicted?: readonly number[] | null;
}

const EVICTION = "eviction";
/** NF_NAT_MAX_ATTEMPTS (nf_nat_core.c). */
const MOST_TRIED = 128;

export class FollowedDraws implements Choice {
	readonly made: Draw[] = [];
	/** What the kernel sent on. What goes back is translated back, and shows no draw. */
	sent: readonly Emission[] = [];
	/** What it sent back. */
	returned: readonly Emission[] = [];
	/** How many draws were made before that was asked for. */
	madeBefore = 0;
	/** In a race: what each packet had become when it was held. */
	held: readonly (Emission | null)[] | null = null;
	/** Of each packet of a race, or of the one that there is: what translations are left to show what they drew. */
	translated: Translated[][] = [];
	/** Its connections, where they were looked at because some may have made room: by `keyOf`. */
	connections: ReadonlySet<string> | null = null;
	/** So many are made again, as they were. */
	private again = 0;
	/** Of some, nothing has been seen when they were drawn. */
	private hidesCookies = false;
	private readonly own: Choice;
	private readonly cursor: RuleCursor;
	private readonly rules: DrawingRules;
	private readonly racer: () => number;
	private readonly taken: () => (translated: Translated) => ReadonlySet<string>;
	private readonly noteChance: (chance: ChanceEnd) => void;

	/** @param by who knows what the kernel did, and is told of chance that does not show */
	constructor(
		own: Choice,
		by: {
			readonly cursor: RuleCursor;
			readonly rules: DrawingRules;
			/** Which packet of a race it is for which is drawn. */
			readonly racer: () => number;
			/** In which zones has another connection of the model's got a translation? As things stand. */
			readonly taken: () => (translated: Translated) => ReadonlySet<string>;
			readonly noteChance: (chance: ChanceEnd) => void;
		},
	) {
		this.own = own;
		this.cursor = by.cursor;
		this.rules = by.rules;
		this.racer = by.racer;
		this.taken = by.taken;
		this.noteChance = by.noteChance;
	}

	/** From the first one on. */
	beginAgain(): void {
		this.again = 0;
	}

	/** Those who make room are those whom the kernel has no more. */
	evict(candidates: readonly TrackedConnection[]): readonly number[] | null {
		const { connections } = this;
		const { evicted } = this.keep(EVICTION, candidates.length, () => {
			if (connections === null) this.noteChance("eviction");
			const gone = candidates.flatMap((one, index) =>
				connections?.has(keyOf(one)) ? [] : [index],
			);
			const evicted = connections === null ? null : gone;
			return { drawn: 0, isSeen: connections !== null, evicted };
		});
		return evicted ?? null;
	}

	unseen(chance: ChanceEnd): void {
		this.noteChance(chance);
	}

	happens(numerator: number, denominator: number, label: string): boolean {
		if (numerator <= 0) return false;
		if (numerator >= denominator) return true;
		const drawing = ruleOfDraw(label);
		const { drawn } = this.keep(label, 2, () => {
			const own = () =>
				this.own.happens(numerator, denominator, label) ? 1 : 0;
			if (drawing === null) return { drawn: own(), isSeen: false };
			const isNext = this.cursor.isNext(drawing.rule);
			const isOpen = isNext === false && this.rules.remembers(drawing.rule);
			if (isNext === null || isOpen) this.noteChance("rule");
			if (isNext === null) return { drawn: own(), isSeen: false };
			const share = numerator / denominator;
			return {
				drawn: isNext === drawing.inverted ? 0 : 1,
				isSeen: !isOpen,
				chance: drawing.inverted ? 1 - share : share,
			};
		});
		return drawn === 1;
	}

	pick(count: number, label: string): number {
		const { drawn } = this.keep(label, count, () => {
			const own = this.own.pick(count, label);
			const multipath = multipathDraw(label);
			if (multipath !== null) return this.hop(multipath, own);
			if (!isPortDraw(label)) return { drawn: own, isSeen: false };
			const port = this.port(label, count);
			if (port === null) this.noteChance("port");
			return port ?? { drawn: own, isSeen: false };
		});
		return drawn;
	}

	/**
	 * From what was drawn on, ports are tried one after another until one is free; where none is, the last
	 * stays, which is the one before what was drawn (`nf_nat_l4proto_unique_tuple`).
	 */
	private port(
		label: string,
		count: number,
	): Omit<Draw, "label" | "count"> | null {
		const left = this.translated[this.racer()] ?? [];
		const shown = offsetShown(left, { label, count });
		if (shown === null) return null;
		const [one] = left.splice(0, shown.place + 1).slice(-1);
		if (one === undefined) return null;
		const { offset } = shown;
		const zonesOf = this.taken();
		const at = (back: number) => (offset - back + count) % count;
		const inFront = (back: number) => zonesOf(withOffset(one, label, at(back)));
		const most = Math.min(count, MOST_TRIED) - 1;
		const zones = zonesOf(one);
		if (zones.size > 0) {
			// It is free in the connection's own zone, unless all are taken in one.
			const isUsedUp = [...zones].some((zone) => {
				for (let back = 1; back <= most; back++)
					if (!inFront(back).has(zone)) return false;
				return true;
			});
			const drawn = isUsedUp ? (offset + 1) % count : offset;
			return { drawn, isSeen: true, begun: null };
		}
		// Any of the taken ports in front of it may have been drawn, each as likely as itself.
		let passed = 0;
		while (passed < most && inFront(passed + 1).size > 0) passed++;
		const back = passed === 0 ? 0 : this.own.pick(passed + 1, "taken ports");
		return { drawn: offset, isSeen: true, begun: at(back) };
	}

	secret(label: string, own: number): number {
		return this.keep(label, 2 ** 32, () => {
			const now = this.made.slice(this.madeBefore);
			const place = now.filter((one) => one.label === label).length;
			const shown = cookieShown(label, this.returned, place);
			this.hidesCookies ||= shown === null;
			return { drawn: shown ?? own, isSeen: shown !== null };
		}).drawn;
	}

	/**
	 * A cookie may only show later, in an answer that has waited for its client's address, or in the error about it.
	 * @returns whether another one than was drawn has shown now
	 */
	correct(emissions: readonly Emission[]): boolean {
		let isCorrected = false;
		if (!this.hidesCookies) return isCorrected;
		for (const [index, draw] of this.made.entries()) {
			if (draw.isSeen || !isCookieDraw(draw.label)) continue;
			const shown = cookieShown(draw.label, emissions);
			if (shown === null) continue;
			this.made[index] = { ...draw, drawn: shown, isSeen: true };
			isCorrected ||= shown !== draw.drawn;
		}
		return isCorrected;
	}

	/** What is not sent on shows none: the two may part ways over it. */
	private hop(draw: MultipathDraw, own: number): Omit<Draw, "label" | "count"> {
		const { shown: sent, held, returned } = this;
		const emissions = sent.length > 0 || held !== null ? sent : returned;
		const shown = hopShown(draw, emissions);
		// Of a packet that is routed anew the last draw shows alone.
		const isAnew = this.made
			.slice(this.madeBefore)
			.some((one) => isFor(draw.destination, one));
		if (shown === null || isAnew) this.noteChance("multipath");
		return { drawn: shown ?? own, isSeen: shown !== null };
	}

	/** What may show a draw. */
	private get shown(): readonly Emission[] {
		if (this.held === null) return this.sent;
		const own = this.held[this.racer()] ?? null;
		return own === null ? [] : [own];
	}

	private keep(
		label: string,
		count: number,
		draw: () => Omit<Draw, "label" | "count">,
	): Draw {
		const before = this.made[this.again];
		this.again++;
		if (before !== undefined) return before;
		const made = Object.assign({ label, count }, draw());
		this.made.push(made);
		return made;
	}
}

function isFor(destination: string, { label }: Draw): boolean {
	return multipathDraw(label)?.destination === destination;
}

/** Can it be seen of a kernel, one way or another? */
export function isShown({ label }: Draw): boolean {
	return (
		label === EVICTION ||
		isPortDraw(label) ||
		isCookieDraw(label) ||
		multipathDraw(label) !== null ||
		ruleOfDraw(label) !== null
	);
}

export function keyOf({
	protocol,
	original,
	reply,
}: TrackedConnection): string {
	return JSON.stringify([protocol, original, reply]);
}
