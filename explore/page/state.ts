/** What the page knows, and how that changes. */
import { visible } from "../../reports/wording.ts";
import type { FromPlay } from "../engine/messages.ts";
import type { Rules, Study } from "../engine/study.ts";
import type { RuleView, View } from "../engine/view.ts";

type Shown = Extract<FromPlay, { readonly kind: "view" }>;

export interface State {
	/** As they are in the editor. */
	readonly rules: Rules;
	/** Of these rules; `null` while they are looked at for the first time. */
	readonly study: Study | null;
	readonly isStudying: boolean;
	/** The hosts are those that the rules let assume, and not those of a scenario. */
	readonly isOfRules: boolean;
	readonly view: View | null;
	/** The rules of the view, with their counters. */
	readonly lines: readonly RuleView[];
	/** Rules that counted something between the last two views. */
	readonly hit: ReadonlySet<number>;
	readonly scenario: Shown["scenario"] | null;
	readonly isWorking: boolean;
	/** The farthest moment that was reached. */
	readonly farthestMs: number;
	/** A packet of the view that is looked at; `null`: the latest. */
	readonly packet: number | null;
	/** What went wrong last; "": nothing. */
	readonly failure: string;
	/** What was done well last; "": nothing that has to be said. */
	readonly notice: string;
}

/** The place of the packet that is looked at: the latest one that was stepped to, else the latest that NAT looked at, which is the first of a connection. */
export function packetOf({ view, packet }: State): number {
	if (packet !== null || view === null) return packet ?? -1;
	const { packets } = view;
	if (packets.at(-1)?.entry.after !== null) return packets.length - 1;
	const found = packets.findLastIndex(({ steps }) =>
		steps.some(({ place }) => place.startsWith("nat:PREROUTING:")),
	);
	return found < 0 ? packets.length - 1 : found;
}

export type Change =
	| { readonly kind: "edit"; readonly rules: Rules }
	| {
			readonly kind: "studied";
			readonly study: Study | null;
			readonly failed: string;
	  }
	| { readonly kind: "shown"; readonly shown: Shown }
	| { readonly kind: "failed"; readonly message: string }
	| { readonly kind: "noticed"; readonly message: string }
	| { readonly kind: "packet"; readonly packet: number | null }
	| { readonly kind: "busy" }
	| {
			readonly kind: "opened";
			readonly rules: Rules;
			readonly study: Study | null;
			readonly isOfRules: boolean;
	  }
	/** The same is opened anew. */
	| { readonly kind: "restarted" };

export function begun(rules: Rules, study: Study | null): State {
	return {
		rules,
		study: study === null ? null : seen(study),
		isStudying: false,
		isOfRules: true,
		view: null,
		lines: [],
		hit: new Set(),
		scenario: null,
		isWorking: false,
		farthestMs: 0,
		packet: null,
		failure: "",
		notice: "",
	};
}

export function changed(state: State, change: Change): State {
	switch (change.kind) {
		case "edit":
			return { ...state, rules: change.rules, isStudying: true };
		case "studied":
			return {
				...state,
				isStudying: false,
				study: change.study === null ? state.study : seen(change.study),
				failure: change.failed === "" ? state.failure : visible(change.failed),
			};
		case "shown":
			return shown(state, change.shown);
		case "failed":
			return { ...state, failure: visible(change.message), notice: "" };
		case "noticed":
			return { ...state, notice: change.message, failure: "" };
		case "packet":
			return { ...state, packet: change.packet };
		case "busy":
			return { ...state, isWorking: true, failure: "", notice: "" };
		case "opened": {
			const { rules, study, isOfRules } = change;
			return { ...begun(rules, study), isOfRules };
		}
		case "restarted": {
			const { rules, study, isStudying, isOfRules } = state;
			return { ...begun(rules, null), study, isStudying, isOfRules };
		}
	}
}

function shown(state: State, { view, scenario, isWorking }: Shown): State {
	const fresh = seen(view);
	const before = fresh.rules === undefined ? state.view?.counters : undefined;
	const hit = new Set(
		fresh.counters.flatMap((count, index) =>
			count > (before?.[index] ?? 0) ? [index] : [],
		),
	);
	const hasMore = fresh.packets.length > 0;
	return {
		...state,
		view: isWorking
			? { ...fresh, conntrack: state.view?.conntrack ?? null }
			: fresh,
		lines: fresh.rules ?? state.lines,
		hit,
		// The editor has the text as it is.
		scenario,
		isWorking,
		farthestMs: Math.max(
			state.farthestMs,
			fresh.nowMs,
			fresh.steps.at(-1)?.atMs ?? 0,
		),
		packet: hasMore ? null : state.packet,
	};
}

/** With nothing in it that a reader cannot see, or sees as something else. */
function seen<Value>(value: Value): Value {
	if (typeof value === "string") return visible(value) as Value;
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value))
		return (typeof value[0] === "number" ? value : value.map(seen)) as Value;
	return Object.fromEntries(
		Object.entries(value).map(([key, one]) => [key, seen(one)]),
	) as Value;
}
