/**
 * The contract between what ran and what is shown: plain JSON, made by `build.ts`, read by the page
 * and by the writers of JUnit and summaries. Nothing in it is longer than a person wants to read:
 * long texts are cut and long lists sampled when it is built, and what was left out is said.
 *
 * All times are virtual, in ms from the beginning of the scenario, unless said otherwise.
 */

import type { Serving } from "../../scenarios/result/serving.ts";
import type { ComparisonView } from "./report-comparison.ts";
import type { DiffView } from "./report-diff.ts";
import type { ExpectationView, RuleAt, Status } from "./report-expectation.ts";
import type { FuzzView } from "./report-fuzz.ts";
import type { CoverageOfRules, ProofView } from "./report-proof.ts";
import type { VerdictView } from "./report-verdict.ts";

export type { ComparisonView, DivergenceView } from "./report-comparison.ts";
export type { DiffView } from "./report-diff.ts";
export type {
	ExpectationView,
	Reason,
	RuleAt,
	Status,
	WhyView,
} from "./report-expectation.ts";
export type {
	ChanceView,
	CoverageView,
	FuzzView,
	KnownView,
} from "./report-fuzz.ts";
export type { ProofView, RuleCoverageView } from "./report-proof.ts";
export type { VerdictView } from "./report-verdict.ts";

export interface Report {
	/** Version of marktwin. */
	readonly marktwin: string;
	/** The command that makes all of it once more. */
	readonly command: string;
	/** When it was made, ISO 8601; `null` when it was put together from files. */
	readonly createdAt: string | null;
	/** Live time; `null` when nobody took it. */
	readonly tookMs: number | null;
	/** Of the whole run; `null`: each scenario has its own. */
	readonly seed: number | null;
	/** `model (linux 6.1.192)`, `vm (linux 6.1.0-56-cloud-amd64, tcg)`; more than one when they were compared or put together. */
	readonly drivers: readonly string[];
	/** Were scenarios played on two drivers and compared? */
	readonly isComparison: boolean;
	/** What a reader has to know before anything else: a part that is missing, say. */
	readonly notices: readonly string[];
	/** Of rulesets alone, before anything was played; [] where none was asked for. */
	readonly verdicts: readonly VerdictView[];
	/** Of all that may happen to rulesets; [] where nothing was proved. */
	readonly proofs: readonly ProofView[];
	/** Of edits; [] where none was asked for. */
	readonly diffs: readonly DiffView[];
	/** Of the rulesets that scenarios begin with; `null` where that is not known. */
	readonly coverage: CoverageOfRules | null;
	/** What nobody wrote; `null` where nothing was fuzzed. */
	readonly fuzz: FuzzView | null;
	/** Scenarios, and what the fuzz has found. */
	readonly entries: readonly Entry[];
	/** Scenarios that `--bail` left. */
	readonly notPlayed: readonly Pick<Entry, "name" | "suite" | "title">[];
	/** The distinct rulesets that were loaded, in the order of their appearance: scenarios share them. */
	readonly rulesets: readonly (readonly RuleLine[])[];
	/** The distinct paths through rules: many packets share one. */
	readonly walks: readonly (readonly WalkStep[])[];
}

/** A scenario, played. */
export interface Entry {
	/** Unique in the report; the page's `#…`. */
	readonly id: string;
	readonly name: string;
	readonly suite: string;
	readonly title: string;
	readonly story: string;
	/** What the trap is, when the ruleset itself does wrong here. */
	readonly trap: string | null;
	readonly status: Status;
	/** What was assumed of matches that the model does not know, a line each; … */
	readonly assumed: readonly string[];
	/** … and whether anything of it answered. */
	readonly restsOnAssumed: boolean;
	readonly driver: string;
	readonly seed: number;
	/** The command that plays just this once more. */
	readonly replay: string;
	/** Why it could not be played; "" when it could. */
	readonly failure: string;
	readonly unknown: {
		readonly reason: string;
		readonly rule: RuleAt | null;
	} | null;
	readonly expectations: readonly ExpectationView[];
	readonly comparison: ComparisonView | null;
	/** Names, in the order of the setup. Everything below speaks of backends by their index in it. */
	readonly backends: readonly string[];
	/** Time that passed: virtual, or live where real clients connected. */
	readonly endedMs: number;
	readonly isLive: boolean;
	readonly connections: ConnectionsView;
	readonly split: SplitView | null;
	readonly failover: FailoverView | null;
	/** What was done and when, in the order of times; … */
	readonly moments: readonly Moment[];
	/** … and how much more that is not told. */
	readonly omittedMoments: number;
	readonly rules: RulesView;
	readonly conntrack: readonly ConntrackView[];
}

