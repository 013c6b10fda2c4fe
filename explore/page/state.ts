/** What the page knows, and how that changes. */
import type { FromPlay, Opened } from "../engine/messages.ts";
import type { RuleView } from "../engine/rule-key.ts";
import type { Rules, Study } from "../engine/study.ts";
import type { View } from "../engine/view.ts";

type Shown = Extract<FromPlay, { readonly kind: "view" }>;

export interface State {
	/** As they are in the editor. */
	readonly rules: Rules;
	/** Of these rules, or while they are looked at of the ones before; `null`: there is none. */
	readonly study: Study | null;
	/** Why they could not be looked at; "": they could. */
	readonly studyFailure: string;
	readonly isStudying: boolean;
	/** The hosts are those that the rules let assume, and not those of a scenario. */
	readonly isOfRules: boolean;
	/** Of the service that is played, as the study names it; "": of a scenario, or none. */
	readonly service: string;
	/** What is played; `null`: nothing yet. */
	readonly opened: Opened | null;
	readonly view: View | null;
	/** The rules of the view, with their counters. */
	readonly lines: readonly RuleView[];
	/** Rules that counted something between the last two views. */
	readonly hit: ReadonlySet<number>;
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

/** The place of the packet that is looked at: the one that was stepped to, else the latest that NAT looked at, which is the first of a connection. */
export function packetOf({ view, packet }: State): number {
	if (packet !== null || view === null) return packet ?? -1;
	const { packets, steppedTo } = view;
	if (steppedTo !== null) return steppedTo;
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
	| { readonly kind: "begun"; readonly opened: Opened }
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
			readonly service: string;
	  }
	/** The same is opened anew. */
	| { readonly kind: "restarted" };

export function begun(rules: Rules, study: Study | null): State {
	return {
		rules,
		study,
		studyFailure: "",
		isStudying: false,
		isOfRules: true,
		service: "",
		opened: null,
		view: null,
		lines: [],
		hit: new Set(),
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
				study: change.study,
				studyFailure: change.failed,
			};
		case "begun":
			return { ...state, opened: change.opened };
		case "shown":
			return shown(state, change.shown);
		case "failed":
			return { ...state, failure: change.message, notice: "" };
		case "noticed":
			return { ...state, notice: change.message, failure: "" };
		case "packet":
			return { ...state, packet: change.packet };
		case "busy":
			return { ...state, isWorking: true, failure: "", notice: "" };
		case "opened": {
			const { rules, study, isOfRules, service } = change;
			return { ...begun(rules, study), isOfRules, service };
		}
		case "restarted": {
			const { rules, study, studyFailure, isStudying, isOfRules } = state;
			const { service } = state;
			return {
				...begun(rules, study),
				studyFailure,
				isStudying,
				isOfRules,
				service,
			};
		}
	}
}

function shown(state: State, { view: fresh, isWorking }: Shown): State {
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
		isWorking,
		farthestMs: Math.max(
			state.farthestMs,
			fresh.nowMs,
			fresh.steps.at(-1)?.atMs ?? 0,
		),
		packet: hasMore ? null : state.packet,
	};
}
