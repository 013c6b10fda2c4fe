/**
 * Names that rules share with each other, in whatever table they are, and what the kernel holds their
 * users to: whoever names something first makes it, and the others have to want the same.
 */

import type { MatchUse, Table } from "../../contract/ruleset.ts";
import type { AnyExtension } from "../../extension/options/option-table.ts";
import { usesOf } from "./uses-of.ts";

/** Told rule by rule of a table that is about to be loaded. */
export class SharedNames {
	private readonly loaded: readonly Table[];
	/** What each stands for; `null` until somebody asks, which hardly anybody does. */
	private known: Map<string, string> | null = null;

	/** @param loaded the tables as they are, the one that is to be replaced among them */
	constructor(loaded: readonly Table[]) {
		this.loaded = loaded;
	}

	/** @returns in dmesg's words how it disagrees with those before it; `null` when it does not */
	check(extension: AnyExtension, { options }: MatchUse): string | null {
		const shared = extension.shares?.(options);
		if (shared === undefined) return null;
		this.known ??= namesIn(this.loaded);
		const key = keyOf(extension, shared.name);
		const before = this.known.get(key);
		if (before === undefined) this.known.set(key, shared.as);
		return before === undefined || before === shared.as
			? null
			: shared.otherwise;
	}
}

function keyOf({ name }: AnyExtension, shared: string): string {
	return `${name}\0${shared}`;
}

function namesIn(tables: readonly Table[]): Map<string, string> {
	const known = new Map<string, string>();
	for (const { chains } of tables)
		for (const { rules } of chains)
			for (const rule of rules)
				for (const [extension, { options }] of usesOf(rule)) {
					const shared = extension.shares?.(options);
					if (shared) known.set(keyOf(extension, shared.name), shared.as);
				}
	return known;
}
