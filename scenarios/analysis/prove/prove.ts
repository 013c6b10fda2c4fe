/** Proves the properties of all services of a ruleset, in quiet operation and under events. */

import type { Operation } from "../../../sim/contract/gateway.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Analysis } from "../services/analysis.ts";
import {
	type ClientClass,
	isCalled,
	type Service,
} from "../services/service.ts";
import { notMet } from "../walk/not-met.ts";
import { Walker } from "../walk/walker.ts";
import { unlessAgain, whyNotAgain } from "./comes-again.ts";
import type { Demand } from "./demand.ts";
import { withNeighbours } from "./neighbours.ts";
import {
	type BalanceContext,
	BROKEN_QUIETLY,
	OF_BALANCE,
	proveBalance,
} from "./plays/balance.ts";
import type { Stage } from "./plays/concrete.ts";
import { playedOut, stageOf } from "./plays/counterexample.ts";
import { proveProportions } from "./plays/proportions.ts";
import { type Searched, search } from "./search.ts";
import {
	EVENT_NAMES,
	type EventName,
	PROPERTY_NAMES,
	type PropertyName,
} from "./state/events.ts";
import { Explorer } from "./state/explorer.ts";
import type { Candidate, Operations, SearchOptions } from "./state/node.ts";
import { withPrograms } from "./state/own-programs.ts";
import type {
	Proof,
	ProofPart,
	Proved,
	Result,
	Run,
	ServiceProof,
} from "./state/proof.ts";
import { otherArrivals, type Subject, subjectOf } from "./state/subject.ts";
import { mayDie } from "./words.ts";

export interface ProveOptions {
	/** What scenarios call the ruleset. */
	readonly name: string;
	/** Events that are assumed to happen, in any order, as often as they like. */
	readonly events: readonly EventName[];
	/** Prove under each event by itself as well. */
	readonly single: boolean;
	/** Packets that are walked for each service, at most. */
	readonly budget: number;
	/** A client may speak to a dead backend for so long, ms. */
	readonly limitMs: number;
	/** Only services with this text in their key, name or backends. */
	readonly service?: string;
	/** What has to hold, in place of events, of single ones and of a service. */
	readonly demands?: readonly Demand[];
	/** Hears how far it is. */
	readonly onProgress?: (words: string) => void;
	/** Hears what is proved as soon as it is, in the order of the proof. */
	readonly onPart?: (part: ProofPart) => void;
}

/** @throws SetupError when the world contradicts itself */
export function prove(analysis: Analysis, options: ProveOptions): Proof {
	const services: ServiceProof[] = [];
	const { unmet, gaps } = analysis;
	const { service: text = "", demands } = options;
	const isOfAll =
		text === "" && demands?.every(({ service }) => service !== "") !== true;
	const leftOut = [...gaps, ...(isOfAll ? notMet(unmet) : [])];
	const ofHosts = walkerOf(analysis);
	for (const service of analysis.services) {
		const asked = demands?.filter((one) => isCalled(service, one.service));
		if (!isCalled(service, text) || asked?.length === 0) continue;
		const why = whyNot(service);
		if (why !== null) {
			leftOut.push(`${service.key}: ${why}`);
			continue;
		}
		const listening = withPrograms(service, analysis);
		const walker = listening === analysis ? ofHosts : walkerOf(listening);
		const proofOf = (client: ClientClass) =>
			new SubjectProof(
				subjectOf(service, client, listening),
				walker,
				listening,
				options,
			);
		const { clients, beside } = withNeighbours(service, analysis);
		for (const client of clients) {
			const proof = proofOf(client);
			services.push(
				...(asked === undefined
					? [proof.prove(client)]
					: asked.map((demand) => proof.demanded(client, demand))),
			);
		}
		// Their connections do not come about: nothing else is asked of them.
		const ofLiveness = (
			asked ?? [{ properties: PROPERTY_NAMES, events: options.events }]
		).filter(({ properties }) => properties.includes("liveness"));
		for (const client of beside) {
			const proof = proofOf(client);
			services.push(
				...ofLiveness.map(({ events }) =>
					proof.demanded(client, { events, properties: ["liveness"] }),
				),
			);
		}
	}
	return { services, leftOut };
}