export interface Moment {
	readonly atMs: number;
	readonly text: string;
}

/** Index of a backend; -1: none was reached. */
type BackendIndex = number;

export interface ConnectionsView {
	/** What they are called: flows where all of them are of UDP. */
	readonly noun: "connection" | "flow";
	readonly total: number;
	/** By outcome, most frequent first. */
	readonly outcomes: readonly {
		readonly outcome: string;
		readonly count: number;
	}[];
	/** Connections that ended without being served; and those that were connected after a second SYN. */
	readonly lost: number;
	readonly late: number;
	/** Of those that were late. */
	readonly longestWaitMs: number;
	/** Connections of which packets met more than one backend. */
	readonly moved: number;
	/** All of them, or a sample, by number. */
	readonly shown: readonly ConnectionView[];
	/** How the sample was taken; "" when all are shown. */
	readonly sampling: string;
}

export interface ConnectionView {
	/** From 1, in the order of first SYNs. */
	readonly number: number;
	/** `c1:40002`. */
	readonly client: string;
	/** "" where it has no name. */
	readonly serviceName: string;
	readonly protocol: "tcp" | "udp";
	readonly startedMs: number;
	/** SYN/ACK. */
	readonly connectedMs: number | null;
	/** Banner. */
	readonly greetedMs: number | null;
	readonly endedMs: number | null;
	readonly backend: BackendIndex;
	/** Every backend that it met, in order. */
	readonly met: readonly BackendIndex[];
	readonly outcome: string;
	readonly serving: Serving;
	readonly retransmittedMs: readonly number[];
	/** What the gateway itself said. */
	readonly gatewayAnswers: readonly string[];
	/** The source that its backend saw, where the gateway translated it; "" where it did not. */
	readonly source: string;
	/** The gateway's interface by which its first packet left; "" where that was not followed, or it did not leave. */
	readonly link: string;
	/** Of UDP. */
	readonly datagrams: {
		readonly sent: number;
		readonly answers: number;
	} | null;
}

/** New connections per backend in equal stretches of time. */
export interface Stretches {
	readonly fromMs: number;
	readonly stretchMs: number;
	/** By backend, and last of all those that met none; each as long as there are stretches. */
	readonly counts: readonly (readonly number[])[];
	/** Of each of them, those that were lost, … */
	readonly lost: readonly (readonly number[])[];
	/** … and those that were late. */
	readonly late: readonly (readonly number[])[];
}

export interface SplitView {
	/** Connections by backend, and last of all those that met none. */
	readonly totals: readonly number[];
	/** The same by service, where there are several; [] where there is one. */
	readonly services: readonly {
		readonly name: string;
		readonly protocol: "tcp" | "udp";
		readonly totals: readonly number[];
	}[];
	/** By the source that backends saw, where the gateway gives several, or an expectation is about it; else []. */
	readonly sources: readonly {
		readonly name: string;
		readonly total: number;
	}[];
	/** Of each client, or network of clients, where an expectation is about that; else `null`. */
	readonly clients: {
		/** Which connections these are: ` to service names`; "" when it is all of them. */
		readonly of: string;
		/** The first ones, … */
		readonly shown: readonly {
			readonly name: string;
			readonly totals: readonly number[];
		}[];
		/** … and how many more there are. */
		readonly omitted: number;
	} | null;
	/** What was expected of shares, and what was seen. */
	readonly shares: readonly SharesView[];
	readonly stretches: Stretches;
	/** How the shares settled; `null` when there are too few connections for that. */
	readonly running: RunningShareView | null;
}

