/** What a client meets whose backend is gone: it has died, or was taken out of the rules, and the client speaks on. */
import type { Operation } from "../../../sim/contract/gateway.ts";
import { UnknownSignal } from "../../../sim/contract/unknown-signal.ts";
import type { PropertyName } from "./state/events.ts";
import { leavesOf, valuesIn } from "./state/leaves.ts";
import {
	after,
	type Moved,
	type Node,
	type PathStep,
	type SearchOptions,
	type Shown,
} from "./state/node.ts";
import { arrivalOf, segmentWords } from "./state/segments.ts";
import { conditionsTo } from "./state/subject.ts";
import { endName, mayDie } from "./words.ts";

/** Hears of each time that a property could have been violated. */
export type Check = (property: PropertyName) => void;

/** Between two packets that a client sends to a backend that is gone. */
const SPEAKS_EVERY_MS = 10_000;

/** A connection stands, and its backend goes. */
export function* goneBackends(
	node: Node,
	options: SearchOptions,
): Generator<Moved> {
	const { phase, sent, rules } = node;
	const speaks =
		phase === "opening" || phase === "answered" || phase === "open";
	if (!speaks || sent === null || rules === "flushed") return;
	if (options.events.has("conditions")) yield* death(node, sent.key, options);
	if (options.events.has("removal") && mayDie(options.subject.service))
		yield* removal(node, sent.key, options);
}

/** Conditions say that it is dead. */
function* death(
	node: Node,
	backend: string,
	{ subject, happens }: SearchOptions,
): Generator<Moved> {
	const values = subject.without(backend);
	if (values === null) return;
	const step: PathStep = {
		kind: "operate",
		words: `${endName(backend, subject.service)} dies, and its condition says so`,
		operations: conditionsTo(values),
	};
	const next = after(node, step, { values, gone: { how: "dead", times: 0 } });
	happens("conditions");
	yield { node: next, shown: [], last: next };
}

/** The rules that send connections to it are deleted. */
function* removal(
	node: Node,
	backend: string,
	{ explorer, subject, happens }: SearchOptions,
): Generator<Moved> {
	const operations = removalOf(backend, subject);
	if (operations.length === 0) return;
	const rules = operations.length === 1 ? "its rule is" : "its rules are";
	const step: PathStep = {
		kind: "operate",
		words: `${endName(backend, subject.service)} is removed: ${rules} deleted`,
		operations,
	};
	happens("removal");
	try {
		const name = `remove ${backend}`;
		const situation = explorer.operate(node.situation, name, operations);
		const gone = { how: "removed", times: 0 } as const;
		const next = after(node, step, { situation, gone });
		yield { node: next, shown: [], last: next };
	} catch (error) {
		if (!(error instanceof UnknownSignal)) throw error;
		const { reason: why } = error;
		const shown: readonly Shown[] = [
			{ property: "no-dead-backend", violated: null, why },
		];
		yield { node: null, shown, last: node };
	}
}

/** From the last rule of a chain to its first, so that the numbers of those before stay. */
function removalOf(
	backend: string,
	{ service }: SearchOptions["subject"],
): readonly Operation[] {
	const found = service.backends.find(({ key }) => key === backend);
	return (found?.rules ?? [])
		.map(({ rule }) => {
			const [table, chain, , number] = rule.split(":");
			return { table, chain, number: Number(number) };
		})
		.sort((one, other) => other.number - one.number)
		.map(({ table, chain, number }) => {
			const command = `iptables -t ${table} -D ${chain} ${number}`;
			return { kind: "iptables", command };
		});
}

const TOLD: Readonly<
	Record<NonNullable<Node["gone"]>["how"], (forS: number) => string>
> = {
	dead: (forS) => `has been dead for ${forS} s`,
	removed: (forS) => `was removed ${forS} s ago`,
};

/** A while later its client speaks again. */
export function* speakLater(
	node: Node,
	options: SearchOptions,
	check: Check,
): Generator<Moved> {
	const { explorer, subject, limitMs } = options;
	const { sent, gone, phase, values } = node;
	if (sent === null || gone === null) return;
	const waited = waiting(node, SPEAKS_EVERY_MS, options);
	const isUdp = subject.first.packet.kind === "udp";
	const segment = phase === "opening" && !isUdp ? "first" : "data";
	const arrival = arrivalOf(segment, subject.first, sent);
	const { decision, after: situations } = explorer.packet(
		waited.situation,
		arrival,
	);
	for (const leaf of leavesOf(decision, values)) {
		check("no-dead-backend");
		if (subject.meaning(leaf.end).key !== sent.key) continue;
		const step: PathStep = {
			kind: "packet",
			words: segmentWords(segment, arrival.packet),
			arrival,
			leaf,
			values: values ?? valuesIn(leaf.answers),
		};
		const situation = situations.get(leaf.end);
		const times = gone.times + 1;
		const last = after(waited, step, {
			gone: { how: gone.how, times },
			...(situation === undefined ? {} : { situation }),
		});
		const forMs = times * SPEAKS_EVERY_MS;
		const isTooLong = forMs > limitMs;
		const shown: readonly Shown[] = isTooLong
			? [
					{
						property: "no-dead-backend",
						violated: { kind: "avoid", backends: [sent.key] },
						why: `${endName(sent.key, subject.service)} ${TOLD[gone.how](forMs / 1000)}, and the client's packets still ${subject.service.balances === "source" ? "leave from it" : "go there"}`,
					},
				]
			: [];
		yield { node: isTooLong ? null : last, shown, last };
	}
}

/** Time passes. */
export function waiting(
	node: Node,
	ms: number,
	{ explorer }: SearchOptions,
): Node {
	return after(
		node,
		{ kind: "wait", words: `${ms / 1000} s pass`, ms },
		{ situation: explorer.wait(node.situation, ms) },
	);
}
