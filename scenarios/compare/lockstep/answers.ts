/** Two answers to the same ask, held against each other. */

import type { Answer, Ask } from "../../../sim/contract/ask.ts";
import type {
	ConntrackLine,
	Emission,
	Observation,
} from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Divergence, DivergenceKind } from "./divergence.ts";

type Difference = Pick<Divergence, "kind" | "model" | "kernel">;

/** What both were asked, in a line. */
export function printAsk(ask: Ask): string {
	switch (ask.kind) {
		case "packet":
			return entering(ask);
		case "race":
			return `at once: ${ask.packets.map(entering).join("; ")}`;
		case "wait":
			return `wait until ${ask.toMs} ms`;
		case "operation":
			return `operation ${JSON.stringify(ask.operation)}`;
		case "observe":
			return "observe";
		case "neighbour":
			return `${ask.address} ${ask.answers ? "answers" : "is silent"} on ${ask.interface}`;
		case "carrier":
			return `the link of ${ask.interface} ${ask.isThere ? "has a carrier" : "loses its carrier"}`;
		case "source":
			return `source towards ${ask.protocol} ${ask.destination}:${ask.port}`;
		case "port":
			return `port ${ask.protocol}/${ask.port} of ${ask.address} becomes ${ask.becomes}`;
	}
}

function entering(one: {
	readonly interface: string;
	readonly packet: Packet;
}) {
	return `${one.interface} ← ${printed(one.packet)}`;
}

/**
 * All differences, packets first. Empty: they agree.
 * @param about.aheadMs so much farther the kernel's clock is than the script's
 * @param about.order in which packets come out: `any` after a wait, since errors about hosts that were given up
 * at the same moment come in the order in which their receivers answer ARP, which the model's do at once;
 * `each` of a packet that is the first for a host, since it waits for the host's address and is overtaken by
 * what goes elsewhere (or of an operation, errors about a neighbour that is forgotten), and of packets at once of
 * which some are for programs of the gateway's own: what goes to one host stays in order
 */
export function compareAnswers(
	model: Answer,
	kernel: Answer,
	about: { readonly aheadMs: number; readonly order: EmissionOrder },
): readonly Difference[] {
	const { aheadMs, order } = about;
	const lines = (answer: Answer) => inOrder(answer, order);
	const differences = [
		linesDiffer("packets", lines(model), lines(kernel)),
		linesDiffer("source", sourceLines(model), sourceLines(kernel)),
		linesDiffer("operation", operationLines(model), operationLines(kernel)),
	];
	if (model.observation && kernel.observation) {
		const [ours, theirs] = [model.observation, kernel.observation];
		differences.push(
			linesDiffer("ruleset", tableLines(ours), tableLines(theirs)),
			linesDiffer("conditions", conditionLines(ours), conditionLines(theirs)),
			setsDiffer(ours, theirs, aheadMs),
			conntrackDiffers(ours.conntrack, theirs.conntrack, aheadMs),
		);
	}
	return differences.filter((one) => one !== null);
}

export type EmissionOrder = "all" | "each" | "any";

function inOrder(answer: Answer, order: EmissionOrder): readonly string[] {
	if (order === "all") return printEmissions(answer);
	if (order === "any") return printEmissions(answer).toSorted();
	const emissions = answer.emissions.toSorted((one, other) =>
		hostOf(one) < hostOf(other) ? -1 : hostOf(one) > hostOf(other) ? 1 : 0,
	);
	return printEmissions({ emissions });
}

/** Where a packet goes, as far as it shows. */
export function hostOf({ interface: name, packet }: Emission): string {
	return `${name} ${packet.destination}`;
}

/** In order; the lines that both have are left out of what is shown. */
function linesDiffer(
	kind: DivergenceKind,
	model: readonly string[],
	kernel: readonly string[],
): Difference | null {
	if (model.join("\n") === kernel.join("\n")) return null;
	const only = (these: readonly string[], those: readonly string[]) =>
		these.filter((line) => !those.includes(line));
	const [ours, theirs] = [only(model, kernel), only(kernel, model)];
	// The same lines in another order, or another number of them: nothing can be left out.
	return ours.length + theirs.length === 0
		? { kind, model, kernel }
		: { kind, model: ours, kernel: theirs };
}

/** Packets that came out, in order, without what no rule can see. */
function printEmissions({
	emissions,
}: Pick<Answer, "emissions">): readonly string[] {
	return emissions.map(printEmission);
}