function walkerOf(
	{ ruleset, world }: Pick<Analysis, "ruleset" | "world">,
	repeats = false,
): Walker {
	return new Walker(ruleset, world.setup, world.assume, {
		repeats,
		ofClients: true,
	});
}

function whyNot({ openedBy, sample, backends }: Service): string | null {
	if (openedBy === "gateway")
		return "connections that the gateway itself opens are not proved";
	const { kind } = sample.packet;
	if (kind !== "tcp" && kind !== "udp")
		return `TCP and UDP are proved, and it is ${kind}`;
	return backends.length === 0 ? "it has no backend" : null;
}

/** Events whose part in the properties is in balance alone. */
const OF_BALANCE_ALONE: ReadonlySet<EventName> = new Set([
	"other-clients",
	"other-traffic",
	"other-services",
	"edit",
]);

class SubjectProof {
	private readonly subject: Subject;
	private readonly options: ProveOptions;
	private readonly analysis: Analysis;
	private readonly walker: Walker;
	private readonly explorers = new Map<boolean, Explorer>();
	private readonly stage: Stage;
	private readonly balance: Omit<BalanceContext, "goesOn">;
	private readonly operations: Operations;
	/** Why a proof is none for clients that come again; `null`: no rule asks. */
	private readonly again: string | null;
	/** What came of quiet operation, which is a part of what happens under any events. */
	private readonly quietly = new Map<PropertyName, Result>();

	constructor(
		subject: Subject,
		walker: Walker,
		analysis: Analysis,
		options: ProveOptions,
	) {
		const { budget, name, onProgress = () => {} } = options;
		const ruleset = { name, text: textOf(analysis) };
		this.subject = subject;
		this.options = options;
		this.analysis = analysis;
		this.walker = walker;
		this.again = whyNotAgain(subject, analysis);
		this.stage = stageOf(subject, analysis, ruleset);
		this.operations = operationsOf(analysis, subject, ruleset);
		this.balance = {
			subject,
			stage: this.stage,
			others: otherArrivals(subject, analysis),
			services: analysis.services.filter(
				({ key, openedBy }) =>
					key !== subject.service.key && openedBy !== "gateway",
			),
			operations: this.operations,
			budget: Math.min(budget, MOST_ROTATIONS),
			budgetOf:
				budget < MOST_ROTATIONS ? "--budget" : "a run looks at no more of them",
			onStates: (states) =>
				onProgress(`${subject.service.key}: ${states} states of counters`),
		};
	}

	/** What nothing could violate was asked for in vain: it is not known. */
	demanded(
		client: ClientClass,
		{ events, properties }: Pick<Demand, "events" | "properties">,
	): ServiceProof {
		const quiet = this.inQuiet(properties);
		const run = events.length === 0 ? quiet : this.run(events, properties);
		const isIdle = events.length > 0 && run.cannot.length === events.length;
		const why = isIdle ? `does not happen here: ${events.join(", ")}` : null;
		const proved = run.proved.map(({ property, result }): Proved => {
			return { property, result: shown(result, why) };
		});
		const about = this.told(client, { ...run, proved });
		this.tell({ kind: "end" });
		return { ...about, single: [] };
	}

	private inQuiet(properties?: readonly PropertyName[]): Run {
		const quiet = this.run([], properties);
		for (const { property, result } of quiet.proved)
			this.quietly.set(property, result);
		return quiet;
	}

	prove(client: ClientClass): ServiceProof {
		const quiet = this.inQuiet();
		const { events, single } = this.options;
		const about = this.told(
			client,
			events.length === 0 ? quiet : this.run(events),
		);
		const ofEvent = (event: EventName, index: number): Run => {
			const run = this.run([event]);
			this.tell({ kind: "event", run, quiet, isFirst: index === 0 });
			return run;
		};
		const alone = single ? [quiet, ...EVENT_NAMES.map(ofEvent)] : [];
		this.tell({ kind: "end" });
		return { ...about, single: alone };
	}

	private told({ name: clients }: ClientClass, assumed: Run) {
		const about = { service: this.subject.service.key, clients, assumed };
		this.tell({ kind: "assumed", ...about });
		return about;
	}

	private tell(part: ProofPart): void {
		this.options.onPart?.(part);
	}

