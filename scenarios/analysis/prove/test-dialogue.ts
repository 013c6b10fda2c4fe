/** A connection that tests play packet by packet on the model as it is, and rulesets with a planted fault. */
import type { Operation } from "../../../sim/contract/gateway.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { type Analysis, analyse } from "../services/analysis.ts";
import type { ClientClass, Service } from "../services/service.ts";
import { ConcretePlay } from "./plays/concrete.ts";
import { backendSeen, stageOf } from "./plays/counterexample.ts";
import type { PropertyName } from "./state/events.ts";
import { withPrograms } from "./state/own-programs.ts";
import {
	arrivalOf,
	fromPort,
	type Segment,
	type Sent,
} from "./state/segments.ts";
import { type Subject, subjectOf, type Values } from "./state/subject.ts";

export function analysed(text: string): Analysis {
	const analysis = analyse(parseRules(text, { file: "my.rules" }).ruleset);
	return withPrograms(analysis.services[0] as Service, analysis);
}

export function subjectIn(analysis: Analysis): Subject {
	const [service] = analysis.services as readonly [Service];
	const [client] = service.classes as readonly [ClientClass];
	return subjectOf(service, client, analysis);
}

export class Dialogue {
	readonly subject: Subject;
	private readonly play: ConcretePlay;
	/** Where its first packet went. */
	sent: Sent | null = null;

	constructor(analysis: Analysis, text: string, values: Values) {
		this.subject = subjectIn(analysis);
		const stage = stageOf(this.subject, analysis, { name: "my.rules", text });
		this.play = new ConcretePlay(stage, values);
	}

	/** @returns the backend that it came to */
	say(segment: Segment): string | null {
		const { subject, play } = this;
		const sight = play.packet(arrivalOf(segment, subject.first, this.sent));
		const key = backendSeen(sight, subject);
		const out = sight.emissions.at(-1);
		if (segment === "first" && key !== null && out !== undefined)
			this.sent ??= { key, ...out };
		return key;
	}

	/** Another connection, which moves counters on. */
	other(number: number): void {
		this.play.packet(fromPort(this.subject.first, 45_000 + number));
	}

	operate(operation: Operation): void {
		this.play.operate(operation);
	}

	save() {
		return { play: this.play.save(), sent: this.sent };
	}

	restore({ play, sent }: ReturnType<Dialogue["save"]>): void {
		this.play.restore(play);
		this.sent = sent;
	}
}

/** What client and backend may send behind each packet of a connection. */
export const NEXT: Partial<Record<Segment, readonly Segment[]>> = {
	first: ["first", "reply"],
	reply: ["data"],
	data: ["data", "answer", "fin"],
	answer: ["data", "answer"],
	fin: ["fin-back"],
	"fin-back": ["last-ack"],
};
const OF_CLIENT: ReadonlySet<Segment> = new Set([
	"first",
	"data",
	"fin",
	"last-ack",
]);

/** What a packet shows. */
export function shows(
	dialogue: Dialogue,
	segment: Segment,
	values: Values,
): readonly PropertyName[] {
	const { subject, sent: before } = dialogue;
	const key = dialogue.say(segment);
	if (!OF_CLIENT.has(segment)) return [];
	if (before !== null) return key === before.key ? [] : ["affinity"];
	const dead = subject.deadIn(values);
	const isAlive = subject.service.backends.some((one) => !dead.has(one.key));
	if (key === null) return isAlive ? ["liveness"] : [];
	return dead.has(key) ? ["no-dead-backend"] : [];
}

const DEPTH = 6;
const OTHERS = 6;

/** Every play of so many packets, behind so many other connections, with the rules and counters as they are. */
export function enumerated(text: string): readonly PropertyName[] {
	const analysis = analysed(text);
	const found = new Set<PropertyName>();
	const visit = (
		dialogue: Dialogue,
		values: Values,
		path: readonly Segment[],
	): void => {
		const last = path.at(-1);
		const next = last === undefined ? (["first"] as const) : NEXT[last];
		if (path.length === DEPTH || next === undefined) return;
		const saved = dialogue.save();
		for (const segment of next) {
			const shown = shows(dialogue, segment, values);
			for (const one of shown) found.add(one);
			if (shown.length === 0 && dialogue.sent !== null)
				visit(dialogue, values, [...path, segment]);
			dialogue.restore(saved);
		}
	};
	for (const values of subjectIn(analysis).vectors) {
		const dialogue = new Dialogue(analysis, text, values);
		for (let others = 0; others < OTHERS; others++) {
			visit(dialogue, values, []);
			dialogue.other(others);
		}
	}
	return [...found].sort();
}

/** What differs from the recipe. */
export interface Edits {
	/** The N of a backend's counter; 1: it has none. */
	readonly every?: (backend: number, right: number) => number;
	/** The mark that a backend's rules set. */
	readonly sets?: (backend: number) => string;
	/** The mark, and mask, that leads to a backend. */
	readonly reads?: (backend: number) => string;
	/** Before the condition in the rule of a backend's turn. */
	readonly sense?: (backend: number) => string;
	readonly restores?: boolean;
	/** The mark is saved before it is set. */
	readonly savesFirst?: boolean;
	/** Who gets what is left: by default all backends that are alive. */
	readonly rest?: readonly number[];
}

/** The recipe for so many backends. */
export function recipeFor(backends: number, edits: Edits = {}): string {
	const all = Array.from({ length: backends }, (_, index) => index + 1);
	const same = (backend: number) => `${backend}`;
	const { sets = same, reads = same, rest = all } = edits;
	const { every = (_, right) => right, sense = () => "! " } = edits;
	const { restores = true, savesFirst = false } = edits;
	const to = "-d 203.0.113.25 -p tcp --dport 25";
	const turn = (backend: number) => {
		const of = every(backend, backends - backend + 1);
		return of > 1 ? `-m statistic --mode nth --every ${of} --packet 0 ` : "";
	};
	const marked = (backend: number, turns: string, not: string) =>
		`-A MAIL -m mark --mark 0 ${turns}-m condition ${not}--condition dead${backend} -j MARK --set-mark ${sets(backend)}`;
	const save = "-A MAIL -j CONNMARK --save-mark";
	return [
		"*mangle",
		":MAIL - [0:0]",
		`-A PREROUTING ${to} -j MAIL`,
		...(restores ? ["-A MAIL -j CONNMARK --restore-mark"] : []),
		...(savesFirst ? [save] : []),
		...all.map((backend) => marked(backend, turn(backend), sense(backend))),
		...rest.map((backend) => marked(backend, "", "! ")),
		...(savesFirst ? [] : [save]),
		"COMMIT",
		"*nat",
		...all.map(
			(backend) =>
				`-A PREROUTING ${to} -m mark --mark ${reads(backend)} -j DNAT --to-destination 10.20.0.${backend}`,
		),
		"COMMIT",
		"",
	].join("\n");
}

/** A cascade of DNAT without marks, for so many backends. */
export function cascadeFor(
	backends: number,
	every: (backend: number, right: number) => number,
): string {
	const rules = Array.from({ length: backends }, (_, index) => {
		const of = every(index + 1, backends - index);
		const turn =
			of > 1 ? `-m statistic --mode nth --every ${of} --packet 0 ` : "";
		return `-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 ${turn}-j DNAT --to-destination 10.20.0.${index + 1}`;
	});
	return ["*nat", ...rules, "COMMIT", ""].join("\n");
}
