/** Expectations about what the gateway showed of itself: packets, entries, counters, conditions, commands. */

import { matchesFilter } from "../../sim/conntrack/lines.ts";
import type { OperationOutcome } from "../../sim/contract/gateway.ts";
import { editDistance } from "../../sim/edit-distance.ts";
import { own } from "../../sim/own.ts";
import {
	parsePacket,
	printPacket,
} from "../../sim/packet/notation/notation.ts";
import { PacketError } from "../../sim/packet/packet-error.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { ExpectationKind, Scenario } from "../language/scenario.ts";
import { matchesPacket } from "../language/schema/match-pattern.ts";
import {
	bounds,
	counted,
	type Finding,
	finding,
	windowWords,
} from "../result/finding.ts";
import { countersOf } from "../result/saved-ruleset.ts";

type Of<Kind extends ExpectationKind["kind"]> = Extract<
	ExpectationKind,
	{ readonly kind: Kind }
>;

/** Of packets and entries, the text of a judgement shows the first few. */
const MOST_SHOWN = 6;

export function judgePackets(
	given: Of<"packets-out" | "packets-past">,
	account: Account,
): Finding {
	const isPast = given.kind === "packets-past";
	const wanted = isPast ? "past" : "out";
	const where = isPast
		? `past the gateway on the link of ${given.interface}`
		: `out of ${given.interface}`;
	const lines = account.packets
		.filter(
			({ direction, interface: name, atMs }) =>
				direction === wanted &&
				name === given.interface &&
				atMs >= given.fromMs &&
				atMs < given.toMs,
		)
		.map(({ packet }) => printPacket(packet, { payload: "length" }));
	const missing = firstMissing(lines, given.packets, given.exactly);
	const expected =
		given.packets.length === 0
			? `nothing ${where}${when(given)}`
			: `${given.exactly ? "exactly" : "in this order"} ${where}${when(given)}: ${given.packets.join(" | ")}`;
	return finding(missing === null, {
		expected,
		seen: `${missing === null ? "" : `${missing}; `}${counted(lines.length, "packet")}${when(given)}${shown(lines)}`,
	});
}

export function judgePacketsCounted(
	given: Of<"packets-counted">,
	account: Account,
): Finding {
	const { atLeast, atMost, packets, fromMs, toMs } = given;
	const out = account.packets.filter(
		({ direction, interface: name, atMs }) =>
			direction === "out" &&
			(given.interface === null || name === given.interface) &&
			atMs >= fromMs &&
			atMs < toMs,
	);
	const lines = out.map(({ packet }) =>
		printPacket(packet, { payload: "length" }),
	);
	const patterns = packets.map(asPrinted);
	const fitting = lines.filter((line) =>
		patterns.some((pattern) => matchesPacket(line, pattern)),
	);
	const where = given.interface === null ? "" : ` of ${given.interface}`;
	return finding(fitting.length >= atLeast && fitting.length <= atMost, {
		expected: `${bounds(atLeast, atMost)} out${where}${when(given)}: ${packets.join(" | ")}`,
		seen: `${fitting.length} of ${counted(lines.length, "packet")}${when(given)}${shown(fitting.length > 0 ? fitting : lines)}`,
	});
}

/** ` from 2 s on`: outside of this time, other packets may have gone. */
function when(given: Of<"packets-out" | "packets-past" | "packets-counted">) {
	const words = windowWords(given);
	return words === "" ? "" : ` ${words}`;
}

/** Says what is missing or too much; `null` when nothing is. */
function firstMissing(
	lines: readonly string[],
	patterns: readonly string[],
	exactly: boolean,
): string | null {
	let next = 0;
	for (const pattern of patterns) {
		const printed = asPrinted(pattern);
		const found = lines.findIndex(
			(line, index) => index >= next && matchesPacket(line, printed),
		);
		if (found < 0) return `nothing fits \`${pattern}\``;
		if (exactly && found > next) return `too much: \`${lines[next]}\``;
		next = found + 1;
	}
	return exactly && next < lines.length ? `too much: \`${lines[next]}\`` : null;
}

/** A packet written in full may have its fields in any order; a pattern with stars is taken as it is. */
function asPrinted(pattern: string): string {
	if (pattern.includes("*")) return pattern;
	try {
		return printPacket(parsePacket(pattern), { payload: "length" });
	} catch (error) {
		if (error instanceof PacketError) return pattern;
		throw error;
	}
}

