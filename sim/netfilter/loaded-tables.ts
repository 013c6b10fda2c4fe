/**
 * The ruleset that is loaded, compiled: which table is walked at which hook, and what a change of
 * one does. Any change to a table replaces it whole, as the kernel does (`xt_replace_table`), so
 * everything that belongs to its rules starts anew.
 */

import type {
	MatchUse,
	Rule,
	Ruleset,
	Table,
	TableName,
} from "../contract/ruleset.ts";
import type { Test } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import type { AnyExtension } from "../extension/options/option-table.ts";
import { matches } from "../matches/index.ts";
import { printRuleset } from "../ruleset/print.ts";
import type { Stateful } from "../stateful.ts";
import { targets } from "../targets/index.ts";
import { Cells, type Keeping } from "./cells.ts";
import { compile, tableNow } from "./compile.ts";
import type { EarlyTests } from "./compile-matches.ts";
import { ChainIndexes } from "./lookup/chain-indexes.ts";
import { LEAST_RULES } from "./lookup/rule-index.ts";
import { type Holding, NamedStates } from "./named-states.ts";
import type { Program } from "./program.ts";

/** What matches and targets see of a gateway, but for what its tables know: their names, and when each was loaded. */
export type HostOfTables = Omit<ExtensionHost, "loadedMs" | "named">;

/** What became of a table that was loaded. */
interface Loaded {
	readonly table: Table;
	/** Virtual time at which that was. */
	readonly atMs: number;
	/** `null` until a packet wants to walk it. */
	program: Program | null;
	/** What was compiled of it at once. */
	readonly early: EarlyTests;
	/** What rules of the table before it remember, that it keeps; `null` where nothing is kept. */
	readonly kept: Cells | null;
	readonly holding: Holding;
	readonly needsConntrack: boolean;
	readonly needsDefrag: boolean;
	readonly proxies: boolean;
	/** As iptables-save prints it, without counters; `null` until it is asked for. */
	text: string | null;
}

interface SavedTable {
	readonly loaded: Loaded;
	readonly counters: Float64Array;
	readonly cells: unknown;
}

interface SavedTables {
	readonly tables: readonly SavedTable[];
	readonly names: ReturnType<NamedStates["save"]>;
	readonly handles: number;
	readonly defragments: boolean;
}

export class LoadedTables implements Stateful<SavedTables> {
	readonly names = new NamedStates();
	/** In the order in which the tables were first loaded. */
	private readonly loaded = new Map<TableName, Loaded>();
	private readonly ports: HostOfTables;
	private readonly trackingBegins: () => void;
	private readonly keeping: Keeping;
	/** Of each table that was ever loaded. */
	private readonly indexes = new Map<TableName, ChainIndexes>();
	private readonly leastIndexed: number;
	/** How many handles were given to rules. */
	private handles = 0;
	/** A rule has asked for fragments to be put together, and this kernel goes on with that for good. */
	private defragments = false;

	/**
	 * @param trackingBegins is called when a rule asks for connection tracking and none did before
	 * @param keeping what rules keep when their table is replaced
	 * @param leastIndexed rules of a chain that are looked up and not walked; Infinity: all chains are walked
	 */
	constructor(
		ports: HostOfTables,
		trackingBegins: () => void,
		keeping: Keeping,
		leastIndexed = LEAST_RULES,
	) {
		this.ports = ports;
		this.trackingBegins = trackingBegins;
		this.keeping = keeping;
		this.leastIndexed = leastIndexed;
	}

	has(table: TableName): boolean {
		return this.loaded.has(table);
	}

	/** For a packet to walk: compiles the table unless that was done. */
	program(table: TableName): Program | null {
		const loaded = this.loaded.get(table);
		if (loaded === undefined) return null;
		if (loaded.program === null) {
			const { table, atMs, early, kept } = loaded;
			const ports = this.portsAt(atMs);
			const cells = new Cells(table, ports);
			if (kept !== null) cells.keep(kept);
			const indexed = this.indexesOf(table.name);
			loaded.program = compile(table, ports, { early, cells, indexed });
		}
		return loaded.program;
	}

