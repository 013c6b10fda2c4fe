/** What the page and its workers say to each other. */
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { StepKind } from "../../sim/world/setup/setup.ts";
import type { Example } from "./examples.ts";
import type { Rules, Study, World } from "./study.ts";
import type { View } from "./view.ts";

/** What the page asks of the worker that plays. */
export type ToPlay =
	/** Opens a scenario, as JSON; the one before is forgotten. */
	| { readonly kind: "open"; readonly text: string; readonly name: string }
	/** The same with rules in a world of theirs, where nothing has happened. */
	| {
			readonly kind: "begin";
			readonly world: World;
			readonly rules: { readonly name: string; readonly text: string };
	  }
	/** A client opens connections, or sends datagrams, as its kind of opening is. */
	| {
			readonly kind: "connect";
			readonly client: string;
			readonly count: number;
			/** 0: all at once. */
			readonly everyMs: number;
			/** Whether to stand before their first packet. */
			readonly stands: boolean;
	  }
	/** Does something now. */
	| { readonly kind: "act"; readonly step: StepKind }
	/** Until nothing is left to happen. */
	| { readonly kind: "run" }
	/** Until a packet has walked through the rules. */
	| { readonly kind: "packet" }
	| { readonly kind: "pass"; readonly byMs: number }
	/** To any moment, those that were before among them. */
	| { readonly kind: "seek"; readonly toMs: number }
	/** Plays again to where it stands, and follows the packets of a connection, whose first one is stepped to. */
	| { readonly kind: "follow"; readonly connection: number }
	/** Takes a step out, and plays again to where it stands. */
	| { readonly kind: "remove"; readonly index: number }
	/** Takes other rules from the beginning on, and plays again to where it stands. */
	| { readonly kind: "rules"; readonly name: string; readonly text: string }
	/** The scenario as a text. */
	| { readonly kind: "save"; readonly as: "file" | "link" }
	| { readonly kind: "stop" };

/** What it answers. */
export type FromPlay =
	/** Again and again while much happens. */
	| {
			readonly kind: "view";
			readonly view: View;
			readonly isWorking: boolean;
	  }
	| ({ readonly kind: "opened" } & Opened)
	| {
			readonly kind: "saved";
			readonly as: "file" | "link";
			readonly text: string;
			/** Expectations that do not hold any more: a text for each. */
			readonly leftOut: readonly string[];
	  }
	/** Nothing has changed. */
	| { readonly kind: "failed"; readonly message: string };

/** What is played, from its beginning on. */
export interface Opened {
	readonly title: string;
	readonly linux: string;
	/** With what the scenario says of their machine. */
	readonly rules: Rules & { readonly given: GivenWorld };
}

/** What the page asks of the worker that looks at rules. */
export interface ToStudy {
	readonly number: number;
	readonly rules: Rules;
}

export type FromStudy = { readonly number: number } & (
	| { readonly study: Study }
	| { readonly failed: string }
);

/** What a page begins with. */
export type Start =
	/** Rules, with what was found out about them when the page was made. */
	| { readonly kind: "rules"; readonly rules: Rules; readonly study: Study }
	/** A scenario as JSON. */
	| { readonly kind: "scenario"; readonly name: string; readonly text: string }
	/** Nothing: examples to choose from. */
	| { readonly kind: "examples"; readonly examples: readonly Example[] };
