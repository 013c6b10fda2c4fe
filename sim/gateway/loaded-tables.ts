/**
 * The ruleset that is loaded, compiled: which table is walked at which hook, and what a change of
 * one does. Any change to a table replaces it whole, as the kernel does (`xt_replace_table`), so
 * everything that belongs to its rules starts anew.
 */
import type { RouterPorts } from "../extension/ports.ts";
import { compile, type Program, tableNow } from "../netfilter/compile.ts";
import type { Rule, Ruleset, Table, TableName } from "../ruleset/ruleset.ts";
import { usesOf } from "../ruleset/uses-of.ts";
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
	return table.chains.some(({ rules }) => rules.some(asksForConntrack));
}

function asksForConntrack(rule: Rule): boolean {
	for (const [{ needsConntrack: needs = false }, { options }] of usesOf(rule))
		if (typeof needs === "boolean" ? needs : needs(options)) return true;
	return false;
}