	/** Does any rule ask for connection tracking? Without one the kernel does not track at all. */
	get needsConntrack(): boolean {
		for (const { needsConntrack } of this.loaded.values())
			if (needsConntrack) return true;
		return false;
	}

	/** Are fragments put together before any table (`nf_defrag_ipv4_enable`, net/ipv4/netfilter/nf_defrag_ipv4.c, 6.1)? */
	get needsDefrag(): boolean {
		if (this.defragments) return true;
		for (const { needsDefrag } of this.loaded.values())
			if (needsDefrag) return true;
		return false;
	}

	/** Does any rule proxy connections? */
	get proxies(): boolean {
		for (const { proxies } of this.loaded.values()) if (proxies) return true;
		return false;
	}

	/** The ruleset with its counters as they are now. */
	now(): Ruleset {
		return {
			tables: [...this.loaded.values()].map(({ program, table }) =>
				program === null ? table : tableNow(program),
			),
		};
	}

	/**
	 * Puts a table that was checked in the place of the one of its name. It is compiled when the next
	 * packet comes, since thousands of commands may come before; at once only what can be seen of it.
	 * @param given one without chains takes the table of its name away
	 */
	replace(given: Table): void {
		if (given.chains.length === 0) {
			this.remove(given.name);
			return;
		}
		const table = this.withHandles(given);
		const kept = this.keptOf(table.name);
		const atMs = this.ports.nowMs();
		const { needsConntrack, needsDefrag, proxies, atLoad } = asked(table);
		const { result: early, holding } = this.names.hold(() =>
			this.compileEarly(atLoad, atMs),
		);
		const old = this.loaded.get(table.name);
		// The new table takes its conntrack reference before the old one drops its own: tracking begins anew
		// only if no table needed it in between.
		const tracked = this.needsConntrack;
		this.loaded.set(table.name, {
			table,
			atMs,
			program: null,
			early,
			kept,
			holding,
			needsConntrack,
			needsDefrag,
			proxies,
			text: null,
		});
		if (old) this.names.release(old.holding);
		if (needsDefrag && this.ports.behaviour.defragEnds === "never")
			this.defragments = true;
		if (!tracked && this.needsConntrack) this.trackingBegins();
	}

	private remove(name: TableName): void {
		const old = this.loaded.get(name);
		if (old === undefined) return;
		this.loaded.delete(name);
		this.names.release(old.holding);
	}

	/** A copy compiles all tables, so that what there is to copy is always of one form. */
	save(): SavedTables {
		const { handles, defragments } = this;
		const tables = this.compiled().map(({ loaded, program }) => ({
			loaded,
			counters: program.counters.slice(),
			cells: program.cells.save(),
		}));
		return { tables, names: this.names.save(), handles, defragments };
	}

	restore({ tables, names, handles, defragments }: SavedTables): void {
		this.loaded.clear();
		for (const { loaded, counters, cells } of tables) {
			const program = loaded.program as Program;
			program.counters.set(counters);
			program.cells.restore(cells as ReturnType<Cells["save"]>);
			this.loaded.set(loaded.table.name, loaded);
		}
		this.names.restore(names);
		this.handles = handles;
		this.defragments = defragments;
	}

	/** The rules by their text: handles and lines of files do not count. */
	seen(): unknown {
		const tables = this.compiled().map(({ loaded, program }) => {
			const { counters, cells } = program;
			return { text: textOf(loaded), counters, cells };
		});
		return { tables, names: this.names, defragments: this.defragments };
	}

	/** The rules alone, as text: equal texts, equal rules. */
	rulesText(): string {
		return [...this.loaded.values()].map(textOf).sort().join("");
	}

	private compiled() {
		return [...this.loaded.values()].map((loaded) => ({
			loaded,
			program: this.program(loaded.table.name) as Program,
		}));
	}

	private indexesOf(table: TableName): ChainIndexes {
		const known = this.indexes.get(table);
		if (known !== undefined) return known;
		const made = new ChainIndexes(this.leastIndexed);
		this.indexes.set(table, made);
		return made;
	}

	private withHandles(table: Table): Table {
		return {
			...table,
			chains: table.chains.map((chain) =>
				chain.rules.every(({ handle }) => handle !== undefined)
					? chain
					: {
							...chain,
							rules: chain.rules.map((rule) => this.withHandle(rule)),
						},
			),
		};
	}

