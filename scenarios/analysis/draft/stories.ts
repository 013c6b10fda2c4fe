/** Stories worth having of a service: its split, each backend dead and back, all dead, connections that are held. */
import type { VectorSplit } from "../services/service.ts";
import type { Split } from "../split/split.ts";
import { call, constant, type Expression, type Fields } from "./expression.ts";
import {
	type ClassContext,
	type Meant,
	meantOf,
	notExpected,
	reached,
	type StoryContext,
	sharesRemark,
} from "./meant.ts";
import {
	among,
	connectionsFor,
	equalWeights,
	exactWeights,
} from "./weights.ts";

export interface Stories {
	readonly scenarios: readonly Expression[];
	/** What is to be said above the setup. */
	readonly remarks: readonly string[];
	/** What has no scenario, in words. */
	readonly leftOut: readonly string[];
}

/** The constant of what clients say. */
export const DIALOGUE = "dialogue";

/** A lost datagram shows. */
const REPLY: Fields = { timeoutMs: 900, attempts: 1 };

/** Backends of a service that each have a story of their death. */
const MOST_DEATHS = 16;
/** Connections that are held open for longer than others come. */
const HELD = 12;
/** One dies at the beginning, and is back when all connections of that time have come. */
const EVERY_MS = 100;
const EVERY_MS_DRAWN = 10;

export function storiesOf(context: StoryContext): Stories {
	const { service, hosts } = context;
	const scenarios: Expression[] = [];
	const remarks: string[] = [];
	const leftOut: string[] = [];
	const classes = service.classes.flatMap((of) => {
		const clients = hosts.clients.filter((one) => one.of === of);
		return clients.length === 0 ? [] : [{ of, clients }];
	});
	const served = classes.filter(({ of }) => reached(of, hosts).length > 0);
	for (const { of, clients } of classes) {
		const isOnly = served.length === 1;
		const ofClass = { ...context, of, clients, isOnly };
		if (served.some((one) => one.of === of)) {
			const told = tellClass(ofClass);
			scenarios.push(...told.scenarios);
			remarks.push(...told.remarks);
			leftOut.push(...told.leftOut);
		} else scenarios.push(noBackendStory(ofClass));
	}
	for (const of of service.classes)
		if (!classes.some((one) => one.of === of))
			leftOut.push(`${of.name}: ${hosts.absent.get(of) ?? "not looked at"}`);
	return { scenarios, remarks, leftOut };
}

function tellClass(context: ClassContext): Stories {
	const { of, hosts } = context;
	const [alive] = of.vectors;
	if (alive === undefined) return { scenarios: [], remarks: [], leftOut: [] };
	const meant = meantOf(context, alive.split);
	const remarks = [sharesRemark(context, alive.split, meant)];
	const leftOut = [...notExpected(context, alive.split, meant)];
	const scenarios: Expression[] = [];
	if (meant.weights !== null || meant.servesAll)
		scenarios.push(splitStory(context, alive.split, meant));
	const firstDead = ({ dead: keys }: VectorSplit) =>
		hosts.backends.findIndex(({ key }) => keys.includes(key));
	const deaths = of.vectors.filter(({ kind }) => kind === "dead");
	// Rules drop what is sent to a backend that has no host.
	const unreached = deaths.filter((vector) => firstDead(vector) < 0);
	for (const { dead: keys } of unreached)
		leftOut.push(
			`no connection reaches ${keys.join(" and ")}, so it does not die in a scenario`,
		);
	const dead = deaths
		.filter((vector) => !unreached.includes(vector))
		.toSorted((one, other) => firstDead(one) - firstDead(other));
	for (const vector of dead.slice(0, MOST_DEATHS))
		scenarios.push(deathStory(context, vector, meant));
	if (dead.length > MOST_DEATHS)
		leftOut.push(
			`${dead.length - MOST_DEATHS} of its ${dead.length} backends have no scenario of their death: copy one`,
		);
	if (of.vectors.length === 1 && reached(of, hosts).length > 1)
		leftOut.push(
			"no rule asks whether a backend is alive (-m condition), so none of them dies in a scenario",
		);
	for (const vector of of.vectors) {
		if (vector.kind === "all-dead")
			scenarios.push(allDeadStory(context, vector));
		if (vector.kind === "other")
			leftOut.push(`${vector.name}: backends change with it, and none is dead`);
	}
	if (reached(of, hosts).length > 1) scenarios.push(heldStory(context));
	if (context.remembers) {
		const expect = returningExpected(context, meant);
		if (context.clients.length > 1 && expect.length > 0)
			scenarios.push(returningStory(context, expect));
		else
			leftOut.push(
				"its rules remember clients; what becomes of one that comes again is not tested",
			);
	}
	return { scenarios, remarks, leftOut };
}

/** One that is remembered goes where it went before, and is served. */
function returningExpected(
	context: ClassContext,
	{ servesAll }: Meant,
): readonly Expression[] {
	const all = 2 * context.clients.length;
	return [
		...(reached(context.of, context.hosts).length > 1 ? [call("sticky")] : []),
		...(servesAll ? [call("outcomes", wordFor(context), all)] : []),
	];
}