export function judgeConntrack(
	given: Of<"conntrack">,
	account: Account,
): Finding {
	const wanted = [
		...Object.entries(given.filter).map(([key, value]) => `${key} ${value}`),
		...(given.assured === undefined
			? []
			: [given.assured ? "[ASSURED]" : "not [ASSURED]"]),
		...(given.unreplied === undefined
			? []
			: [given.unreplied ? "[UNREPLIED]" : "not [UNREPLIED]"]),
		...(given.timeoutS === undefined ? [] : [`timeout ${given.timeoutS}`]),
	].join(", ");
	const expected = `${bounds(given.atLeast, given.atMost)} ${given.atLeast === given.atMost && given.atMost === 1 ? "entry" : "entries"}${wanted ? ` with ${wanted}` : ""} ${moment(given.at)}`;
	const observation = observationAt(given.at, account);
	if (!observation) return notObserved(given.at, expected);
	const fitting = observation.conntrack.filter(
		(line) =>
			matchesFilter(line, given.filter) &&
			(given.assured === undefined || line.assured === given.assured) &&
			(given.unreplied === undefined || line.unreplied === given.unreplied) &&
			(given.timeoutS === undefined || line.timeoutS === given.timeoutS),
	);
	const holds =
		fitting.length >= given.atLeast && fitting.length <= given.atMost;
	// Where entries are missing, the others tell why; where there are too many, they themselves do.
	const telling = fitting.length > 0 ? fitting : observation.conntrack;
	return finding(holds, {
		expected,
		seen: `${fitting.length} of ${counted(observation.conntrack.length, "entry", "entries")}${shown(telling.map(({ text }) => text))}`,
	});
}

export function judgeCounter(given: Of<"counter">, account: Account): Finding {
	const expected = `${counted(given.packets, "packet")} counted by ${given.rule} ${moment(given.at)}`;
	const observation = observationAt(given.at, account);
	if (!observation) return notObserved(given.at, expected);
	const counters = countersOf(observation.ruleset);
	const packets = counters.get(given.rule);
	return finding(packets === given.packets, {
		expected,
		seen:
			packets === undefined
				? noSuchRule(given.rule, [...counters.keys()])
				: counted(packets, "packet"),
		...(packets === undefined ? {} : { rule: given.rule }),
	});
}

/** Of many rules, those whose names are nearest. */
function noSuchRule(rule: string, names: readonly string[]): string {
	if (names.length === 0) return "no such rule; no rule is loaded";
	if (names.length <= MOST_SHOWN)
		return `no such rule; there are ${names.join(", ")}`;
	const near = names
		.map((name) => ({ name, distance: editDistance(rule, name) }))
		.sort((one, other) => one.distance - other.distance)
		.slice(0, MOST_SHOWN)
		.map(({ name }) => name);
	return `no such rule; of ${names.length} the nearest are ${near.join(", ")}`;
}

export function judgeCondition(
	given: Of<"condition">,
	account: Account,
): Finding {
	const expected = `condition ${given.name} ${valueText(given.value)} ${moment(given.at)}`;
	const observation = observationAt(given.at, account);
	if (!observation) return notObserved(given.at, expected);
	const value = own(observation.conditions, given.name) ?? null;
	return finding(value === given.value, { expected, seen: valueText(value) });
}

export function judgeOperation(
	given: Of<"operation">,
	account: Account,
	steps: Scenario["steps"],
): Finding {
	const expected = given.ok
		? `${given.step} succeeds`
		: `${given.step} fails${endingIn(given.exitCode)}${given.message ? ` and says "${given.message}"` : ""}`;
	const done =
		account.operations.find(({ label }) => label === given.step) ??
		effectiveStep(given.step, account, steps);
	if (!done)
		return finding(false, {
			expected,
			seen: "the play ended before it was done",
		});
	const { outcome } = done;
	const said = outcome.ok ? "" : outcome.message;
	const exitCode = outcome.ok ? undefined : outcome.exitCode;
	const isAsked = given.exitCode !== undefined;
	const holds =
		outcome.ok === given.ok &&
		said.includes(given.message) &&
		(!isAsked || given.exitCode === exitCode);
	return finding(holds, {
		expected,
		seen: outcome.ok
			? "it succeeded"
			: `it failed${isAsked ? endingIn(exitCode) : ""}: ${said}`,
	});
}

/** Of steps around the gateway, those are written down that changed nothing; the others succeeded. */
function effectiveStep(
	label: string,
	{ endedMs }: Account,
	steps: Scenario["steps"],
): { readonly outcome: OperationOutcome } | null {
	const isDone = steps.some(
		(step) =>
			AROUND.has(step.kind) && step.label === label && step.atMs <= endedMs,
	);
	return isDone ? { outcome: { ok: true } } : null;
}

const AROUND: ReadonlySet<string> = new Set([
	"backend",
	"neighbour",
	"announce",
	"carrier",
]);

function endingIn(exitCode: number | undefined): string {
	return exitCode === undefined ? "" : ` with exit code ${exitCode}`;
}

function observationAt(label: string, account: Account) {
	return account.observations.find((it) => it.label === label)?.observation;
}

function notObserved(label: string, expected: string): Finding {
	return finding(false, {
		expected,
		seen: label
			? `the play ended before "${label}"`
			: "the play ended before its end was observed",
	});
}

function moment(label: string): string {
	return label ? `at "${label}"` : "at the end";
}

function valueText(value: 0 | 1 | null): string {
	return value === null ? "does not exist" : `is ${value}`;
}

function shown(lines: readonly string[]): string {
	if (lines.length === 0) return "";
	const rest = lines.length - MOST_SHOWN;
	const more = rest > 0 ? ` | … ${rest} more` : "";
	return `: ${lines.slice(0, MOST_SHOWN).join(" | ")}${more}`;
}
