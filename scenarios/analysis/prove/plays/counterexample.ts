/** Ways to violate a property, played on the model as it is, and written as scenarios. */
import type { Operation } from "../../../../sim/contract/gateway.ts";
import { formatAddress, parseAddress } from "../../../../sim/packet/address.ts";
import type { Packet } from "../../../../sim/packet/packet.ts";
import { Routes } from "../../../../sim/routing/routes.ts";
import { withListenerBackends } from "../../../../sim/world/setup/services.ts";
import { judgeAll } from "../../../judge/judge.ts";
import type {
	Expectation,
	PlayableScenario,
} from "../../../language/scenario.ts";
import { modelAccount } from "../../../run/run-scenario.ts";
import type { Analysis } from "../../services/analysis.ts";
import type { Backend } from "../../services/service.ts";
import { comesOutBy, portOf } from "../../walk/ends-of.ts";
import type { PropertyName } from "../state/events.ts";
import type { Leaf } from "../state/leaves.ts";
import { type Candidate, type PathStep, pathTo } from "../state/node.ts";
import { isListening, programsByHand } from "../state/own-programs.ts";
import type { Counterexample, ToldStep } from "../state/proof.ts";
import { fromPort } from "../state/segments.ts";
import { conditionsTo, type Subject, type Values } from "../state/subject.ts";
import {
	ConcretePlay,
	leavingText,
	outOf,
	SEED,
	type Sight,
	STEP_MS,
	type Stage,
	sightText,
	written,
} from "./concrete.ts";

type PacketStep = Extract<PathStep, { readonly kind: "packet" }>;
type RaceStep = Extract<PathStep, { readonly kind: "race" }>;

/** Connections of others that are played to bring counters where a way needs them. */
const MOST_OTHERS = 128;
const FIRST_OTHER_PORT = 50_000;

/** The machine of a subject as scenarios have it. */
export function stageOf(
	subject: Subject,
	{ world }: Pick<Analysis, "world">,
	ruleset: Stage["ruleset"],
): Stage {
	const routes = new Routes(world.setup);
	const hosts = [
		formatAddress(subject.first.packet.source),
		...subject.service.backends.flatMap(({ address }) => address ?? []),
	];
	const found = new Map<string, Stage["neighbours"][number]>();
	for (const address of hosts) {
		const route = routes.lookup(parseAddress(address) ?? 0);
		if (route === null || route.type !== "unicast") continue;
		const next = route.via === null ? address : formatAddress(route.via);
		const name = routes.interfaces[route.interface];
		if (name !== undefined) found.set(next, { interface: name, address: next });
	}
	for (const { via, interface: name } of world.markRoutes)
		if (via !== null && name !== null)
			found.set(via, { interface: name, address: via });
	return {
		setup: world.setup,
		ruleset,
		neighbours: [...found.values()],
		byHand: programsByHand(subject, world),
	};
}

/** @returns `null`: the model as it is does not play it so */
export function playedOut(
	property: PropertyName,
	candidate: Candidate,
	subject: Subject,
	stage: Stage,
): Counterexample | null {
	const path = pathTo(candidate.node);
	const last = path.at(-1);
	if (last?.kind !== "packet" && last?.kind !== "race") return null;
	const play = new ConcretePlay(stage, valuesAtFirst(path));
	const told: ToldStep[] = [];
	let values: Values = play.conditions;
	if (Object.keys(changesTo(values, subject.alive)).length > 0)
		told.push(conditionsTold(values));
	for (const step of path) {
		if (step.kind === "packet" || step.kind === "race") {
			const changed = changesTo(step.values, values);
			for (const one of conditionsTo(changed)) play.operate(one);
			if (Object.keys(changed).length > 0) told.push(conditionsTold(changed));
			values = { ...values, ...step.values };
			const others = playedLike(step, play, subject);
			if (others === null) return null;
			if (others > 0) told.push(othersTold(others));
		} else if (step.kind === "wait") play.wait(step.ms);
		else
			for (const one of step.operations) {
				if (isSet(one, values)) continue;
				if (!play.operate(one)) return null;
				if (one.kind === "condition")
					values = { ...values, [one.name]: Number(one.write) as 0 | 1 };
			}
		told.push({ words: step.words, rules: rulesOf(step) });
	}
	return replayed({
		property,
		play,
		subject,
		told,
		happens: candidate.why,
		expectation: expected(candidate, last, { play, subject, path }),
	});
}

function rulesOf(step: PathStep): readonly string[] {
	const leaves =
		step.kind === "packet"
			? [step.leaf]
			: step.kind === "race"
				? step.leaves
				: [];
	return leaves.flatMap(({ end }) => end.rules.map(({ rule }) => rule));
}

/** Is it the writing of a condition that has the value already? */
function isSet(one: Operation, values: Values): boolean {
	return one.kind === "condition" && `${values[one.name] ?? 0}` === one.write;
}