/** Each client connects, and once all have, each does so again. */
function returningStory(
	context: ClassContext,
	expect: readonly Expression[],
): Expression {
	const { clients } = context;
	const given = { count: clients.length, everyMs: EVERY_MS };
	const againMs = Math.ceil((clients.length * EVERY_MS) / 1_000 + 1) * 1_000;
	return story(context, {
		name: "returning",
		title: `${capital(subject(context))} go to the same backend when a client comes again`,
		steps: [
			...connections(context, given),
			call("at", againMs, ...connections(context, given)),
		],
		expect,
	});
}

function splitStory(
	context: ClassContext,
	split: Split,
	meant: Meant,
): Expression {
	const { hosts } = context;
	const weights = meant.weights;
	const count = connectionsFor(
		weights ?? equalWeights(hosts.backends.map(({ key }) => key)),
		split,
	);
	const everyMs = split.byChance ? EVERY_MS_DRAWN : EVERY_MS;
	const isSplit = weights !== null && weights.size > 1;
	const shares =
		isSplit && new Set(weights.values()).size === 1
			? "equal shares"
			: "their shares";
	return story(context, {
		name: isSplit ? "split" : "served",
		title: isSplit
			? `${capital(subject(context))} go to ${weights.size} backends in ${shares}`
			: `${capital(subject(context))} are served`,
		steps: connections(context, { count, everyMs }),
		expect: served(context, meant, {
			count: countOf(context, count),
			which: {},
		}),
	});
}

/** What is expected of connections that are to be served. */
function served(
	context: ClassContext,
	{ weights, servesAll }: Meant,
	{ count, which }: { readonly count: number; readonly which: Fields },
): readonly Expression[] {
	const { hosts } = context;
	const given = Object.keys(which).length === 0 ? [] : [which];
	const list: Expression[] = [];
	if (weights !== null && weights.size > 1) {
		const byName = hosts.backends.flatMap(({ name, key }) => {
			const weight = weights.get(key);
			return weight === undefined ? [] : [[name, weight] as const];
		});
		list.push(call("split", Object.fromEntries(byName), ...given));
	}
	if (servesAll) list.push(call("outcomes", wordFor(context), count, ...given));
	return list;
}

function deathStory(
	context: ClassContext,
	vector: VectorSplit,
	meant: Meant,
): Expression {
	const { hosts, of } = context;
	const [alive] = of.vectors;
	const isDead = ({ key }: { readonly key: string }) =>
		vector.dead.includes(key);
	const dead = hosts.backends.filter(isDead).map(({ name }) => name);
	const left = hosts.backends
		.filter((one) => !isDead(one))
		.map(({ key }) => key);
	const stays = meant.weights === null ? null : among(meant.weights, left);
	// Where only those have died that got any, the others stand by.
	const weights = stays?.size === 0 ? exactWeights(vector.split, left) : stays;
	const everyMs = vector.split.byChance ? EVERY_MS_DRAWN : EVERY_MS;
	const wanted = weights ?? equalWeights(left);
	const count = Math.max(
		connectionsFor(wanted, vector.split),
		connectionsFor(meant.weights ?? wanted, alive?.split ?? vector.split),
	);
	const all = countOf(context, count);
	const backMs = Math.ceil((all * everyMs) / 1_000 + 1) * 1_000;
	const switches = (of: VectorSplit | undefined) =>
		changedFrom(vector, alive).map((name) =>
			call("setCondition", name, String(of?.conditions[name] ?? 0)),
		);
	// Steps of several clients have no label in common.
	const isOne = context.clients.length === 1;
	const which: Fields = isOne ? { step: "dead" } : { toMs: backMs };
	const then: Fields = isOne ? { step: "back" } : { fromMs: backMs };
	const isServed = left.length > 0;
	const expect = [
		...dead.map((name) => call("avoided", name, which)),
		...(isServed
			? served(context, { ...meant, weights }, { count: all, which })
			: [call("outcomes", wordFor(context), 0, which)]),
		...served(context, meant, { count: all, which: then }),
	];
	return story(context, {
		name: `${dead.join("-")}-dead`,
		title: `${named(dead)} dead: ${isServed ? `${subject(context)} go to the others` : "no backend is left"}, until it is back`,
		steps: [
			...switches(vector),
			...connections(context, { count, everyMs, label: "dead" }),
			call(
				"at",
				backMs,
				...switches(alive),
				...connections(context, { count, everyMs, label: "back" }),
			),
		],
		expect,
	});
}

function subject({ target, of, hosts, isOnly }: ClassContext): string {
	const what = hosts.protocol === "tcp" ? "connections" : "flows";
	return isOnly ? `${what} to ${target}` : `${what} of ${of.name} to ${target}`;
}

