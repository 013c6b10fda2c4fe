/** Ends that a connection cannot come to, whatever rules do with it: that none came to them shows nothing. */
import { unreachable } from "../../../sim/invariant.ts";
import type { ConnectionRecord } from "../../../sim/world/account/account.ts";
import { DRAWN_PORTS } from "../../../sim/world/arrivals.ts";
import { dialogueOf, LOOPBACK } from "../../../sim/world/setup/services.ts";
import type { CountedOutcome, Scenario } from "../../language/scenario.ts";

/** What is known of the steps that connections were made by. */
export interface Planned {
	readonly steps: Scenario["steps"];
	readonly setup?: Scenario["setup"] | undefined;
	/** All of the play. */
	readonly connections: readonly ConnectionRecord[];
}

/** Outcomes of connections of TCP alone, and of flows of UDP alone. */
const OF_ONE_PROTOCOL: Readonly<Record<string, "tcp" | "udp">> = {
	completed: "tcp",
	accepted: "tcp",
	"half-open": "tcp",
	"connect-timeout": "tcp",
	"read-timeout": "tcp",
	reset: "tcp",
	"cut-short": "tcp",
	answered: "udp",
	unanswered: "udp",
	sent: "udp",
	undelivered: "udp",
};

/** Of flows that await an answer, and of those that do not. */
const WHERE_AWAITED: ReadonlySet<string> = new Set([
	"answered",
	"unanswered",
	"late",
]);
const WHERE_UNAWAITED: ReadonlySet<string> = new Set(["sent", "undelivered"]);

const PORTS = 65_536;

type Arriving = Extract<
	Scenario["steps"][number],
	{ readonly kind: "connect" | "send" }
>;

/** Why none of these can end so; `null`: one can. */
export function whyNoneEnds(
	connections: readonly ConnectionRecord[],
	outcome: CountedOutcome,
	planned: Planned,
): string | null {
	const why = new Set<string>();
	for (const one of connections) {
		const reason = whyNeverEnds(one, outcome, planned);
		if (reason === null) return null;
		why.add(reason);
	}
	return why.size === 0 ? null : [...why].join(", and ");
}

/** Why a connection cannot end so; `null`: it can. */
export function whyNeverEnds(
	connection: ConnectionRecord,
	outcome: CountedOutcome,
	planned: Planned,
): string | null {
	const { protocol = "tcp" } = connection;
	const only = OF_ONE_PROTOCOL[outcome];
	if (only !== undefined && only !== protocol)
		return protocol === "udp"
			? `no flow of UDP is ever ${outcome}`
			: `no connection of TCP is ever ${outcome}`;
	const steps = stepsOf(connection, planned);
	if (outcome === "no-port") return whyAlwaysPort(connection, steps, planned);
	if (protocol === "udp") return whyNotOfFlow(connection, outcome, steps);
	return outcome === "accepted" ? whyNotAccepted(steps, planned) : null;
}

/** Those that may have made it: several may have no label. */
function stepsOf(
	{ step: label, client, service = "", protocol, startedMs }: ConnectionRecord,
	{ steps }: Planned,
): readonly Arriving[] {
	const kind = protocol === "udp" ? "send" : "connect";
	return steps.filter(
		(step): step is Arriving =>
			step.kind === kind &&
			step.label === label &&
			step.atMs <= startedMs &&
			step.client === client &&
			(step.service === undefined || step.service === service),
	);
}

/** Whether an answer is awaited is for the step to say; some ends tell it as well. */
function whyNotOfFlow(
	{ outcome: end }: ConnectionRecord,
	outcome: CountedOutcome,
	steps: readonly Arriving[],
): string | null {
	const sends = steps.filter((step) => step.kind === "send");
	const isKnown = sends.length > 0;
	const isUnawaited =
		WHERE_UNAWAITED.has(end) ||
		(isKnown && sends.every(({ reply }) => reply === null));
	const isAwaited =
		end === "answered" ||
		end === "unanswered" ||
		(isKnown && sends.every(({ reply }) => reply !== null));
	if (isUnawaited && WHERE_AWAITED.has(outcome))
		return "none of the flows awaits an answer";
	if (isAwaited && WHERE_UNAWAITED.has(outcome))
		return "each of the flows awaits answers";
	const isSentOnce =
		isKnown && sends.every(({ reply }) => reply?.attempts === 1);
	return outcome === "late" && isSentOnce
		? "no datagram is sent again (`attempts`)"
		: null;
}

/** Dialogues that hand nothing over: no backend accepts a message of them. */
const WITHOUT_MESSAGES: ReadonlySet<string> = new Set([
	"connect-only",
	"hold",
	"silent",
]);

function whyNotAccepted(
	steps: readonly Arriving[],
	{ setup }: Planned,
): string | null {
	const dialogues = steps.flatMap((step) =>
		step.kind === "connect" && (step.dialogue !== undefined || setup)
			? [dialogueOf(setup ?? {}, step)]
			: [],
	);
	const isWithout =
		dialogues.length > 0 &&
		dialogues.length === steps.length &&
		dialogues.every(({ kind }) => WITHOUT_MESSAGES.has(kind));
	return isWithout ? "none of the dialogues hands over a message" : null;
}

/** A kernel passes over ports in use, and refuses one that a program asks for and another socket has. */
function whyAlwaysPort(
	connection: ConnectionRecord,
	steps: readonly Arriving[],
	{ setup, connections }: Planned,
): string | null {
	if (steps.length === 0 || connection.outcome === "no-port") return null;
	const { client, protocol, sourcePort } = connection;
	// Programs of the gateway's own share its ports with others there.
	const isOwn = setup?.clients.some(
		(one) => one.name === client && one.interface === LOOPBACK,
	);
	const isAlways = steps.every(({ ports }) => {
		switch (ports.kind) {
			case "drawn":
				return connections.length <= DRAWN_PORTS;
			case "from":
				return !isOwn && connections.length <= PORTS - ports.first;
			case "fixed":
				return !(
					isOwn ||
					connections.some(
						(one) =>
							one !== connection &&
							one.client === client &&
							one.protocol === protocol &&
							one.sourcePort === sourcePort,
					)
				);
			default:
				return unreachable(ports);
		}
	});
	return isAlways ? "a port is free for each of them" : null;
}
