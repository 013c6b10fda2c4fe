/**
 * SYN cookies (net/ipv4/syncookies.c, 6.1): sequence numbers by which a gateway knows again whom it has answered.
 * A kernel computes them with a secret key and keeps nothing; it takes a number for its own whoever sends it. The
 * model remembers those that it has given out, and takes no other. One that was guessed is right once in 2^29 times.
 */
import { mix32 } from "../../chance/seeded.ts";
import type { Stateful } from "../../stateful.ts";

/** Whose cookie it is. */
export interface CookieOwner {
	readonly source: number;
	readonly destination: number;
	readonly sourcePort: number;
	readonly destinationPort: number;
}

/** MSS that a cookie can hold, in order (`msstab`). */
const SEGMENT_SIZES = [536, 1300, 1440, 1460] as const;
/** The key changes with each minute of a kernel's uptime, and holds to the end of the next (`MAX_SYNCOOKIE_AGE`). */
const MINUTE_MS = 60_000;

/** What does not depend on the client's sequence number, or on the MSS. */
interface GivenOut {
	readonly base: number;
	readonly firstMs: number;
	lastMs: number;
}

/** `aged`: whether it still holds depends on when the kernel was started. */
export type CookieFound =
	| { readonly kind: "valid"; readonly mss: number }
	| { readonly kind: "aged" }
	| { readonly kind: "wrong" };

type Saved = readonly (readonly [owner: string, readonly GivenOut[]])[];

export class SynCookies implements Stateful<Saved> {
	/** By owner; who was answered last stands last. */
	private readonly given = new Map<string, GivenOut[]>();

	/**
	 * @param secret makes the part of the cookie that the key decides
	 * @param asked.mss as the client offers it; 0: it says none (`mss_encode`)
	 */
	give(
		owner: CookieOwner,
		asked: {
			readonly sequence: number;
			readonly mss: number;
			readonly nowMs: number;
		},
		secret: (offset: number, own: number) => number,
	): number {
		const { nowMs, sequence } = asked;
		this.forget(nowMs);
		const offset = (sequence + sizeIndex(asked.mss)) | 0;
		const base = secret(offset, ownBase(owner, nowMs)) | 0;
		const key = keyOf(owner);
		const known = this.given.get(key) ?? [];
		this.given.delete(key);
		this.given.set(key, known);
		const same = known.find((one) => one.base === base);
		if (same === undefined) known.push({ base, firstMs: nowMs, lastMs: nowMs });
		else same.lastMs = nowMs;
		return (base + offset) | 0;
	}

	/** @param sequence of the SYN that the client must have sent */
	find(
		owner: CookieOwner,
		cookie: { readonly sequence: number; readonly value: number },
		nowMs: number,
	): CookieFound {
		const known = this.given.get(keyOf(owner)) ?? [];
		for (const { base, firstMs, lastMs } of known.toReversed()) {
			const index = (cookie.value - cookie.sequence - base) | 0;
			const mss = SEGMENT_SIZES[index];
			if (mss === undefined || nowMs - firstMs >= 2 * MINUTE_MS) continue;
			return nowMs - lastMs < MINUTE_MS
				? { kind: "valid", mss }
				: { kind: "aged" };
		}
		return { kind: "wrong" };
	}

	save(): Saved {
		return [...this.given].map(([owner, known]) => [
			owner,
			known.map((one) => ({ ...one })),
		]);
	}

	restore(saved: Saved): void {
		this.given.clear();
		for (const [owner, known] of saved)
			this.given.set(
				owner,
				known.map((one) => ({ ...one })),
			);
	}

	/** What holds no more. */
	private forget(nowMs: number): void {
		for (const [owner, known] of this.given) {
			if (known.some(({ lastMs }) => nowMs - lastMs < 2 * MINUTE_MS)) return;
			this.given.delete(owner);
		}
	}
}

/** The greatest that is not greater (`__cookie_v4_init_sequence`). */
function sizeIndex(mss: number): number {
	return Math.max(
		SEGMENT_SIZES.findLastIndex((size) => mss >= size),
		0,
	);
}

function keyOf(owner: CookieOwner): string {
	const { source, destination, sourcePort, destinationPort } = owner;
	return [source, destination, sourcePort, destinationPort].join(" ");
}

/** The model's own key, which is none. */
function ownBase(owner: CookieOwner, nowMs: number): number {
	const { source, destination, sourcePort, destinationPort } = owner;
	const ports = (sourcePort << 16) | destinationPort;
	const minute = Math.floor(nowMs / MINUTE_MS);
	return mix32(mix32(mix32(mix32(source) ^ destination) ^ ports) ^ minute);
}
