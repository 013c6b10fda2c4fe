/** Which connections chance decided, each draw once: what a rule remembers of a draw is no draw of its own. */
import { own } from "../../sim/own.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";

/** Connections by the part that chance had in them. */
export interface Draws {
	/** One for each decision: those that were drawn for, one for each draw, and those that rules decided. */
	readonly judged: readonly ConnectionRecord[];
	/** Of those, the ones that a draw was made for. */
	readonly drew: readonly ConnectionRecord[];
	/** They went by a draw that another connection counts for. */
	readonly followed: readonly ConnectionRecord[];
	/** They went by an earlier draw though draws were made for them: so seen in where they went. */
	readonly overruled: number;
	/** Of how many it is not known how chance had a part in them. */
	readonly unknown: number;
	/** What is not known of them, and why; "" where all is known. */
	readonly why: string;
}

/**
 * @param connections that are meant, of those of the account
 * @param weights shares that are expected
 * @param confidence that a right ruleset is found right
 */
export function drawsOf(
	account: Pick<Account, "connections">,
	connections: readonly ConnectionRecord[],
	{
		weights,
		confidence,
	}: {
		readonly weights: Readonly<Record<string, number>>;
		readonly confidence: number;
	},
): Draws {
	const all = new Map(account.connections.map((one) => [one.id, one]));
	const drawOf = new Map<number, number>();
	for (const one of account.connections) {
		const draw = remembered(one, all);
		if (one.chance === "recalled" && draw !== null) drawOf.set(one.id, draw);
	}
	const both = connections.filter(
		({ chance, drawnFor = [] }) => chance === "drew" && drawnFor.length > 0,
	);
	const isOverruled =
		both.length > 0 && both.every((one) => remembered(one, all) !== null);
	if (isOverruled)
		for (const one of both) drawOf.set(one.id, remembered(one, all) ?? one.id);
	const counted = new Set<number>();
	const judged: ConnectionRecord[] = [];
	const drew: ConnectionRecord[] = [];
	const followed: ConnectionRecord[] = [];
	for (const one of connections) {
		const draw = rootOf(one.id, drawOf);
		const isDrawn = one.chance === "drew" || drawOf.has(one.id);
		if (isDrawn && counted.has(draw)) followed.push(one);
		else {
			judged.push(one);
			if (isDrawn) {
				drew.push(one);
				counted.add(draw);
			}
		}
	}
	const unknown = connections.filter(({ chance }) => chance === "unknown");
	const isTold =
		!isOverruled || agreeByChance(both, all, weights) < 1 - confidence;
	return {
		judged,
		drew,
		followed,
		overruled: isOverruled ? both.length : 0,
		unknown: isTold ? unknown.length : both.length,
		why:
			unknown.length > 0
				? "whether a draw was made: the model does not know how they went"
				: isTold
					? ""
					: "by which draw they went: rules drew for them and remembered earlier draws as well, and all went where those had led",
	};
}

/** The connection with the draw that led where this one went, of those that rules remembered for it. */
function remembered(
	{ backend, drawnFor = [] }: ConnectionRecord,
	all: ReadonlyMap<number, ConnectionRecord>,
): number | null {
	return drawnFor.find((id) => all.get(id)?.backend === backend) ?? null;
}

/** A draw that itself was overruled leads on to an earlier one. */
function rootOf(id: number, drawOf: ReadonlyMap<number, number>): number {
	let root = id;
	for (let next = drawOf.get(root); next !== undefined; next = drawOf.get(root))
		root = next;
	return root;
}

/** How probable it is that draws of their own led all of them where one of the earlier draws had led. */
function agreeByChance(
	connections: readonly ConnectionRecord[],
	all: ReadonlyMap<number, ConnectionRecord>,
	weights: Readonly<Record<string, number>>,
): number {
	const total = Object.values(weights).reduce((sum, one) => sum + one, 0);
	return connections.reduce((product, { drawnFor = [] }) => {
		// What several rules remember may have led to several places: to one of them is easily agreed.
		const places = new Set(drawnFor.map((id) => all.get(id)?.backend ?? ""));
		const agreeing = [...places].map((name) => own(weights, name) ?? 0);
		return (product * agreeing.reduce((sum, one) => sum + one, 0)) / total;
	}, 1);
}