/** Those that are other than they were. */
function changesTo(values: Values, before: Values): Values {
	return Object.fromEntries(
		Object.entries(values).filter(
			([name, value]) => (before[name] ?? 0) !== value,
		),
	);
}

function conditionsTold(values: Values): ToldStep {
	const listed = Object.entries(values).map(
		([name, value]) => `${name} is ${value}`,
	);
	return { words: `condition ${listed.join(", ")}`, rules: [] };
}

function othersTold(count: number): ToldStep {
	return {
		words:
			count === 1
				? "another connection moves the counters on"
				: `${count} other connections move the counters on`,
		rules: [],
	};
}

function valuesAtFirst(path: readonly PathStep[]): Values {
	for (const step of path)
		if (step.kind === "packet" && step.believed !== undefined)
			return step.believed;
	for (const step of path)
		if (step.kind === "packet" || step.kind === "race") return step.values;
	return {};
}

/** Plays others' connections until the packet goes the way. @returns how many; `null`: it never does */
function playedLike(
	step: PacketStep | RaceStep,
	play: ConcretePlay,
	subject: Subject,
): number | null {
	const leaves = step.kind === "race" ? step.leaves : [step.leaf];
	const wanted = leaves.map((leaf) => sightWanted(leaf, play.stage)).join();
	const isFree = leaves.some(({ answers }) =>
		answers.some(({ asked }) => asked.kind !== "condition"),
	);
	const most = isFree ? MOST_OTHERS : 0;
	for (let others = 0; ; others++) {
		const before = play.save();
		const seen =
			step.kind === "race"
				? play.race(step.arrivals)
				: [play.packet(step.arrival)];
		if (seen.map(sightText).join() === wanted) return others;
		play.restore(before);
		if (others === most) return null;
		play.packet(fromPort(subject.first, FIRST_OTHER_PORT + play.steps.length));
	}
}

function sightWanted(
	{ end: { fate, packet } }: Leaf,
	{ setup }: Pick<Stage, "setup">,
): string {
	const by = comesOutBy(fate);
	if (by === null || packet === null) return fate.kind;
	// What comes to a port on which no program listens is not seen.
	return fate.kind === "forwarded" || isListening(packet, setup)
		? leavingText({ interface: by, packet })
		: fate.kind;
}

/** What is to be seen of the last packet. */
function expected(
	{ violation, why }: Candidate,
	last: PacketStep | RaceStep,
	{
		play,
		subject,
		path,
	}: {
		readonly play: ConcretePlay;
		readonly subject: Subject;
		readonly path: readonly PathStep[];
	},
): Expectation {
	const toMs = play.nowMs;
	const fromMs = toMs - STEP_MS;
	const base = {
		kind: "packets-counted",
		because: why,
		interface: null,
		fromMs,
		toMs,
	} as const;
	const { kind } = subject.first.packet;
	if (violation.kind === "untranslated") {
		const leaf = last.kind === "race" ? last.leaves[1] : last.leaf;
		const { packet } = leaf.end;
		const from = packet === null ? "" : socketOf(packet);
		return { ...base, packets: [`${kind} ${from} > *`], ...NONE };
	}
	if (violation.kind === "unanswered") {
		const { interface: name, packet } = subject.first;
		const from = `${formatAddress(packet.destination)}:*`;
		const packets = [`${kind} ${from} > ${formatAddress(packet.source)}:*`];
		return { ...base, interface: name, packets, ...SOME };
	}
	if (violation.kind === "past") {
		const from = `${formatAddress(subject.first.packet.source)}:*`;
		const found = subject.service.backends.find(
			({ key }) => key === violation.backend,
		);
		const to = found ?? { address: "*", port: null };
		const packets = [toBackend(subject.first.packet, to, { from })];
		return { ...base, packets, ...NONE };
	}
	const isOwn = path.some(
		(step) =>
			step.kind === "packet" &&
			step !== last &&
			step.arrival.interface === subject.first.interface,
	);
	const packets = violation.backends.map((key) =>
		patternOf(key, subject, path),
	);
	return violation.kind === "avoid"
		? { ...base, packets, ...NONE }
		: {
				...base,
				// Backends of marks differ in the interface alone.
				interface: isOwn ? interfaceOf(subject, path) : null,
				packets,
				...SOME,
			};
}

/** A program of the gateway's own may have the address that the client has asked: its port tells it. */
function socketOf(packet: Packet): string {
	const hasPorts = packet.kind === "tcp" || packet.kind === "udp";
	const port = hasPorts ? packet.sourcePort : "*";
	return `${formatAddress(packet.source)}:${port}`;
}

const NONE = { atLeast: 0, atMost: 0 } as const;
const SOME = { atLeast: 1, atMost: Number.MAX_SAFE_INTEGER } as const;

