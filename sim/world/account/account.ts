/**
 * What happened when a world was played: the account that is judged, compared and shown. Plain data.
 */

import type { Answer } from "../../contract/ask.ts";
import type {
	Observation,
	OperationOutcome,
	Unknown,
} from "../../contract/gateway.ts";
import type { ConnectionOutcome } from "../../endpoint/dialogue.ts";
import type { Packet } from "../../packet/packet.ts";

/**
 * What happened in a play: connections, events, packets, observations, operations. Times in ms from its
 * beginning.
 * @public
 */
export interface Account {
	/** In the order of their first SYNs. */
	readonly connections: readonly ConnectionRecord[];
	/** What changed about backends, and what the health checker did about it. */
	readonly events: readonly WorldEvent[];
	/** Every packet on either side of the gateway, and past it, in order. Kept only when asked for. */
	readonly packets: readonly PacketRecord[];
	readonly observations: readonly {
		readonly label: string;
		readonly atMs: number;
		readonly observation: Observation;
	}[];
	/**
	 * Steps that are operations, what the health checker did to the gateway, and steps around the gateway that
	 * changed nothing, in order.
	 */
	readonly operations: readonly {
		/** Of the step; the health checker's begin with `health check: `. */
		readonly label: string;
		readonly atMs: number;
		/** As one would type it: `iptables -t nat -F`, `mail1up ← 1`. */
		readonly text: string;
		readonly outcome: OperationOutcome;
		/** It succeeded, and changed nothing. */
		readonly isIdle?: true;
	}[];
	/** When the first packet of each protocol, by its number, came into the gateway. Left out: it is not known. */
	readonly cameIn?: Readonly<Record<string, number>>;
	/** Who else counted connections by backend: real mail servers do. */
	readonly tallies?: readonly {
		readonly by: string;
		readonly counts: Readonly<Record<string, number>>;
	}[];
	/** What became of accepted messages, where there are real ones. */
	readonly mail?: {
		readonly kept: number;
		/** Ids of those that were accepted and are not there. */
		readonly missing: readonly string[];
	};
	/** Set when the gateway met something it does not know: the play ended there. */
	readonly unknown: Unknown | null;
	readonly endedMs: number;
}

/** One connection of a client, from its first SYN to its end. Times in ms from the beginning of the play. @public */
export interface ConnectionRecord {
	readonly id: number;
	/** Label of the `connect` or `send` step. */
	readonly step: string;
	readonly client: string;
	/** Name of its service; left out: the one without a name. */
	readonly service?: string;
	/** Left out: TCP. */
	readonly protocol?: "udp";
	readonly sourcePort: number;
	/** Of its first packet. */
	readonly startedMs: number;
	/** The backend that answered with its banner or SYN/ACK, else the one that its last SYN met; `null` when none was met. */
	readonly backend: string | null;
	/** Every backend that any of its packets met, in order of first contact. */
	readonly met: readonly string[];
	/** SYNs sent, retransmissions included. */
	readonly syns: number;
	/** When its client sent something once more. */
	readonly retransmittedMs: readonly number[];
	/** When the SYN/ACK came; `null` when never. */
	readonly connectedMs: number | null;
	/** When the banner came. */
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly outcome: ConnectionOutcome;
	/**
	 * It stood at the end, and its client or its backend had said something, or closed, that the other one had not
	 * acknowledged. Left out: it was not so, or real clients were asked, which do not tell it.
	 */
	readonly unacknowledged?: true;
	/** A message that the backend accepted (250 after DATA). */
	readonly accepted: boolean;
	/**
	 * How chance had a part in which backend it met: `drew`: a draw was made for it, or it is the first with
	 * the hash that decided. `recalled`: none was, and a rule went by what it remembered of earlier ones, or
	 * by the hash of one. `unknown`: it is not known. Left out: none.
	 */
	readonly chance?: "drew" | "recalled" | "unknown";
	/** Connections (their ids) for which a draw was made that rules remembered for this one. Left out: none. */
	readonly drawnFor?: readonly number[];
	/** A draw was made for a packet behind those that decided which backend it met: one that may go elsewhere. Left out: none. */
	readonly redrawn?: true;
	/**
	 * Its source as its backend saw it, where the gateway translated it, or routing gave it to a client that is bound to
	 * none; of what a dead next hop lost, as it left the gateway. Left out: its client's own address, or nothing left
	 * for a backend.
	 */
	readonly source?: TranslatedSource;
	/** What the gateway itself said to the client, or to the server, about this connection: `rst`, `icmp host-unreachable` … */
	readonly gatewayAnswers: readonly string[];
	/**
	 * Of UDP: requests, datagrams sent (repetitions included), answers that came to the client, and requests that the
	 * program of a backend has read.
	 */
	readonly datagrams?: {
		readonly requests: number;
		readonly sent: number;
		readonly answers: number;
		readonly read: number;
	};
}

/** The source that a connection was given, and how chance had a part in it, as in its way. @public */
export interface TranslatedSource
	extends Pick<ConnectionRecord, "chance" | "drawnFor"> {
	readonly address: string;
}

/** A change of a backend, of the health checker's opinion or of a condition, or the result of a probe. @public */
export type WorldEvent =
	| {
			readonly kind: "backend";
			readonly atMs: number;
			readonly backend: string;
			readonly behaviour: string;
	  }
	/** The health checker's opinion changed. */
	| {
			readonly kind: "belief";
			readonly atMs: number;
			readonly backend: string;
			readonly alive: boolean;
	  }
	| {
			readonly kind: "condition";
			readonly atMs: number;
			readonly name: string;
			readonly write: string;
	  }
	| {
			readonly kind: "probe";
			readonly atMs: number;
			readonly backend: string;
			readonly ok: boolean;
			readonly reason: string;
	  };

/** A packet that entered the gateway, left it, or went past it. @public */
export interface PacketRecord {
	readonly atMs: number;
	/** Into the gateway, out of it, or `past` it: from a host to its neighbour on the same link. */
	readonly direction: "in" | "out" | "past";
	/** Of the gateway: the link on which the packet is. */
	readonly interface: string;
	readonly packet: Packet;
	/** Connection that it belongs to, as far as the client's side tells. */
	readonly connection: number | null;
	/** It did not come in: the link was down, or had no carrier. */
	readonly isLost?: true;
}

/** The account of a play that ended as unknown before anything began. */
export function nothingPlayed({ unknown, nowMs }: Answer): Account {
	return {
		connections: [],
		events: [],
		packets: [],
		observations: [],
		operations: [],
		unknown,
		endedMs: nowMs,
	};
}