function printEmission({ interface: name, packet, nextHop }: Emission): string {
	const isDirect = nextHop === undefined || nextHop === packet.destination;
	const via = isDirect ? "" : ` via ${formatAddress(nextHop)}`;
	return `${name}${via} → ${printed(packet)}`;
}

/** Identification is the sender's affair (`ip_select_ident`), and no rule can see it. */
function printed(packet: Packet): string {
	return printPacket(withoutId(packet), { payload: "length" });
}

function withoutId(packet: Packet): Packet {
	return packet.kind === "icmp" && packet.about !== null
		? { ...packet, id: 0, about: withoutId(packet.about) }
		: { ...packet, id: 0 };
}

/** Whether a command went well is compared, and its exit code; its words are not: they are those of another program. */
function operationLines({ outcome }: Answer): readonly string[] {
	if (outcome === null) return [];
	if (outcome.ok) return ["done"];
	const { exitCode } = outcome;
	return [
		exitCode === undefined ? "refused" : `refused, exit code ${exitCode}`,
	];
}

/** What a program is given that is bound to no address. */
function sourceLines({ source }: Answer): readonly string[] {
	return source === undefined ? [] : [source ?? "no route"];
}

/** Table by table: which was loaded first is seen by iptables-save, and by nobody else. */
function tableLines({ ruleset }: Observation): readonly string[] {
	return ruleset
		.split(/^(?=\*)/m)
		.sort()
		.flatMap((table) => table.split("\n"));
}

function conditionLines({ conditions }: Observation): readonly string[] {
	return Object.entries(conditions)
		.map(([name, value]) => `${name} ${value}`)
		.sort();
}

/** Timeouts of elements are shown in whole seconds, and may be less by as much as the kernel's clock is ahead. */
function setsDiffer(
	{ sets: model = "" }: Observation,
	{ sets: kernel = "" }: Observation,
	aheadMs: number,
): Difference | null {
	const [ours, theirs] = [model, kernel].map((text) => text.split("\n"));
	if (ours === undefined || theirs === undefined) return null;
	const aheadS = Math.ceil(aheadMs / 1000);
	const isSame = ours.every((line, index) => {
		const other = theirs[index] ?? "";
		if (line === other) return true;
		const [own, their] = [line, other].map((one) =>
			/^(add .*? timeout )(\d+)(.*)$/.exec(one),
		);
		if (!own || !their) return false;
		const ahead = Number(own[2]) - Number(their[2]);
		return (
			own[1] === their[1] &&
			own[3] === their[3] &&
			ahead >= -TIMEOUT_TOLERANCE_S &&
			ahead <= TIMEOUT_TOLERANCE_S + aheadS
		);
	});
	if (isSame && ours.length === theirs.length) return null;
	return linesDiffer("sets", ours, theirs);
}

/** Timeouts are shown in whole seconds, and the kernel refreshes them in steps. */
const TIMEOUT_TOLERANCE_S = 2;

function conntrackDiffers(
	model: readonly ConntrackLine[],
	kernel: readonly ConntrackLine[],
	aheadMs: number,
): Difference | null {
	const aheadS = Math.ceil(aheadMs / 1000);
	const left = new Map<string, ConntrackLine[]>();
	for (const line of kernel) {
		const same = left.get(keyOf(line));
		if (same) same.push(line);
		else left.set(keyOf(line), [line]);
	}
	const unmatched: string[] = [];
	for (const line of model) {
		const candidates = left.get(keyOf(line)) ?? [];
		const index = candidates.findIndex(
			(other) =>
				other.timeoutS <= line.timeoutS + TIMEOUT_TOLERANCE_S &&
				other.timeoutS >= line.timeoutS - TIMEOUT_TOLERANCE_S - aheadS,
		);
		if (index < 0) unmatched.push(line.text);
		else candidates.splice(index, 1);
	}
	const theirs = [...left.values()].flat().map((line) => line.text);
	return unmatched.length + theirs.length === 0
		? null
		: { kind: "conntrack", model: unmatched, kernel: theirs };
}

function keyOf(line: ConntrackLine): string {
	const { protocol, state, original, reply, unreplied, assured, mark } = line;
	return JSON.stringify([
		protocol,
		state,
		original,
		reply,
		unreplied,
		assured,
		mark,
	]);
}
