/** What the harness tells its module in the guest, in one stream with the packets: `guest/marktwin.c`. */
import type { Translated } from "../../../scenarios/compare/lockstep/port-draws.ts";
import { encodeFrame, type Frame, GATEWAY_MAC } from "./ethernet.ts";

/** For local experiments (IEEE 802, 9.2.4). */
const TYPE = 0x88b5;
const LENGTH = 24;
const NS_PER_MS = 1e6;
const HARNESS_MAC = Uint8Array.of(0x02, 0xff, 0, 0, 0, 1);

/**
 * `begin`: script time is 0 now. `advance`: set the guest's clock to this script time, and stop it
 * there. `free`: let it go until the next `advance`, which takes what went by as if it had not.
 * `timers`: go there step by step, as long as nothing is sent, and answer once every timer that is due
 * has run. `hold`: from now on each packet that begins a connection stops where it would be confirmed;
 * `go`: the oldest of those goes on, and no more are held. `carrier-off` and `carrier-on`: the VLAN `number` loses its
 * carrier, or gets it back. `trace-on` and `trace-off`: whether packets from now on are marked
 * for TRACE.
 */
export type GuestMessage =
	| "begin"
	| "advance"
	| "free"
	| "timers"
	| "hold"
	| "go"
	| "carrier-on"
	| "carrier-off"
	| "trace-on"
	| "trace-off";

const LETTERS: Readonly<Record<GuestMessage, string>> = {
	begin: "B",
	advance: "A",
	free: "F",
	timers: "T",
	hold: "H",
	go: "G",
	"carrier-on": "C\u0001",
	"carrier-off": "C",
	"trace-on": "+",
	"trace-off": "-",
};

/**
 * @param about `number` comes back with the answer, or is that of a VLAN; `stepMs` is the longest step of `timers`, which goes
 * there in one when nothing is said
 */
export function guestMessage(
	message: GuestMessage,
	about: {
		readonly number?: number;
		readonly atMs?: number;
		readonly stepMs?: number;
	} = {},
): Buffer {
	const { number = 0, atMs = 0, stepMs = 0 } = about;
	const payload = Buffer.alloc(LENGTH);
	payload.write(LETTERS[message], 0, "latin1");
	payload.writeUInt32BE(number, 4);
	payload.writeBigUInt64BE(BigInt(Math.round(atMs * NS_PER_MS)), 8);
	payload.writeBigUInt64BE(BigInt(Math.ceil(stepMs)), 16);
	return encodeFrame({
		vlan: 0,
		to: GATEWAY_MAC,
		from: HARNESS_MAC,
		type: TYPE,
		payload,
	});
}

export interface TimersHaveRun {
	readonly number: number;
	/** The guest's clock can be stopped; on a kernel where it cannot, it runs ahead of the script's. */
	readonly isStopped: boolean;
	/** What it said, as script time. */
	readonly guestMs: number;
	/** Script time: earlier than was asked for when something was sent on the way. */
	readonly reachedMs: number;
}

/** A packet that is held. */
export interface HeldInGuest {
	/** Index of the interface by which it is to leave; 0 where it is to be delivered. */
	readonly out: number;
	/** As it is by then. */
	readonly bytes: Uint8Array;
}

const HELD_LETTER = 0x50;
const TRANSLATED_LETTER = 0x4e;

/** What translation has made of a packet that begins a connection; `null` for any other frame. */
export function translatedInGuest({ type, payload }: Frame): Translated | null {
	if (type !== TYPE || payload[0] !== TRANSLATED_LETTER) return null;
	const view = new DataView(payload.buffer, payload.byteOffset);
	return {
		protocol: view.getUint8(1),
		manip: view.getUint8(2) === 1 ? "source" : "destination",
		source: view.getInt32(4),
		destination: view.getInt32(8),
		sourcePort: view.getUint16(12),
		destinationPort: view.getUint16(14),
	};
}

/** The packet that a message shows to be held; `null` for any other frame. */
export function heldInGuest({ type, payload }: Frame): HeldInGuest | null {
	if (type !== TYPE || payload[0] !== HELD_LETTER) return null;
	const view = new DataView(payload.buffer, payload.byteOffset);
	return { out: view.getUint32(4), bytes: payload.subarray(LENGTH) };
}

/** The answer to `timers`, or `null` for any other frame. */
export function timersHaveRun({ type, payload }: Frame): TimersHaveRun | null {
	if (type !== TYPE || payload.length < LENGTH) return null;
	const view = new DataView(payload.buffer, payload.byteOffset);
	return {
		number: view.getUint32(4),
		isStopped: view.getUint8(1) === 1,
		guestMs: Number(view.getBigUint64(8)),
		reachedMs: Number(view.getBigUint64(16)),
	};
}