	private withHandle(rule: Rule): Rule {
		return rule.handle === undefined
			? { ...rule, handle: ++this.handles }
			: rule;
	}

	private keptOf(table: TableName): Cells | null {
		const loaded = this.loaded.get(table);
		if (this.keeping === "nothing" || loaded === undefined) return null;
		// No packet was there since then, so nothing that rules remember has changed.
		return loaded.program?.cells ?? loaded.kept;
	}

	private compileEarly(uses: readonly UseAtLoad[], atMs: number): EarlyTests {
		const early = new Map<MatchUse, Test>();
		const ports = this.portsAt(atMs);
		for (const { kind, use } of uses) {
			if (kind === "target") {
				targets.get(use.name)?.compile?.(use.options, ports);
				continue;
			}
			const test = matches
				.get(use.name)
				?.compile?.(use.options, ports, { name: "", cell: null });
			if (test !== undefined) early.set(use, test);
		}
		return early;
	}

	private portsAt(loadedMs: number): ExtensionHost {
		const { names } = this;
		return {
			...this.ports,
			loadedMs,
			named: (kind, name, create) => names.named(kind, name, create),
		};
	}
}

/** Does a rule ask for conntrack? Where none does, its hooks are not there, and entries stay as they are. */
export function needsConntrack({ tables }: Ruleset): boolean {
	return tables.some((table) => asked(table).needsConntrack);
}

/** What the rules of a table ask for. */
interface Asked {
	readonly needsConntrack: boolean;
	/** Tracking puts fragments together too. */
	readonly needsDefrag: boolean;
	/** See `TargetExtension.proxies`. */
	readonly proxies: boolean;
	/** What acts at load, in the order of the rules. */
	readonly atLoad: readonly UseAtLoad[];
}

interface UseAtLoad {
	readonly kind: "match" | "target";
	readonly use: MatchUse;
}

function asked({ chains }: Table): Asked {
	let needsConntrack = false;
	let needsDefrag = false;
	let proxies = false;
	const atLoad: UseAtLoad[] = [];
	for (const { rules } of chains)
		for (const { matches: uses, target, asWritten } of rules) {
			for (const use of uses) {
				const match = MATCHES.get(use.name);
				if (match === undefined) continue;
				// Of a rule with an open name nothing is modelled (`compileMatches`).
				if (match.actsAtLoad && asWritten === undefined)
					atLoad.push({ kind: "match", use });
				needsConntrack ||= asksFor(match, use);
				needsDefrag ||= match.needsDefrag ?? false;
			}
			if (target?.kind !== "extension") continue;
			const extension = TARGETS.get(target.name);
			if (extension === undefined) continue;
			if (extension.actsAtLoad) atLoad.push({ kind: "target", use: target });
			needsConntrack ||= asksFor(extension, target);
			needsDefrag ||= extension.needsDefrag ?? false;
			proxies ||= extension.proxies ?? false;
		}
	return {
		needsConntrack,
		needsDefrag: needsConntrack || needsDefrag,
		proxies,
		atLoad,
	};
}

function asksFor(
	{ needsConntrack: needs = false }: AnyExtension,
	{ options }: MatchUse,
): boolean {
	return typeof needs === "boolean" ? needs : needs(options);
}

/** Most extensions ask for nothing, and are passed over. */
const MATCHES = new Map(
	[...matches].filter(
		([, one]) => one.actsAtLoad || one.needsConntrack || one.needsDefrag,
	),
);
const TARGETS = new Map(
	[...targets].filter(
		([, one]) => one.actsAtLoad || one.needsConntrack || one.needsDefrag,
	),
);

function textOf(loaded: Loaded): string {
	loaded.text ??= printRuleset({ tables: [uncounted(loaded.table)] });
	return loaded.text;
}

/** A command that changes a table leaves what its policies have counted in it. */
function uncounted(table: Table): Table {
	const counters = { packets: 0, bytes: 0 };
	return {
		...table,
		chains: table.chains.map((chain) => ({ ...chain, counters })),
	};
}