	/** @param repeats rules may stand in it twice */
	private explorer(repeats: boolean): Explorer {
		const known = this.explorers.get(repeats);
		if (known !== undefined) return known;
		const { budget, onProgress = () => {} } = this.options;
		const { service } = this.subject;
		const walker = repeats ? walkerOf(this.analysis, repeats) : this.walker;
		const onWalk = (walked: number) =>
			onProgress(`${service.key}: ${walked.toLocaleString("en-US")} packets`);
		const explorer = new Explorer(walker, { budget, onWalk });
		this.explorers.set(repeats, explorer);
		return explorer;
	}

	private run(
		events: readonly EventName[],
		properties: readonly PropertyName[] = PROPERTY_NAMES,
	): Run {
		const isOfBalance = events.every((one) => OF_BALANCE_ALONE.has(one));
		const { onProgress = () => {} } = this.options;
		const under = events.length === 0 ? "quiet operation" : events.join(", ");
		onProgress(`${this.subject.service.key}: ${under}`);
		const searched =
			isOfBalance && events.length > 0 ? this.quiet() : this.searched(events);
		const proved = properties.map((name): Proved => {
			const quiet = this.quietly.get(name);
			if (quiet?.kind === "violated") return { property: name, result: quiet };
			const result = this.result(name, events, searched);
			// What is not known where nothing else happens does not hold where something does.
			return quiet?.kind === "unknown" && result.kind === "holds"
				? { property: name, result: quiet }
				: { property: name, result: unlessAgain(result, this.again) };
		});
		const cannot = events.filter((event) => !this.happens(event, searched));
		return { events, cannot, proved };
	}

	/** Is there such an event here at all? */
	private happens(event: EventName, searched: Searched): boolean {
		if (searched.cut !== null || searched.happened.has(event)) return true;
		if (!OF_BALANCE.has(event)) return false;
		const { others, services } = this.balance;
		const isFlip = event === "conditions" || event === "false-alarm";
		if (isFlip && Object.keys(this.subject.alive).length === 0) return false;
		if (event === "other-traffic" && others.length === 0) return false;
		if (event === "other-services" && services.length === 0) return false;
		return this.balanceUnder([event]).kind !== "nothing";
	}

	private inProportion: Result | null = null;

	private proportions(): Result {
		this.inProportion ??= proveProportions(this.subject, this.stage);
		return this.inProportion;
	}

	private readonly rotations = new Map<string, Result>();

	private balanceUnder(events: readonly EventName[]): Result {
		const acting = events.filter((one) => OF_BALANCE.has(one));
		const key = acting.join();
		const known = this.rotations.get(key);
		if (known !== undefined) return known;
		const { cut, turnsLater: goesOn } = this.quiet();
		const all = proveBalance(acting, { ...this.balance, goesOn });
		// Whether later packets move counters is not known.
		const result: Result =
			cut !== null && all.kind === "holds"
				? { kind: "unknown", why: cut }
				: all;
		this.rotations.set(key, result);
		return result;
	}

	private found: Searched | null = null;

	private quiet(): Searched {
		this.found ??= this.searched([]);
		return this.found;
	}

	private searched(events: readonly EventName[]): Searched {
		const given: Omit<SearchOptions, "happens"> = {
			subject: this.subject,
			explorer: this.explorer(events.includes("noflush")),
			events: new Set(events),
			limitMs: this.options.limitMs,
			operations: this.operations,
			keepsValues: false,
		};
		const kept = { ...given, keepsValues: true };
		const isFlipped = events.includes("conditions");
		// Connections one after the other meet the same conditions.
		if (!isFlipped && events.includes("same-port")) return search(kept);
		const first = search(given);
		const mayDiffer =
			first.asksLater &&
			!isFlipped &&
			(first.candidates.size > 0 || first.unknown.size > 0);
		return mayDiffer ? search(kept) : first;
	}