function capital(text: string): string {
	return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function named(names: readonly string[]): string {
	return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"}`;
}

function changedFrom(
	vector: VectorSplit,
	alive: VectorSplit | undefined,
): readonly string[] {
	return Object.keys(vector.conditions)
		.filter((name) => vector.conditions[name] !== alive?.conditions[name])
		.sort();
}

function allDeadStory(context: ClassContext, vector: VectorSplit): Expression {
	const { hosts, of } = context;
	const keys = hosts.backends.map(({ key }) => key);
	const weights = exactWeights(vector.split, keys);
	const isServed = weights === null || weights.size > 0;
	const count = connectionsFor(weights ?? new Map(), vector.split);
	const all = countOf(context, count);
	const everyMs = vector.split.byChance ? EVERY_MS_DRAWN : EVERY_MS;
	const meant = { weights, servesAll: weights !== null, isDone: true };
	return story(context, {
		name: "all-dead",
		title: isServed
			? `All conditions say dead: ${subject(context)} go where the rules send them even then`
			: `All backends are dead: ${subject(context)} reach none`,
		steps: [
			...changedFrom(vector, of.vectors[0]).map((name) =>
				call("setCondition", name, String(vector.conditions[name] ?? 0)),
			),
			...connections(context, { count, everyMs }),
		],
		expect: isServed
			? served(context, meant, { count: all, which: {} })
			: [call("outcomes", wordFor(context), 0)],
	});
}

/** How a connection ends that was served. */
function wordFor({ hosts }: ClassContext): "completed" | "answered" {
	return hosts.protocol === "tcp" ? "completed" : "answered";
}

/** Requests of one flow, for longer than others come. */
const FLOW_EVERY_MS = 400;

function flowStory(context: ClassContext): Expression {
	const flows = context.clients.map(({ name }) =>
		call("send", HELD, {
			...(name === "c1" ? {} : { client: name }),
			everyMs: FLOW_EVERY_MS,
			reply: REPLY,
		}),
	);
	return story(context, {
		name: "held",
		title: `${capital(subject(context))} that have one socket keep their backend while others come`,
		steps: [
			...flows,
			call(
				"at",
				500,
				...connections(context, { count: HELD, everyMs: EVERY_MS }),
			),
		],
		expect: [call("affinity")],
	});
}

function heldStory(context: ClassContext): Expression {
	if (context.hosts.protocol === "udp") return flowStory(context);
	const held = connections(context, {
		count: HELD,
		everyMs: EVERY_MS,
		label: "held",
		dialogue: call("hold"),
	});
	const others = connections(context, { count: HELD, everyMs: EVERY_MS });
	const labels =
		context.clients.length === 1
			? ["held"]
			: held.map((_, index) => `held ${index + 1}`);
	const each = (builder: "speak" | "close") =>
		labels.map((one) => call(builder, one));
	return story(context, {
		name: "held",
		title: `${capital(subject(context))} that are held open keep their backend while others come`,
		steps: [
			...held,
			call("at", 2_000, ...others),
			call("at", 4_000, ...each("speak")),
			call("at", 5_000, ...each("close")),
		],
		expect: [call("affinity")],
	});
}

function noBackendStory(context: ClassContext): Expression {
	const client = context.clients[0]?.name ?? "";
	return story(context, {
		name: `${client}-refused`,
		title: `${capital(subject(context))} reach no backend`,
		steps: connections(context, { count: HELD, everyMs: EVERY_MS }),
		expect: [call("outcomes", wordFor(context), 0)],
	});
}

/** Where the rules remember clients, each connection has a client of its own. */
function connections(
	{ clients, hosts }: ClassContext,
	given: {
		readonly count: number;
		readonly everyMs: number;
		readonly label?: string;
		readonly dialogue?: Expression;
	},
): readonly Expression[] {
	const { count, everyMs, label } = given;
	const dialogue = given.dialogue ?? constant(DIALOGUE);
	const step = (name: string, times: number, more: Fields) => {
		const fields = { ...(name === "c1" ? {} : { client: name }), ...more };
		return hosts.protocol === "tcp"
			? call("connect", times, { ...fields, dialogue })
			: call("send", times, { ...fields, sockets: "each", reply: REPLY });
	};
	const [first] = clients;
	if (first !== undefined && clients.length === 1)
		return [
			step(first.name, count, {
				everyMs,
				...(label === undefined ? {} : { label }),
			}),
		];
	return clients.map(({ name }, index) => {
		const isNamed = given.dialogue !== undefined;
		const one = step(
			name,
			1,
			isNamed ? { label: `${label} ${index + 1}` } : {},
		);
		return index === 0 ? one : call("at", index * everyMs, one);
	});
}

function countOf({ clients }: ClassContext, count: number): number {
	return clients.length === 1 ? count : clients.length;
}

function story(
	{ prefix, setup, isOnly, clients }: ClassContext,
	given: {
		readonly name: string;
		readonly title: string;
		readonly steps: readonly Expression[];
		readonly expect: readonly Expression[];
	},
): Expression {
	const { name, title, steps, expect } = given;
	const client = clients[0]?.name ?? "";
	const isAsked = isOnly || name.startsWith(client);
	return call("scenario", {
		name: `${prefix}${name}${isAsked ? "" : `-of-${client}`}`,
		title,
		setup: constant(setup),
		steps,
		expect,
	});
}