/** An expectation of shares, and what was seen of the connections that it is about. */
export interface SharesView {
	/** Which connections these are: ` of step "load"`; "" when it is all of them. */
	readonly of: string;
	readonly status: Status;
	/** By backend, 0 to 1. */
	readonly expected: readonly number[];
	readonly seen: readonly number[];
	readonly total: number;
}

interface RunningShareView {
	/** A split is expected, and chance decided some of the connections: else there are no bands. */
	readonly hasBands: boolean;
	/** Which connections these are: ` of step "load"`; "" when it is all of them. */
	readonly of: string;
	/** By backend, 0 to 1; [] where no split is expected. */
	readonly expected: readonly number[];
	/** Of the bands: chance alone stays inside so often, at each point. */
	readonly confidence: number;
	readonly points: readonly {
		/** So many connections had begun. */
		readonly connections: number;
		/** By backend, 0 to 1. */
		readonly shares: readonly number[];
		/** What chance would allow with the expected weights, `[low, high]` by backend. */
		readonly bands: readonly (readonly [number, number])[];
	}[];
}

export interface FailoverView {
	readonly fromMs: number;
	readonly toMs: number;
	readonly lanes: readonly Lane[];
	readonly stretches: Stretches;
	readonly gaps: readonly Gap[];
}

/** What something was, from when to when. */
export interface Lane {
	/** `b1`, `checker on b1`, `mail1up`. */
	readonly name: string;
	readonly kind: "health" | "belief" | "condition";
	readonly spans: readonly {
		readonly fromMs: number;
		readonly toMs: number;
		readonly value: string;
		/** Serving, alive, 0; else something is wrong, or switched. */
		readonly isGood: boolean;
	}[];
}

export interface Gap {
	readonly backend: BackendIndex;
	readonly failedMs: number;
	/** When the health checker believed it. */
	readonly noticedMs: number | null;
	/** When new connections were served elsewhere for good; `null`: no failover was seen. */
	readonly servedMs: number | null;
	readonly recoveredMs: number | null;
	/** Of new connections that met the failed backend or nobody: lost, and late. */
	readonly lost: number;
	readonly late: number;
	readonly longestWaitMs: number;
	/** How long the gap is on the model, with the same settings; `null` when it was the model that played. */
	readonly predictedMs: number | null;
}

export interface RulesView {
	/** The counters at some moments; the last one is the end. */
	readonly snapshots: readonly {
		readonly label: string;
		readonly atMs: number;
		/** Index in the report's `rulesets`. */
		readonly ruleset: number;
		/** By line of the ruleset. */
		readonly packets: readonly number[];
		readonly bytes: readonly number[];
	}[];
	/** Packets whose paths are known, … */
	readonly paths: readonly PathView[];
	/** … which ones these are; "" when there are none. */
	readonly sampling: string;
	/** Why there are no paths; "" when there are. */
	readonly noPaths: string;
	/** Lines of long rulesets that were left out: the last ones. */
	readonly omitted: number;
}

export interface RuleLine {
	readonly table: string;
	readonly chain: string;
	/** From 1 in its chain; 0 for the chain itself. */
	readonly number: number;
	readonly text: string;
}

export interface PathView {
	readonly atMs: number;
	/** Number of its connection; `null` for a packet by hand. */
	readonly connection: number | null;
	/** `past`: from host to host on the link of the interface, past the gateway and its rules. */
	readonly direction: "in" | "past";
	readonly interface: string;
	/** In one-line notation. */
	readonly packet: string;
	/** `bond0.205 → tcp …`. */
	readonly out: readonly string[];
	readonly fate: string;
	/** Index in the report's `walks`. */
	readonly walk: number;
}

export interface WalkStep {
	/** As TRACE spells it. */
	readonly place: string;
	readonly text: string;
	readonly markBefore: number;
	readonly markAfter: number;
	readonly connmark: number | null;
}

/** The table at a moment. */
export interface ConntrackView {
	readonly label: string;
	readonly atMs: number;
	/** In the kernel's spelling; the first ones where they are many. */
	readonly lines: readonly string[];
	readonly total: number;
	/** `mail1up` is 0. */
	readonly conditions: readonly {
		readonly name: string;
		readonly value: number;
	}[];
}
