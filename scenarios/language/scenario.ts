/**
 * A scenario is plain, JSON-able data: a box, what stands around it, what happens when, and what
 * is expected. A kernel receives it, a report prints it, a verifier produces it. `build.ts` has
 * typed builders that return it.
 */

import type {
	ConntrackFilter,
	GatewaySetup,
	StepOperation,
} from "../../sim/contract/gateway.ts";
import type { ConnectionOutcome } from "../../sim/endpoint/dialogue.ts";
import type {
	Step,
	StepKind,
	WorldSetup,
} from "../../sim/world/setup/setup.ts";

/**
 * A scenario: what stands around a gateway, what happens when, and what is expected. Times in ms of
 * virtual time, from the beginning of the play.
 * @public
 */
export interface Scenario {
	/** Unique, kebab-case. */
	readonly name: string;
	/** Suite it belongs to. */
	readonly suite: string;
	readonly title: string;
	/** What happens and why it matters, in a sentence or a few. */
	readonly story: string;
	/** Set when the ruleset itself does wrong here: what the trap is. The expectations state what really happens. */
	readonly trap: string | null;
	readonly setup: Setup;
	/** In the order of their times. */
	readonly steps: readonly ScenarioStep[];
	readonly expect: readonly Expectation[];
	/** The play ends here (virtual), or when nothing is left to happen, whichever is first. */
	readonly endMs: number;
}

/** A step as the world plays it, save that rules may still be named by their file. @public */
export type ScenarioStep = { readonly atMs: number; readonly label: string } & (
	| Exclude<StepKind, { readonly kind: "operation" }>
	| {
			readonly kind: "operation";
			readonly operation:
				| Exclude<StepOperation, { readonly kind: "ipset" }>
				| RestoreFile
				| IpsetCommand;
	  }
);

/** `iptables-restore < FILE`: the file lies beside the scenario; loading it puts its text in. @public */
export interface RestoreFile {
	readonly kind: "restore";
	readonly file: string;
	readonly text?: string;
	readonly noflush: boolean;
	readonly counters: boolean;
}

/** `ipset …`: what `restore` reads may lie beside the scenario. @public */
export interface IpsetCommand {
	readonly kind: "ipset";
	readonly command: string;
	readonly input?: SetsSource;
}

/** Sets as `ipset save` prints them: a text, or a file beside the scenario. @public */
export type SetsSource = string | { readonly file: string };

/** The gateway of a scenario whose files were not read yet. @public */
export type GatewaySource = Omit<GatewaySetup, "sets"> & {
	readonly sets?: SetsSource;
};

/** A scenario whose files have been read: it needs nothing but itself to be played. @public */
export interface PlayableScenario extends Omit<Scenario, "setup" | "steps"> {
	readonly setup: Omit<Setup, "ruleset" | "gateway"> & {
		readonly ruleset: { readonly name: string; readonly text: string };
		readonly gateway: GatewaySetup;
	};
	readonly steps: readonly Step[];
}

/** What a scenario file may hold (as its default export, or as the whole of a JSON file). @public */
export type ScenarioFile =
	| Scenario
	| readonly Scenario[]
	| { readonly suite: string; readonly scenarios: readonly Scenario[] };

/** Rules are named by a file beside the scenario, or stand in it. @public */
export type RulesetSource =
	| { readonly file: string }
	| { readonly name: string; readonly text: string };

/**
 * What a scenario begins with: the rules, the gateway, the hosts around it, and the seed of all random
 * draws.
 * @public
 */
export interface Setup extends WorldSetup {
	readonly ruleset: RulesetSource;
	readonly gateway: GatewaySource;
	/** Written after the ruleset was loaded. */
	readonly conditions: Readonly<Record<string, string>>;
	readonly seed: number;
	/**
	 * Matches that the model does not know, each taken for matching (`yes`), for not matching (`no`), or for both in
	 * turn (`either`: only what holds both ways holds). By what a rule names: `set:blocked`, `match:socket`, or
	 * `rule:filter:INPUT:rule:3`.
	 */
	readonly assume?: Readonly<Record<string, "yes" | "no" | "either">>;
}

/** Restricts an expectation to some connections; all of them when nothing is given. @public */
export interface ConnectionFilter {
	/** Label of the `connect` or `send` step. */
	readonly step?: string;
	/** By the time of their first SYN: from (inclusive) … to (exclusive). */
	readonly fromMs?: number;
	readonly toMs?: number;
	readonly client?: string;
	/** Name of their service. */
	readonly service?: string;
}

/**
 * `lost` is every end but `completed`, `answered`, `sent` and `open`, `half-open` included; `accepted` is a message
 * that a backend took;
 * `late` is connected only after its SYN was sent again, whatever its end.
 * @public
 */
export type CountedOutcome = ConnectionOutcome | "lost" | "accepted" | "late";

/** How near shares have to come to their weights. @public */
export type SplitBounds =
	/** As near as whole numbers get. */
	| { readonly kind: "exact" }
	/** The same where the rules decide; where they draw, what chance allows for that many draws. */
	| { readonly kind: "confidence"; readonly confidence: number }
	| { readonly kind: "tolerance"; readonly tolerance: number };

/** What is expected of a play, and why; `because` is shown with the judgement. @public */
export type Expectation = { readonly because: string } & ExpectationKind;