	private result(
		property: PropertyName,
		events: readonly EventName[],
		searched: Searched,
	): Result {
		if (property === "balance") return this.balanceOf(events, searched);
		if (property === "proportions")
			return events.includes("conditions")
				? this.proportions()
				: { kind: "nothing", why: "no backend dies" };
		if (property === "isolation" && events.includes("other-traffic")) {
			const moved = this.balanceUnder(["other-traffic"]);
			if (moved.kind === "violated") return moved;
			if (moved === BROKEN_QUIETLY && this.again !== null)
				return { kind: "unknown", why: this.again };
		}
		const { candidates, unknown, checked, states, depth, cut } = searched;
		const found = candidates.get(property) ?? [];
		for (const candidate of found) {
			const counterexample = this.played(property, candidate);
			if (counterexample !== null) return { kind: "violated", counterexample };
		}
		if (found.length > 0)
			return {
				kind: "unknown",
				why: `it could be violated if what the rules ask (counters, draws, sets …) were answered so, and no such play was found on the model: ${found[0]?.why ?? ""}`,
			};
		const why = unknown.get(property) ?? cut;
		if (why !== null) return { kind: "unknown", why };
		if (!checked.has(property))
			return { kind: "nothing", why: this.whyNothing(property) };
		const { partly } = this.subject;
		return {
			kind: "holds",
			states,
			depth,
			bound: partly === null ? "all states" : `all states under ${partly}`,
		};
	}

	/** Runs of connections are played with events of balance; what others make of connections that stand is not. */
	private balanceOf(
		events: readonly EventName[],
		{ turnsLater, cut }: Searched,
	): Result {
		const found = this.balanceUnder(events);
		// Where clients that come again go is not known, so that all go to one end is neither.
		const isOfFirst = found.kind === "nothing" || found === BROKEN_QUIETLY;
		if (isOfFirst && this.again !== null)
			return { kind: "unknown", why: this.again };
		if (found.kind !== "holds" || this.quiet().turnsLater) return found;
		if (turnsLater)
			return {
				kind: "unknown",
				why: "packets of connections that stand take turns as new ones do then, and runs with them are not looked at",
			};
		return cut === null ? found : { kind: "unknown", why: cut };
	}

	private played(property: PropertyName, candidate: Candidate) {
		return playedOut(property, candidate, this.subject, this.stage);
	}

	private whyNothing(property: PropertyName): string {
		if (property === "no-dead-backend")
			return mayDie(this.subject.service)
				? "no condition says that a backend is dead"
				: "what is balanced is the address to leave from, which is the router's own and does not die";
		if (property === "liveness")
			return "the rules send these clients to no backend";
		const inVain = this.quiet().candidates.get("liveness") ?? [];
		return inVain.some(({ violation: { kind } }) =>
			["unanswered", "past"].includes(kind),
		)
			? "no answer comes to the client, and no packet follows its first one"
			: "no first packet reaches a backend";
	}
}

/** @param idle why nothing has happened that was assumed; `null`: something has */
function shown(result: Result, idle: string | null): Result {
	if (result.kind === "nothing")
		return { kind: "unknown", why: `nothing could violate it: ${result.why}` };
	return result.kind === "holds" && idle !== null
		? { kind: "unknown", why: idle }
		: result;
}

function textOf({ ruleset, world }: Analysis): string {
	const { linux = DEFAULT_LINUX } = world.setup;
	return printRuleset(ruleset, { counters: false, linux });
}

const MOST_ROTATIONS = 1_500;

function operationsOf(
	{ ruleset }: Analysis,
	{ first }: Subject,
	{ name, text }: Stage["ruleset"],
): Operations {
	const tables = ruleset.tables.map((one) => one.name);
	const command = (line: string): Operation => {
		return { kind: "iptables", command: `iptables ${line}` };
	};
	const { packet } = first;
	return {
		reload: [
			{ kind: "restore", text, file: name, noflush: false, counters: false },
		],
		noflush: [
			{ kind: "restore", text, file: name, noflush: true, counters: false },
		],
		edit: tables.flatMap((table) => [
			command(`-t ${table} -N ${EMPTY_CHAIN}`),
			command(`-t ${table} -X ${EMPTY_CHAIN}`),
		]),
		flush: tables.map((table) => command(`-t ${table} -F`)),
		evict: [
			{
				kind: "evict",
				filter: {
					protocol: packet.kind === "udp" ? "udp" : "tcp",
					originalSource: formatAddress(packet.source),
					...(packet.kind === "tcp" || packet.kind === "udp"
						? { originalSourcePort: packet.sourcePort }
						: {}),
				},
				orNone: true,
			},
		],
	};
}

const EMPTY_CHAIN = "marktwin-empty";
