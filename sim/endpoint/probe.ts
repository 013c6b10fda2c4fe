/**
 * A health checker's probe of one target as a pure state machine: connects, and speaks SMTP (RFC 5321,
 * RFC 3207) or HTTP as far as the plan asks for it. It has no time-out of its own: the health checker abandons
 * a probe whose time is over. Runners: `sim/world/prober.ts`, `lab/healthcheck/probes/socket-probe.ts`.
 */
import { unreachable } from "../invariant.ts";
import type { DialogueEvent, DialogueOutput } from "./dialogue.ts";
import {
	readAnswer,
	requestText,
	statusOf,
	statusWords,
} from "./protocols/http.ts";
import {
	askedFor,
	faultOfBody,
	type HttpCheck,
	isGoodStatus,
} from "./protocols/http-check.ts";
import { QUIT } from "./protocols/smtp.ts";

/** What a probe has to see. */
export type ProbePlan =
	/** An established connection. */
	| { readonly kind: "tcp" }
	/** The replies that are awaited, up to the QUIT. */
	| {
			readonly kind: "smtp";
			readonly turns: readonly ProbeTurn[];
			/** After the QUIT, time for the server to close; `null`: any. */
			readonly goodbyeMs: number | null;
	  }
	/** An answer to the request. */
	| {
			readonly kind: "http";
			readonly request: string;
			readonly check: HttpCheck;
	  };

/** The port of a web server, which a host name need not tell. */
const HTTP_PORT = 80;

/** A probe that asks a web server. */
export function httpPlan(
	check: HttpCheck,
	target: { readonly address: string; readonly port: number },
): ProbePlan {
	const asked = askedFor(check, target, HTTP_PORT);
	const request = requestText({ ...asked, keepAlive: false });
	return { kind: "http", request, check };
}

/** A reply that has to come, by its code, and what is said then; `null`: TLS begins. */
interface ProbeTurn {
	readonly awaits: string;
	readonly says: string | null;
}

/**
 * The turns of an SMTP probe.
 * @param ehlo the name to greet with; `null`: no greeting
 */
export function probeTurns(
	ehlo: string | null,
	starttls: boolean,
): readonly ProbeTurn[] {
	const turns: ProbeTurn[] = [];
	let awaits = "220";
	if (ehlo !== null) {
		turns.push({ awaits, says: `EHLO ${ehlo}\r\n` });
		awaits = "250";
	}
	if (starttls) {
		turns.push({ awaits, says: "STARTTLS\r\n" });
		turns.push({ awaits: "220", says: null });
	} else turns.push({ awaits, says: QUIT });
	return turns;
}

/** How a probe went. */
export interface ProbeVerdict {
	readonly ok: boolean;
	/** The banner, the reply that was not the one awaited, or how the connection ended. */
	readonly reason: string;
}

/** What a probe knows. Plain data, never changed in place. */
export interface ProbeState {
	/** Index of the next turn. */
	readonly turn: number;
	/** The first reply. */
	readonly banner: string;
	/** Received, and not a whole line yet. */
	readonly rest: string;
	/** Characters received. */
	readonly received: number;
	/** There is a verdict, or none is awaited any more. */
	readonly isOver: boolean;
}

/** The state in which a connection is opened. */
export const NEW_PROBE: ProbeState = {
	turn: 0,
	banner: "",
	rest: "",
	received: 0,
	isOver: false,
};

export type ProbeEvent =
	/** `how` in words. */
	| DialogueEvent<string>
	/** TLS stands, of this version. */
	| { readonly kind: "encrypted"; readonly protocol: string }
	/** The verdict is not awaited any more. */
	| { readonly kind: "abandon" };

export type ProbeOutput =
	| DialogueOutput<ProbeVerdict>
	/** Begins TLS on the connection. Data that comes over it is not the probe's. */
	| { readonly kind: "encrypt" };

export interface ProbeStep {
	readonly state: ProbeState;
	readonly outputs: readonly ProbeOutput[];
}

const CLOSE = { kind: "close" } as const;
const ABANDON = { kind: "abandon" } as const;

/** Something happens. */
export function takeProbe(
	plan: ProbePlan,
	state: ProbeState,
	event: ProbeEvent,
): ProbeStep {
	switch (event.kind) {
		case "connected":
			return begin(plan, state);
		case "data":
			return takeText(plan, state, event.text);
		case "encrypted":
			return sayGoodbye(plan, state, `${state.banner} (${event.protocol})`);
		case "peer-closed":
			if (plan.kind === "http") return takeAnswer(plan, state, true);
			return over(state, false, "closed", [CLOSE]);
		case "ended":
			return over(state, false, event.how, []);
		case "timer":
			return { state, outputs: [ABANDON] };
		case "abandon":
			return { state: { ...state, isOver: true }, outputs: [ABANDON] };
		default:
			return unreachable(event);
	}
}

