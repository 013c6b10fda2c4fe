/**
 * The ruleset that is loaded, compiled: which table is walked at which hook, and what a change of
 * one does. Any change to a table replaces it whole, as the kernel does (`xt_replace_table`), so
 * everything that belongs to its rules starts anew.
 */
import type {
	MatchExtension,
	TargetExtension,
} from "../extension/extension.ts";
import type { RouterPorts } from "../extension/ports.ts";
import { matches } from "../matches/index.ts";
import { compile, type Program, tableNow } from "../netfilter/compile.ts";
import type { Ruleset, Table, TableName } from "../ruleset/ruleset.ts";
import { targets } from "../targets/index.ts";
import { type Holding, NamedStates } from "./named-states.ts";

interface Loaded {
	readonly program: Program;
	readonly holding: Holding;
	readonly needsConntrack: boolean;
}

export class LoadedTables {
	readonly names = new NamedStates();
	/** In the order in which the tables were first loaded. */
	private readonly loaded = new Map<TableName, Loaded>();
	private readonly ports: RouterPorts;

	private readonly trackingBegins: () => void;

	/** @param trackingBegins is called when a rule asks for connection tracking and none did before */
	constructor(ports: RouterPorts, trackingBegins: () => void) {
		this.ports = ports;
		this.trackingBegins = trackingBegins;
	}

	program(table: TableName): Program | null {
		return this.loaded.get(table)?.program ?? null;
	}

	/** Does any rule ask for connection tracking? Without one the kernel does not track at all. */
	get needsConntrack(): boolean {
		for (const { needsConntrack } of this.loaded.values())
			if (needsConntrack) return true;
		return false;
	}

	/** The ruleset with its counters as they are now. */
	now(): Ruleset {
		return {
			tables: [...this.loaded.values()].map(({ program }) => tableNow(program)),
		};
	}

	/** Puts a table that was checked in the place of the one of its name. */
	replace(table: Table): void {
		const { result, holding } = this.names.hold(() =>
			compile(table, this.ports),
		);
		const old = this.loaded.get(table.name);
		// The new table asks before the old one lets go, so only a gap between two changes counts.
		const tracked = this.needsConntrack;
		this.loaded.set(table.name, {
			program: result,
			holding,
			needsConntrack: needsConntrack(table),
		});
		if (old) this.names.release(old.holding);
		if (!tracked && this.needsConntrack) this.trackingBegins();
	}
}

function needsConntrack(table: Table): boolean {
	return table.chains.some((chain) =>
		chain.rules.some(
			(rule) =>
				rule.matches.some((use) => asks(matches.get(use.name), use.options)) ||
				(rule.target?.kind === "extension" &&
					asks(targets.get(rule.target.name), rule.target.options)),
		),
	);
}

function asks(
	extension: MatchExtension | TargetExtension | undefined,
	options: object,
): boolean {
	const needs = extension?.needsConntrack ?? false;
	return typeof needs === "boolean" ? needs : needs(options);
}
