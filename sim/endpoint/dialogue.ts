/**
 * Dialogues: what a client wants of a connection, and what passes between a dialogue and the
 * connection that it is held on.
 *
 * A dialogue is a pure state machine without a clock and without sockets, as the health checker is:
 * `start(plan)` gives its first step, `take(plan, state, event, nowMs)` each later one, and a step is
 * the next state and what has to be done. Whatever carries bytes can run it: a `TcpSocket` of the
 * model (`client.ts`), a socket of this machine (`lab/docker/programs/client-connection.ts`).
 */
import type { SocketEnd } from "./tcp/tcp-socket.ts";

/** What a client wants of a connection, and how patient it is. A time-out of `null` leaves it to its kernel. @public */
export type Dialogue =
	/** Waits for the banner, hands over messages, says QUIT and waits for the backend to close. */
	| {
			readonly kind: "smtp";
			readonly messages: number;
			/** Length of a message's text; 100 when left out. */
			readonly messageOctets?: number;
			/** Pause before each thing that it says; none when left out. */
			readonly paceMs?: number;
			readonly connectTimeoutMs: number | null;
			/** For each reply. */
			readonly readTimeoutMs: number | null;
	  }
	/** Closes as soon as the connection stands. */
	| {
			readonly kind: "connect-only";
			readonly connectTimeoutMs: number | null;
	  }
	/** Waits for the banner, then until a step tells it (or its backend) to speak or to close. */
	| {
			readonly kind: "hold";
			readonly connectTimeoutMs: number | null;
			readonly readTimeoutMs: number | null;
	  }
	/** Sends requests and reads each answer: on one connection (`keepAlive`), which it closes, or one alone, and the backend closes. */
	| {
			readonly kind: "http";
			readonly requests: number;
			readonly keepAlive: boolean;
			/** Pause before each request; none when left out. */
			readonly paceMs?: number;
			readonly connectTimeoutMs: number | null;
			/** For each answer. */
			readonly readTimeoutMs: number | null;
	  }
	/** Sends messages, waits until each has come back, and closes. */
	| {
			readonly kind: "echo";
			readonly messages: number;
			/** Length of each; 100 when left out. */
			readonly messageOctets?: number;
			/** Pause before each; none when left out. */
			readonly paceMs?: number;
			readonly connectTimeoutMs: number | null;
			readonly readTimeoutMs: number | null;
	  }
	/** Awaits nothing and says nothing, until a step tells it (or its backend) to speak or to close. */
	| { readonly kind: "silent"; readonly connectTimeoutMs: number | null };

/**
 * How a connection ended for its client. `completed`: dialogue done, closed in order. `open`: still
 * there at the end. `half-open`: its client still holds it at the end, and its backend has no such
 * connection any more, or has closed it and cannot get its FIN through (RFC 9293, 3.5.1). `refused`:
 * RST on the SYN. `unreachable`: ICMP error on the SYN. `connect-timeout`, `read-timeout`: the client,
 * or its kernel, gave up. `reset`: RST later. `cut-short`: closed in order by the backend, before the
 * dialogue was done, or left by its client, to whom the backend spoke another language. `no-port`: the client had no free source port, nothing was sent.
 *
 * Flows of UDP: `answered`: every request that awaited an answer got one. `unanswered`: one of them got none.
 * `sent`: no answer was awaited, and programs of backends have read each of its datagrams. `undelivered`: no answer was
 * awaited, no ICMP error came, and one of its datagrams was read by no program: its client does not know it. `refused`, `unreachable`: an ICMP error ended it. `open`: it still waits at the end.
 */
export const CONNECTION_OUTCOMES = [
	"completed",
	"open",
	"half-open",
	"refused",
	"unreachable",
	"connect-timeout",
	"read-timeout",
	"reset",
	"cut-short",
	"no-port",
	"answered",
	"unanswered",
	"sent",
	"undelivered",
] as const;

/** How a connection ended for its client; `CONNECTION_OUTCOMES` says what each means. @public */
export type ConnectionOutcome = (typeof CONNECTION_OUTCOMES)[number];

/** How a connection ended for the program that held it. `no-port`: it had no free source port, nothing was sent. */
export type ConnectionEnd = SocketEnd | "no-port";

/** What happens to the connection. `How` is the runner's word for how it ended. */
export type DialogueEvent<How = ConnectionEnd> =
	/** It stands. */
	| { readonly kind: "connected" }
	| { readonly kind: "data"; readonly text: string }
	/** The other side has closed: no more data comes. */
	| { readonly kind: "peer-closed" }
	/** It is over, or has never come about. */
	| { readonly kind: "ended"; readonly how: How }
	/** The time of the last `timer` output has passed. */
	| { readonly kind: "timer" };

/** What the runner has to do, in this order. */
export type DialogueOutput<Result> =
	| { readonly kind: "send"; readonly text: string }
	/** Closes this side. The dialogue goes on until the connection has ended. */
	| { readonly kind: "close" }
	/** Closes the socket: the dialogue is over, and no event is awaited any more. */
	| { readonly kind: "abandon" }
	/** Sets the one timer that a dialogue has, in place of the one before; `null` stops it. */
	| { readonly kind: "timer"; readonly afterMs: number | null }
	/** Once: what came of it. */
	| { readonly kind: "result"; readonly result: Result };

/** The next state of a dialogue, and what has to be done. */
export interface DialogueStep<State, Result> {
	readonly state: State;
	readonly outputs: readonly DialogueOutput<Result>[];
}
