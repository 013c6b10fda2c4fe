/**
 * Values of conditions under which a service is compared. What is alive or dead is what each ruleset means by its
 * own conditions: the same name is compared with the same name, and where both cannot be, the name says whose it is.
 */
import type { Service, VectorSplit } from "../services/service.ts";

/** Values of conditions, by name. */
export type Values = Readonly<Record<string, 0 | 1>>;

/** Values of conditions under which decisions are compared. */
export interface Vector {
	/** `all alive` */
	readonly name: string;
	readonly values: Values;
}

/** What values of conditions mean. */
export interface Meanings {
	/** Those that have a name in one of the rulesets. */
	readonly vectors: readonly Vector[];
	/** Others: `b1=0, b2=1`, and what that is to each ruleset, where they mean different things. */
	wordsOf(values: Values): string;
}

export const NO_MEANINGS: Meanings = { vectors: [], wordsOf: valueWords };

/** Named values, as one ruleset means them. */
type Meant = Pick<VectorSplit, "name" | "kind" | "dead" | "conditions">;

/** @param before the service of the old rules; left out: they do not have it */
export function meaningsOf(
	before: Service | undefined,
	after: Service | undefined,
): Meanings {
	const olds = meantBy(before);
	const news = meantBy(after);
	const alive = { ...aliveIn(olds), ...aliveIn(news) };
	const found = new Map<string, Vector>();
	const add = (name: string, ...conditions: readonly Values[]) => {
		const values: Values = Object.assign({}, alive, ...conditions);
		const key = valueWords(values);
		if (found.has(key)) return;
		found.set(key, { name: nameOf(name, values, olds, news), values });
	};
	for (const name of new Set([...news, ...olds].map((one) => one.name))) {
		const young = news.find((one) => one.name === name)?.conditions ?? {};
		const old = olds.find((one) => one.name === name)?.conditions ?? {};
		if (agree(young, old)) add(name, young, old);
		else {
			add(name, young);
			add(name, old);
		}
	}
	return {
		vectors: [...found.values()],
		wordsOf: (values) => nameOf(valueWords(values), values, olds, news),
	};
}

/** `b1=0, b2=1` */
export function valueWords(values: Values): string {
	return Object.entries(values)
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.map(([name, value]) => `${name}=${value}`)
		.join(", ");
}

/** Conditions are those of the service: all classes of its clients have the same values. */
function meantBy(service: Service | undefined): readonly Meant[] {
	return service?.classes[0]?.vectors ?? [];
}

function aliveIn(all: readonly Meant[]): Values {
	return all.find(({ kind }) => kind === "alive")?.conditions ?? {};
}

function agree(one: Values, other: Values): boolean {
	return Object.entries(one).every(
		([name, value]) => (other[name] ?? value) === value,
	);
}

function isPartOf(some: Values, all: Values): boolean {
	const entries = Object.entries(some);
	return (
		entries.length > 0 && entries.every(([name, value]) => all[name] === value)
	);
}

/** The name alone, where no backend is dead by one ruleset and alive by the other. */
function nameOf(
	name: string,
	values: Values,
	olds: readonly Meant[],
	news: readonly Meant[],
): string {
	const mortalIn = (all: readonly Meant[]) =>
		new Set(all.flatMap(({ dead }) => dead));
	const [mortalOnce, mortal] = [mortalIn(olds), mortalIn(news)];
	// Each value has backends of its own: none is dead.
	if (mortalOnce.size + mortal.size === 0 && Object.keys(values).length > 0)
		return valueWords(values);
	const fitting = (all: readonly Meant[]) =>
		all.filter(({ conditions }) => isPartOf(conditions, values));
	const [old, young] = [fitting(olds), fitting(news)];
	const isDead = (all: readonly Meant[], backend: string) =>
		all.some(({ dead }) => dead.includes(backend));
	const isOne = [...mortal].every(
		(backend) =>
			!mortalOnce.has(backend) ||
			(old.length * young.length > 0 &&
				isDead(old, backend) === isDead(young, backend)),
	);
	if (isOne) return name;
	const whose = [
		...young.slice(0, 1).map((one) => `${one.name} by the new rules`),
		...old.slice(0, 1).map((one) => `${one.name} by the old ones`),
	];
	const words = valueWords(values);
	return whose.length === 0 ? words : `${words} (${whose.join(", ")})`;
}
