/** Health checkers that are wrong: conditions that do not say which backends are dead. */
import type { EventName } from "./state/events.ts";
import {
	after,
	type Moved,
	type Node,
	type PathStep,
	type SearchOptions,
} from "./state/node.ts";
import { conditionsTo, type Subject, type Values } from "./state/subject.ts";
import { endName, mayDie } from "./words.ts";

interface Belief {
	readonly event: EventName;
	readonly words: string;
	/** What the checker has written. */
	readonly values: Values;
	/** Backends that are dead. */
	readonly dead: readonly string[];
}

/** Before a first packet. */
export function* wrongBeliefs(
	node: Node,
	{ events, subject, happens }: SearchOptions,
): Generator<Moved> {
	if (node.phase !== "idle" || node.dead !== null || node.isFull) return;
	for (const { event, words, values, dead } of beliefsOf(subject)) {
		if (!events.has(event)) continue;
		happens(event);
		const step: PathStep = {
			kind: "operate",
			words,
			operations: conditionsTo(values),
		};
		const next = after(node, step, { values, dead: new Set(dead) });
		yield { node: next, shown: [], last: next };
	}
}

function beliefsOf(subject: Subject): readonly Belief[] {
	const { serves, service, alive } = subject;
	if (!serves || !mayDie(service)) return [];
	const keys = service.backends.map(({ key }) => key);
	const allDead = opposite(alive, subject);
	return [
		...keys.map((key): Belief => {
			const words = `${endName(key, service)} dies, and no condition says so`;
			return { event: "unnoticed", words, values: alive, dead: [key] };
		}),
		...keys.flatMap((key): readonly Belief[] => {
			const right = subject.without(key);
			if (right === null) return [];
			const values = opposite(right, subject);
			const words = `${endName(key, service)} dies, and its checker writes the opposite of what is so`;
			return [{ event: "opposite", words, values, dead: [key] }];
		}),
		...(allDead === alive
			? []
			: [
					{
						event: "false-alarm",
						words: `the checker takes all backends for dead, which serve`,
						values: allDead,
						dead: [],
					} as const,
				]),
	];
}

/** With the conditions of backends the other way round. */
function opposite(values: Values, { service }: Subject): Values {
	const names = service.conditions.flatMap(({ name, alive }) =>
		alive === null ? [] : [name],
	);
	if (names.length === 0) return values;
	const turned = names.map(
		(name) => [name, values[name] === 1 ? 0 : 1] as const,
	);
	return { ...values, ...Object.fromEntries(turned) };
}