function begin(plan: ProbePlan, state: ProbeState): ProbeStep {
	switch (plan.kind) {
		case "tcp":
			return over(state, true, "connected", [ABANDON]);
		case "smtp":
			return { state, outputs: [] };
		case "http":
			return { state, outputs: [{ kind: "send", text: plan.request }] };
		default:
			return unreachable(plan);
	}
}

/** Does what is to be done, and tells the verdict if there is none yet. */
function over(
	state: ProbeState,
	ok: boolean,
	reason: string,
	outputs: readonly ProbeOutput[],
): ProbeStep {
	if (state.isOver) return { state, outputs };
	const result: ProbeVerdict = { ok, reason };
	return {
		state: { ...state, isOver: true },
		outputs: [...outputs, { kind: "result", result }],
	};
}

/** All is well, and the server closes when it has read the QUIT. */
function sayGoodbye(
	plan: ProbePlan,
	state: ProbeState,
	reason: string,
): ProbeStep {
	const afterMs = plan.kind === "smtp" ? plan.goodbyeMs : null;
	return over(state, true, reason, [
		{ kind: "send", text: QUIT },
		{ kind: "timer", afterMs },
	]);
}

function takeText(plan: ProbePlan, state: ProbeState, text: string): ProbeStep {
	if (state.isOver || plan.kind === "tcp") return { state, outputs: [] };
	const received = state.received + text.length;
	if (plan.kind === "http")
		return takeAnswer(
			plan,
			{ ...state, received, rest: state.rest + text },
			false,
		);
	const lines = (state.rest + text).split("\n");
	const rest = lines.pop() ?? "";
	let step: ProbeStep = { state: { ...state, received, rest }, outputs: [] };
	const replies = received > MOST_CHARACTERS ? null : repliesIn(lines);
	if (replies === null)
		return over(step.state, false, "not an SMTP reply", [ABANDON]);
	for (const reply of replies) {
		const next = takeReply(plan, step.state, reply);
		step = { state: next.state, outputs: [...step.outputs, ...next.outputs] };
	}
	return step;
}

/** @param isWhole the server has closed: nothing comes any more */
function takeAnswer(
	{ check }: ProbePlan & { readonly kind: "http" },
	state: ProbeState,
	isWhole: boolean,
): ProbeStep {
	const end = isWhole ? [CLOSE] : [];
	if (state.isOver) return { state, outputs: end };
	const reading = readAnswer(state.rest, isWhole);
	if (reading.kind === "incomplete") {
		if (isWhole) return over(state, false, "closed", end);
		if (state.received <= MOST_CHARACTERS) return { state, outputs: end };
	}
	if (reading.kind !== "message")
		return over(state, false, "not an HTTP answer", [ABANDON]);
	const { firstLine, body } = reading.message;
	const words = statusWords(firstLine);
	const fault = isGoodStatus(check, statusOf(firstLine))
		? faultOfBody(check, body)
		: "";
	const reason = fault ? `${words}: ${fault}` : words;
	// The server closes behind its answer, and so does the probe then.
	return over(state, fault === null, reason, end);
}

interface Reply {
	/** `220` */
	readonly code: string;
	/** Its last line. */
	readonly line: string;
}

function takeReply(
	plan: ProbePlan & { readonly kind: "smtp" },
	before: ProbeState,
	{ code, line }: Reply,
): ProbeStep {
	// What is said behind the QUIT does not matter.
	if (before.isOver) return { state: before, outputs: [] };
	const turn = plan.turns[before.turn];
	const banner = before.turn === 0 ? line : before.banner;
	const state = { ...before, banner, turn: before.turn + 1 };
	if (turn === undefined || code !== turn.awaits)
		return over(state, false, line, [ABANDON]);
	if (turn.says === null) return { state, outputs: [{ kind: "encrypt" }] };
	if (turn.says === QUIT) return sayGoodbye(plan, state, banner);
	return { state, outputs: [{ kind: "send", text: turn.says }] };
}

/** The longest reply line has 512 octets, and a reply some dozen lines: what is longer is not SMTP. */
const MOST_CHARACTERS = 65_536;
/** A `-` behind the code says that another line follows. */
const LINE = /^(\d{3})(-| |$)/;

/** The replies in complete lines (RFC 5321, 4.2); `null` when this is no SMTP. */
function repliesIn(lines: readonly string[]): readonly Reply[] | null {
	const replies: Reply[] = [];
	for (const one of lines) {
		const line = one.trimEnd();
		const found = LINE.exec(line);
		if (found === null) return null;
		const [, code = "", mark] = found;
		if (mark !== "-") replies.push({ code, line });
	}
	return replies;
}