function interfaceOf(
	{ service }: Subject,
	path: readonly PathStep[],
): string | null {
	if (service.balances === "destination") return null;
	const first = path.find((step) => step.kind === "packet");
	if (first?.kind !== "packet") return null;
	const { fate } = first.leaf.end;
	return fate.kind === "forwarded" ? fate.interface : null;
}

function patternOf(
	key: string,
	{ service, first, meaning }: Subject,
	path: readonly PathStep[],
): string {
	const { kind } = first.packet;
	const found = service.backends.find((one) => one.key === key);
	if (service.balances === "destination" && found?.address)
		return toBackend(first.packet, found);
	if (service.balances === "source" && found !== undefined)
		return clientPackets(found, { service, first }, null, "")[0] as string;
	const sent = path.find(
		(step) => step.kind === "packet" && meaning(step.leaf.end).key === key,
	);
	const packet = sent?.kind === "packet" ? sent.leaf.end.packet : null;
	return packet === null
		? `${kind} *`
		: `${kind} ${formatAddress(packet.source)}:* > ${formatAddress(packet.destination)}:*`;
}

/** @param of.from whose packets; left out: those of all */
function toBackend(
	packet: Packet,
	{
		address,
		port,
	}: { readonly address: string | null; readonly port: number | null },
	{ from = "*", flags = "" } = {},
): string {
	const to = `${address}:${port ?? portOf(packet)}`;
	return `${packet.kind} ${from} > ${to} ${packet.kind === "tcp" ? flags : ""}*`;
}

/**
 * Packets of the client to a backend, as they leave.
 * @param ports of the client, where others connect as well; `null`: none does
 * @param flags of TCP; "": any
 */
export function clientPackets(
	backend: Pick<Backend, "address" | "port">,
	{ service, first: { packet } }: Pick<Subject, "service" | "first">,
	ports: readonly number[] | null,
	flags: "S " | "" = "S ",
): readonly string[] {
	if (service.balances === "destination") {
		const from = `${formatAddress(packet.source)}:*`;
		return [toBackend(packet, backend, { from, flags })];
	}
	// The address that they come from is the backend, and the client's own is not seen.
	const to = {
		address: formatAddress(packet.destination),
		port: portOf(packet),
	};
	return (ports ?? ["*"]).map((port) =>
		toBackend(packet, to, { from: `${backend.address}:${port}`, flags }),
	);
}

interface Shown {
	readonly property: PropertyName;
	readonly play: ConcretePlay;
	readonly subject: Subject;
	readonly told: readonly ToldStep[];
	readonly happens: string;
	readonly expectation: Expectation;
}

/** Plays it once more as a scenario: only what the model violates is a counterexample. */
export function replayed(shown: Shown): Counterexample | null {
	const { told: steps, happens } = shown;
	const scenario = scenarioOf(shown);
	const account = modelAccount(scenario, SEED);
	if (account === null || account.unknown !== null) return null;
	const isViolated = judgeAll(scenario, account).some(
		({ outcome, expectation }) =>
			outcome === "violated" && expectation.kind === "packets-counted",
	);
	return isViolated ? { steps, happens, scenario } : null;
}

function scenarioOf({
	property,
	play,
	subject,
	told,
	happens,
	expectation,
}: Shown): PlayableScenario {
	const { stage, conditions, steps, nowMs } = play;
	const { packet } = subject.first;
	const story = told.map(({ words }) => words).join("; then ");
	return {
		name: nameOf(property, subject),
		suite: "prove",
		title: `${subject.service.key}: ${happens}`,
		story: `${story.slice(0, 1).toUpperCase()}${story.slice(1)}.`,
		trap: null,
		setup: withListenerBackends({
			gateway: stage.setup,
			ruleset: stage.ruleset,
			services: [
				{
					name: "service",
					protocol: packet.kind === "udp" ? "udp" : "tcp",
					address: formatAddress(packet.destination),
					ports: [portOf(packet) ?? 1],
				},
			],
			clients: [],
			backends: [],
			healthCheck: null,
			neighbours: stage.neighbours,
			conditions: written(conditions),
			seed: SEED,
		}),
		steps,
		expect: [expectation],
		endMs: nowMs + 1_000,
	};
}

function nameOf(property: PropertyName, { service }: Subject): string {
	const text = `${property} of ${service.key}`.toLowerCase();
	return text.replace(/[^a-z0-9]+/g, "-").replace(/-$/, "");
}

/** The backend that a packet went to; `null`: none. */
export function backendSeen(
	sight: Sight,
	{ service, first }: Subject,
): string | null {
	const sent = outOf(sight);
	if (sent === null) return null;
	const to = formatAddress(sent.packet.destination);
	const from = formatAddress(sent.packet.source);
	const found = service.backends.find(({ address, port }) =>
		service.balances === "source"
			? address === from
			: address === to &&
				(port ?? portOf(first.packet)) === portOf(sent.packet),
	);
	return found?.key ?? null;
}
