/** The part of the contract that is about rulesets alone: what they balance, how exactly, and what is wrong. */

/** What there is to say of one ruleset. */
export interface VerdictView {
	/** The file, as it was named. */
	readonly file: string;
	/** `bookworm/legacy` */
	readonly linux: string;
	/**
	 * `violated`: something is wrong with it. `unknown`: no service was found, or not all is known. `null`:
	 * it stands beside scenarios, which are judged themselves.
	 */
	readonly status: "holds" | "violated" | "unknown" | null;
	readonly services: readonly ServiceView[];
	/** Services that are left out, where there are very many. */
	readonly moreServices: number;
	readonly findings: readonly FindingView[];
	/** The rules that have a part in a service or in a finding, in the order of the file. */
	readonly rules: readonly VerdictRule[];
	readonly assumptions: readonly string[];
	/** What is not known: a sentence each. */
	readonly unknown: readonly string[];
}

export interface ServiceView {
	/** `tcp 203.0.113.1:80` */
	readonly key: string;
	/** "" when no comment names it. */
	readonly name: string;
	readonly backends: readonly string[];
	readonly classes: readonly ClassView[];
	/** What the order of packets does: a sentence each. */
	readonly drives: readonly string[];
}

/** Clients that are treated alike. */
export interface ClassView {
	/** "" when all clients are. */
	readonly name: string;
	/** All alive first. */
	readonly vectors: readonly VectorView[];
	/** Deviation, period, chance: a sentence each. */
	readonly notes: readonly string[];
}

/** The shares under one vector of conditions. */
interface VectorView {
	/** `all alive`, `10.20.0.11:80 dead` */
	readonly name: string;
	readonly parts: readonly PartView[];
}

export interface PartView {
	readonly key: string;
	/** Among `backends`; -1: no backend. */
	readonly backend: number;
	/** `8/27`, `0 to 1/2`, `unknown` */
	readonly share: string;
	/** `29.6 %` */
	readonly percent: string;
	/** For the bar: what it gets at least, 0 to 1. */
	readonly width: number;
}

export interface FindingView {
	/** `MT101` */
	readonly code: string;
	readonly name: string;
	readonly severity: "error" | "warning" | "note";
	/** 0: in no line. */
	readonly line: number;
	readonly message: string;
	readonly happens: string;
	readonly remedy: string;
}

export interface VerdictRule {
	readonly line: number;
	readonly text: string;
	/** Of the findings about it. */
	readonly codes: readonly string[];
}
