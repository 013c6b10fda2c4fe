/**
 * The fragments of one packet that have come so far, and the packet once all are there (`struct ipq`,
 * net/ipv4/ip_fragment.c; `inet_frag_queue_insert`, net/ipv4/inet_fragment.c; 6.1).
 */
import { decodeSegment } from "../../packet/bytes/bytes.ts";
import type { Packet } from "../../packet/packet.ts";
import { FRAGMENT_UNIT, IP_HEADER_LENGTH } from "../../packet/packet-length.ts";
import type { Parts, Skb } from "../../packet/skb/skb.ts";
import type { Stateful } from "../../stateful.ts";

interface Piece {
	readonly offset: number;
	readonly end: number;
	/** A copy, or a record that has no other use. */
	readonly skb: Skb;
}

/** Pieces that came one behind the other: only such are known to be there twice. */
interface Run {
	readonly offset: number;
	end: number;
}

const GREATEST_PACKET = 65535;
const ECN_MASK = 3;
const NOT_ECT = 1;
const CONGESTED = 8;

/**
 * `waits` for more; `dropped`: it was there already; `broken`: it contradicts others, and all are
 * dropped; `whole`: the last one that was missing.
 */
export type Added = "waits" | "dropped" | "broken" | "whole";

interface SavedFragments {
	/** Nothing writes to the record of a piece. */
	readonly pieces: readonly Piece[];
	readonly runs: readonly Readonly<Run>[];
	readonly length: number;
	readonly hasLast: boolean;
	readonly there: number;
	readonly marks: number;
	readonly greatest: number;
	readonly greatestWithDf: number;
	readonly inInterface: number;
}

export class FragmentQueue implements Stateful<SavedFragments> {
	private pieces: Piece[] = [];
	private runs: Run[] = [];
	private length = 0;
	private hasLast = false;
	private there = 0;
	private marks = 0;
	private greatest = 0;
	private greatestWithDf = 0;
	/** By which the last one came. */
	inInterface = 0;

	get isEmpty(): boolean {
		return this.pieces.length === 0;
	}

	save(): SavedFragments {
		return {
			pieces: [...this.pieces],
			runs: this.runs.map((run) => ({ ...run })),
			length: this.length,
			hasLast: this.hasLast,
			there: this.there,
			marks: this.marks,
			greatest: this.greatest,
			greatestWithDf: this.greatestWithDf,
			inInterface: this.inInterface,
		};
	}

	restore(saved: SavedFragments): void {
		Object.assign(this, saved);
		this.pieces = [...saved.pieces];
		this.runs = saved.runs.map((run) => ({ ...run }));
	}

	/** The first fragment, if it has come. */
	get first(): Skb | null {
		const piece = this.pieces[0];
		return piece?.offset === 0 ? piece.skb : null;
	}

	/** `ip_frag_queue`. @param skb a fragment that has no other use any more */
	add(skb: Skb): Added {
		const { offset, more } = skb.fragment ?? { offset: 0, more: false };
		let end = offset + skb.payload.length;
		if (more) end -= end % FRAGMENT_UNIT;
		if (!this.fits(end, more) || end === offset) return "broken";
		const place = this.place(offset, end);
		if (place !== "waits") return place;
		skb.payload = skb.payload.slice(0, end - offset);
		skb.original = null;
		this.pieces.push({ offset, end, skb });
		this.pieces.sort((a, b) => a.offset - b.offset);
		this.inInterface = skb.inInterface;
		this.there += end - offset;
		this.marks |= 1 << (skb.tos & ECN_MASK);
		const size = end - offset + IP_HEADER_LENGTH;
		this.greatest = Math.max(this.greatest, size);
		if (skb.dontFragment)
			this.greatestWithDf = Math.max(this.greatestWithDf, size);
		const isWhole = this.hasLast && this.there === this.length;
		return isWhole && this.first !== null ? "whole" : "waits";
	}

	/** How it came, and the packet itself (`ip_frag_reasm`); `null` when nothing can come of it. */
	join(): Parts | null {
		const { first, marks } = this;
		const hasOthers = (marks & NOT_ECT) !== 0 && marks !== NOT_ECT;
		if (first === null || hasOthers) return null;
		if (this.length + IP_HEADER_LENGTH > GREATEST_PACKET) return null;
		const dontFragment = this.greatestWithDf === this.greatest;
		const lengths = this.pieces.map(({ offset, end }) => end - offset);
		const isCongested = (marks & CONGESTED) !== 0 && marks !== CONGESTED;
		const { source, destination, ttl, id, protocol } = first;
		const header = { source, destination, ttl, id, protocol, dontFragment };
		const tos = isCongested ? first.tos | ECN_MASK : first.tos;
		const octets = this.pieces.map(({ skb }) => skb.payload).join("");
		const whole: Packet = decodeSegment({ ...header, tos }, octets);
		return { lengths, greatest: this.greatest, dontFragment, whole };
	}

	/** Is there an end, and does this one not go beyond it? */
	private fits(end: number, more: boolean): boolean {
		if (!more) {
			if (end < this.length || (this.hasLast && end !== this.length))
				return false;
			this.hasLast = true;
			this.length = end;
		} else if (end > this.length) {
			if (this.hasLast) return false;
			this.length = end;
		}
		return true;
	}

	private place(offset: number, end: number): Added {
		const tail = this.pieces[this.pieces.length - 1];
		const last = this.runs[this.runs.length - 1];
		if (tail !== undefined && last !== undefined && tail.end < end) {
			if (offset < tail.end) return "broken";
			if (offset === tail.end) last.end = end;
			else this.runs.push({ offset, end });
			return "waits";
		}
		const met = this.runs.find((run) => offset < run.end && end > run.offset);
		if (met)
			return offset >= met.offset && end <= met.end ? "dropped" : "broken";
		this.runs.push({ offset, end });
		this.runs.sort((a, b) => a.offset - b.offset);
		return "waits";
	}
}
