/** What becomes of counters of rules that both rulesets have, by the way in which the edit is loaded. */
import { seededChoice } from "../../../sim/chance/seeded.ts";
import { UnknownSignal } from "../../../sim/contract/unknown-signal.ts";
import {
	type GatewaySnapshot,
	ModelGateway,
} from "../../../sim/gateway/model-gateway.ts";
import { type Backend, DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import { movedRules } from "../upgrade/life.ts";
import type { RuleRef } from "../walk/decision.ts";
import { editOf, LOADS, type Load } from "./edits.ts";
import { ruleIn, type Sides } from "./kinds/sides.ts";

/** `unknown`: no packet that was walked moves it, or the edit is refused in that way. */
export type Life = "kept" | "begins again" | "unknown";

/** What becomes of one rule's counter. */
export interface CounterLife {
	/** As the new rules have it. */
	readonly at: RuleRef;
	readonly backend: Backend;
	readonly by: Readonly<Record<Load, Life>>;
}

const SEED = 1;
/** Moments at which some rule first remembers something. */
const MOST_MOMENTS = 16;

export function countersOn(
	backend: Backend,
	{ before, after, alignment, world }: Sides,
): readonly CounterLife[] {
	const linux = { ...(world.setup.linux ?? DEFAULT_LINUX), backend };
	const gateway = new ModelGateway(
		{ ...world.setup, linux },
		{ choice: seededChoice(SEED) },
	);
	const text = printRuleset(before.ruleset, { counters: false, linux });
	const restore = { kind: "restore", file: "", noflush: false } as const;
	if (!gateway.operate({ ...restore, text, counters: false }).ok) return [];
	const fresh = gateway.remembered();
	const known = [...fresh.keys()].filter((rule) =>
		alignment.partners.has(rule),
	);
	if (known.length === 0) return [];
	const moved = movedRules(gateway, before.analysis, fresh);
	const moments = [
		...new Set(known.flatMap((rule) => moved.get(rule)?.at ?? [])),
	].slice(0, MOST_MOMENTS);
	const edits = LOADS.map((load) => {
		const edit = editOf(load, alignment, after.ruleset, linux);
		const at = new Map<GatewaySnapshot, ReadonlyMap<string, string> | null>();
		for (const moment of moments) {
			gateway.restore(moment);
			at.set(moment, loadedInto(gateway, edit) ? gateway.remembered() : null);
		}
		return { load, at };
	});
	return known.map((rule) => {
		const partner = alignment.partners.get(rule) as string;
		const then = moved.get(rule);
		const by = edits.map(({ load, at }): [Load, Life] => {
			const now = then && at.get(then.at)?.get(partner);
			if (then === undefined || now === undefined) return [load, "unknown"];
			if (now === then.remembers) return [load, "kept"];
			return [load, now === fresh.get(rule) ? "begins again" : "unknown"];
		});
		return {
			at: ruleIn(after, partner),
			backend,
			by: Object.fromEntries(by) as Record<Load, Life>,
		};
	});
}

function loadedInto(
	gateway: ModelGateway,
	edit: ReturnType<typeof editOf>,
): boolean {
	try {
		return edit.every((operation) => gateway.operate(operation).ok);
	} catch (error) {
		if (!(error instanceof UnknownSignal)) throw error;
		return false;
	}
}