/** The kinds of expectations, each with what it is about. @public */
export type ExpectationKind =
	/** Backends in the order of the connections' first SYNs; `null` where none was reached. */
	| {
			readonly kind: "order";
			readonly of: ConnectionFilter;
			readonly backends: readonly (string | null)[];
	  }
	/**
	 * Shares by weight. `exact`: as even as whole numbers allow. `confidence` (for chance): a right
	 * ruleset violates it with at most `1 - confidence` (exact binomial); `tolerance`: absolute share.
	 */
	| {
			readonly kind: "split";
			readonly of: ConnectionFilter;
			readonly weights: Readonly<Record<string, number>>;
			readonly within: SplitBounds;
			/** The shares are those of each client alone. Left out: of all connections together. */
			readonly per?: "client";
	  }
	/** The same of the source addresses that the gateway gives to connections; weights by address. */
	| {
			readonly kind: "split-by-source";
			readonly of: ConnectionFilter;
			readonly weights: Readonly<Record<string, number>>;
			readonly within: SplitBounds;
	  }
	/**
	 * Each connection of a client goes to the backend of the client's connection before it. Clients are told
	 * apart by as many bits of their addresses as `prefix` says, and services apart.
	 */
	| {
			readonly kind: "sticky";
			readonly of: ConnectionFilter;
			/** 32: each address by itself; 24: all of a /24 together. */
			readonly prefix: number;
			/** Where no more time than this lies between the two; `null`: however much does. */
			readonly forMs: number | null;
	  }
	/** Each connection stands so soon after its first packet; a flow of datagrams has its first answer. */
	| {
			readonly kind: "connected-within";
			readonly of: ConnectionFilter;
			readonly ms: number;
	  }
	/** No new connection reaches this backend. */
	| {
			readonly kind: "avoided";
			readonly of: ConnectionFilter;
			readonly backend: string;
	  }
	/** From the moment a backend fails until the first connection that would have gone to it is served elsewhere. */
	| {
			readonly kind: "failover-gap";
			readonly backend: string;
			readonly atMostMs: number;
			/** Name of the service whose connections count; left out: those to all services. */
			readonly service?: string;
	  }
	/**
	 * From `withinMs` after each failure of a backend until it serves again, the gateway sends it no packet of these
	 * connections. An entry of conntrack that is still there keeps sending them.
	 */
	| {
			readonly kind: "abandoned";
			readonly of: ConnectionFilter;
			readonly backend: string;
			readonly withinMs: number;
	  }
	/** All packets of each connection meet one backend. */
	| { readonly kind: "affinity"; readonly of: ConnectionFilter }
	/** Connections of which packets met more than one backend: what affinity forbids, counted. */
	| {
			readonly kind: "moved";
			readonly of: ConnectionFilter;
			readonly atLeast: number;
			readonly atMost: number;
	  }
	/** How the connections ended, by outcome: exact numbers or bounds. */
	| {
			readonly kind: "outcomes";
			readonly of: ConnectionFilter;
			readonly outcome: CountedOutcome;
			readonly atLeast: number;
			readonly atMost: number;
	  }
	/** Connections to which the box itself answered: `rst`, `icmp host-unreachable`; `*` is anything. */
	| {
			readonly kind: "gateway-answered";
			readonly of: ConnectionFilter;
			readonly answer: string;
			readonly atLeast: number;
			readonly atMost: number;
	  }
	/**
	 * Packets that came out of an interface, or (`past`) went from host to host on its link, past the
	 * gateway. In one-line notation with `*` for anything; in this order, others between them allowed
	 * unless `exactly`.
	 */
	| {
			readonly kind: "packets-out" | "packets-past";
			readonly interface: string;
			readonly fromMs: number;
			readonly toMs: number;
			readonly packets: readonly string[];
			readonly exactly: boolean;
	  }
	/**
	 * Number of packets that came out and fit one of these, in one-line notation with `*` for anything: by this
	 * interface, or by whichever where it is `null`.
	 */
	| {
			readonly kind: "packets-counted";
			readonly interface: string | null;
			readonly fromMs: number;
			readonly toMs: number;
			readonly packets: readonly string[];
			readonly atLeast: number;
			readonly atMost: number;
	  }
	/** Conntrack entries at an `observe` step (its label; "" is the end). */
	| {
			readonly kind: "conntrack";
			readonly at: string;
			readonly filter: ConntrackFilter;
			readonly atLeast: number;
			readonly atMost: number;
			readonly assured?: boolean;
			readonly unreplied?: boolean;
			readonly timeoutS?: number;
	  }
	/** Packets counted by a rule (`mangle:MAILMARK:rule:2`) or a policy (`filter:INPUT:policy`). */
	| {
			readonly kind: "counter";
			readonly at: string;
			readonly rule: string;
			readonly packets: number;
	  }
	| {
			readonly kind: "condition";
			readonly at: string;
			readonly name: string;
			readonly value: 0 | 1 | null;
	  }
	/**
	 * Connections by backend are the same for everybody who counts: clients, the rules that translate to
	 * the backend's address, and real servers where there are some.
	 */
	| {
			readonly kind: "counts-agree";
			/** By backend, as the rules translate to it. */
			readonly addresses: Readonly<Record<string, string>>;
	  }
	/** Every message that a backend accepted is kept. */
	| { readonly kind: "mail-kept" }
	/** How an operation step (by its label) went; `message` is a part of what it said. */
	| {
			readonly kind: "operation";
			readonly step: string;
			readonly ok: boolean;
			readonly message: string;
			/** What iptables or iptables-restore ended with; left out: any. */
			readonly exitCode?: number;
	  };
