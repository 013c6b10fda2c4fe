import type { Stateful } from "../stateful.ts";
import type { Choice, HashOf, UnseenChance } from "./choice.ts";

/** How chance had a part in where a packet goes. @public */
export type ChancePart =
	/** A rule drew whether it matches; `routed`: behind the routing decision, so for the source alone. */
	| { readonly kind: "match"; readonly routed: boolean }
	/** A destination port was drawn. */
	| { readonly kind: "destination-port" }
	/** A hash decided: what has the same key goes the same way, or, `routed`, has the same source. */
	| { readonly kind: "hashed"; readonly key: string; readonly routed: boolean }
	/** A hash chose among the next hops of a multipath route: what has the same key leaves by the same one. */
	| { readonly kind: "next-hop"; readonly key: string }
	/** A rule wrote something of the packet down, for packets that come later. */
	| { readonly kind: "remembered"; readonly key: string }
	/** A rule went by what was written down, maybe of a packet that was drawn for. */
	| { readonly kind: "recalled"; readonly key: string };

/** The labels of draws that can decide between backends or sources. The source port of a masquerade cannot. */
const PARTS: readonly (readonly [label: string, part: ChancePart])[] = [
	["statistic random routed", { kind: "match", routed: true }],
	["statistic random", { kind: "match", routed: false }],
	["nat destination port", { kind: "destination-port" }],
];

/** The labels of hashes that can, and whether they are for the source alone. */
const HASHES: ReadonlyMap<string, boolean> = new Map([
	["hash mark routed", true],
	["hash mark", false],
	["cluster routed", true],
	["cluster", false],
	["nat destination address", false],
	["nat source address", true],
]);

/** A choice that notes what was drawn of it, and passes everything else on. */
export class NotedChoice implements Choice {
	/** For what decides nothing: its draws are not noted. */
	readonly aside: Choice;
	/** Only where there is one: it looks at every connection. */
	readonly evict?: NonNullable<Choice["evict"]>;
	/** Only where there is one: without it, rules count. */
	readonly turn?: NonNullable<Choice["turn"]>;
	private noted: ChancePart[] = [];
	/** One for all rules that a packet meets. */
	private turnNow: number | null = null;
	/** What the next draws follow from, where that is known, and what was noted. */
	readonly state: Stateful<{
		readonly choice: unknown;
		readonly noted: readonly ChancePart[];
	}> = {
		save: () => ({ choice: this.aside.state?.save(), noted: [...this.noted] }),
		restore: ({ choice, noted }) => {
			this.aside.state?.restore(choice);
			this.noted = [...noted];
		},
		seen: () => ({ choice: this.aside.state ?? null, noted: this.noted }),
	};

	constructor(choice: Choice) {
		this.aside = choice;
		if (choice.evict !== undefined)
			this.evict = (candidates) => choice.evict?.(candidates) ?? null;
		if (choice.turn !== undefined)
			this.turn = () => {
				this.turnNow ??= choice.turn?.() ?? 0;
				return this.turnNow;
			};
	}

	pick(count: number, label: string): number {
		if (count > 1) this.noteLabel(label);
		return this.aside.pick(count, label);
	}

	happens(numerator: number, denominator: number, label: string): boolean {
		// What always or never happens is not drawn.
		if (numerator > 0 && numerator < denominator) this.noteLabel(label);
		return this.aside.happens(numerator, denominator, label);
	}

	spread(
		count: number,
		label: string,
		key: number,
		of?: HashOf,
	): number | null {
		const routed = HASHES.get(label);
		// Of one there is no choice.
		if (routed !== undefined && count > 1)
			this.note({ kind: "hashed", key: `${label} ${key}`, routed });
		return this.aside.spread?.(count, label, key, of) ?? null;
	}

	secret(label: string, own: number): number {
		return this.aside.secret?.(label, own) ?? own;
	}

	unseen(chance: UnseenChance): void {
		this.aside.unseen?.(chance);
	}

	/** Does anybody want to know of `unseen`? Who has to find out what to say can spare itself the work. */
	get hearsUnseen(): boolean {
		return this.aside.unseen !== undefined;
	}

	note(part: ChancePart): void {
		this.noted.push(part);
	}

	/** What was noted since this was last called: the gateway is done with a packet. */
	take(): readonly ChancePart[] {
		const { noted } = this;
		if (noted.length > 0) this.noted = [];
		this.turnNow = null;
		return noted;
	}

	private noteLabel(label: string): void {
		for (const [start, part] of PARTS)
			if (label.startsWith(start)) {
				this.noted.push(part);
				return;
			}
	}
}
