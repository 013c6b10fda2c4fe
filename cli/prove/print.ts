/** A proof for a person, and as JSON. */
import {
	type EventName,
	eventWords,
	PROPERTIES,
	QUIET,
} from "../../scenarios/analysis/prove/state/events.ts";
import type {
	Counterexample,
	Proof,
	ProofPart,
	Proved,
	Result,
	Run,
} from "../../scenarios/analysis/prove/state/proof.ts";
import { plainText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

/** A ruleset that is proved, and what came of it. */
export interface ProvedFile {
	readonly file: string;
	readonly proof: Proof;
}

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

const NAME_WIDTH = Math.max(...PROPERTIES.map(({ name }) => name.length)) + 2;

/** What stands behind the services of a proof, each of which is told by its parts. */
export function restLines(
	{ file, proof }: ProvedFile,
	paper: Paper,
): readonly string[] {
	const { paint } = paper;
	const { services, leftOut } = proof;
	return [
		...(services.length === 0
			? [
					`${paint("yellow", "?")} ${plainText(file)}: no service was found that can be proved`,
				]
			: []),
		...leftOut.map((one) => `${paint("yellow", "?")} ${plainText(one)}`),
		...wrap(`Quiet operation is: ${QUIET}.`, paper.columns),
	];
}

/**
 * ```
 * tcp 10.0.0.1:25, all clients
 *   in quiet operation
 *     ✓ liveness         holds: all states (71 states, 9 steps)
 *   which event breaks what
 *     ✗ take-over        affinity: it goes to 192.168.0.2:25, …
 * ```
 */
export function partLines(part: ProofPart, paper: Paper): readonly string[] {
	const { columns } = paper;
	return linesOf(part, paper).flatMap((line) =>
		line.length > columns ? wrapped(line, columns) : [line],
	);
}

function linesOf(part: ProofPart, paper: Paper): readonly string[] {
	if (part.kind === "end") return [""];
	if (part.kind === "event") {
		const { run, quiet, isFirst } = part;
		return [
			...(isFirst ? ["  which event breaks what"] : []),
			...eventLines(run, quiet, paper),
		];
	}
	const { service, clients, assumed } = part;
	return [
		paper.paint("bold", `${plainText(service)}, ${plainText(clients)}`),
		`  ${assumedWords(assumed)}`,
		...assumed.proved.flatMap((one) => provedLines(one, paper)),
	];
}

function wrapped(line: string, columns: number): readonly string[] {
	const indent = " ".repeat(line.length - line.trimStart().length);
	const [first = "", ...rest] = wrap(
		line.trimStart(),
		columns - indent.length - 2,
	);
	return [`${indent}${first}`, ...rest.map((one) => `${indent}  ${one}`)];
}

/** `in quiet operation`, `with any number of: evict, reload (does not happen here: evict)` */
export function assumedWords({ events, cannot }: Run): string {
	if (events.length === 0) return "in quiet operation";
	const none =
		cannot.length === 0 ? "" : ` (does not happen here: ${cannot.join(", ")})`;
	return `with any number of: ${events.join(", ")}${none}`;
}

const SIGNS = {
	holds: ["green", "✓"],
	nothing: ["dim", "-"],
	violated: ["red", "✗"],
	unknown: ["yellow", "?"],
} as const;

function signOf({ kind }: Result, paint: Paint): string {
	const [colour, sign] = SIGNS[kind];
	return paint(colour, sign);
}

function provedLines(
	{ property, result }: Proved,
	{ paint }: Paper,
): readonly string[] {
	const name = property.padEnd(NAME_WIDTH);
	return [
		`    ${signOf(result, paint)} ${name}${plainText(resultWords(result))}`,
		...(result.kind === "violated" ? stepLines(result.counterexample) : []),
	];
}

function resultWords(result: Result): string {
	const { kind } = result;
	const said = kind === "nothing" ? "nothing could violate it" : kind;
	return `${said}: ${whyWords(result)}`;
}

/** What was looked at, what happens, or why it is not known. */
export function whyWords(result: Result): string {
	if (result.kind === "violated") return result.counterexample.happens;
	if (result.kind !== "holds") return result.why;
	const { bound, states, depth } = result;
	const steps = depth > 0 ? `, ${depth} steps` : "";
	return `${bound} (${states.toLocaleString("en-US")} states${steps})`;
}

function stepLines({ steps }: Counterexample): readonly string[] {
	return folded(steps).map(({ words, rules }, index) => {
		const by = rules.length === 0 ? "" : ` (${rules.join(", ")})`;
		return `        ${index + 1}. ${plainText(words)}${by}`;
	});
}

/** Steps that come again and again are told once. */
export function folded(
	steps: Counterexample["steps"],
): Counterexample["steps"] {
	const told: { words: string; rules: readonly string[]; times: number }[] = [];
	for (let at = 0; at < steps.length; at++) {
		const [one, next] = [steps[at], steps[at + 1]];
		if (one === undefined) break;
		let pairs = 1;
		while (
			next !== undefined &&
			steps[at + 2 * pairs]?.words === one.words &&
			steps[at + 2 * pairs + 1]?.words === next.words
		)
			pairs++;
		if (pairs > 1 && next !== undefined) {
			told.push({
				words: `${pairs} times: ${one.words}, then ${next.words}`,
				rules: next.rules,
				times: pairs,
			});
			at += 2 * pairs - 1;
		} else told.push({ ...one, times: 1 });
	}
	return told;
}

/** What an event changes against quiet operation. */
function eventLines(
	{ events, cannot, proved }: Run,
	quiet: Run,
	{ paint }: Paper,
): readonly string[] {
	const [event] = events as readonly [EventName];
	if (cannot.includes(event))
		return [`    ${paint("dim", "-")} ${event}: does not happen here`];
	const inQuiet = new Map(
		quiet.proved.map(({ property, result }) => [property, result]),
	);
	const isAsInQuiet = ({ property, result }: Proved) => {
		const before = inQuiet.get(property);
		return (
			before?.kind === result.kind &&
			// Another reason is the event's.
			(result.kind !== "unknown" || whyWords(before) === whyWords(result))
		);
	};
	const bad = proved.filter(
		(one) =>
			(one.result.kind === "violated" || one.result.kind === "unknown") &&
			!isAsInQuiet(one),
	);
	const kinds = ["violated", "unknown"] as const;
	const worst = kinds.find((kind) =>
		proved.some(({ result }) => result.kind === kind),
	);
	const [colour, sign] = SIGNS[worst ?? "holds"];
	return [
		`    ${paint(colour, sign)} ${event}: ${eventWords(event)}`,
		...bad.flatMap(({ property, result }) => [
			`      ${signOf(result, paint)} ${property}: ${plainText(resultWords(result))}`,
			...(result.kind === "violated" ? stepLines(result.counterexample) : []),
		]),
		...kinds.flatMap((kind) => {
			const same = proved.filter(
				(one) => one.result.kind === kind && isAsInQuiet(one),
			);
			const [first] = same;
			if (first === undefined) return [];
			const names = same.map(({ property }) => property).join(", ");
			return `      ${signOf(first.result, paint)} ${names}: ${kind}, as in quiet operation`;
		}),
	];
}

/** Scenarios are files of their own. */
export function proofJson({ file, proof }: ProvedFile): unknown {
	const { services, leftOut } = proof;
	return {
		file,
		leftOut,
		services: services.map(({ service, clients, assumed, single }) => ({
			service,
			clients,
			assumed: runJson(assumed),
			single: single.map(runJson),
		})),
	};
}

function runJson({ events, cannot, proved }: Run): unknown {
	return {
		events,
		cannot,
		properties: Object.fromEntries(
			proved.map(({ property, result }) => {
				const { kind } = result;
				if (kind !== "violated") {
					const { kind: _, ...rest } = result;
					return [property, { result: kind, ...rest }];
				}
				const { steps, happens, scenario } = result.counterexample;
				return [
					property,
					{ result: kind, happens, steps, scenario: scenario.name },
				];
			}),
		),
	};
}
