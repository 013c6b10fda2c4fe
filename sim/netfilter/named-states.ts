/**
 * State that rules share by a name and that lives as long as a rule names it: condition variables,
 * recent and hashlimit tables. A new table takes its references before the old one drops
 * its own, so what both name survives, as with the kernel's reference counts
 * (`condition_mt_check` and `condition_mt_destroy` of xt_condition.c, xtables-addons 3.23).
 */

import { invariant } from "../invariant.ts";
import type { Stateful } from "../stateful.ts";

interface Named {
	readonly kind: string;
	readonly name: string;
	readonly value: Stateful;
	users: number;
}

/** What one compiled table holds; give it back with `release`. */
export type Holding = readonly Named[];

/** How many name a state, and what it is. */
interface SavedState {
	readonly state: Named;
	readonly users: number;
	readonly value: unknown;
}

export class NamedStates implements Stateful<readonly SavedState[]> {
	private readonly states = new Map<string, Named>();
	/** What `compile` has asked for so far; `null` while none runs. */
	private holding: Named[] | null = null;

	/** Runs `compile`, and notes what it asked for. */
	hold<T>(compile: () => T): { readonly result: T; readonly holding: Holding } {
		const holding: Named[] = [];
		this.holding = holding;
		const result = compile();
		this.holding = null;
		return { result, holding };
	}

	named<T extends Stateful>(kind: string, name: string, create: () => T): T {
		const { holding } = this;
		const key = `${kind}\0${name}`;
		let state = this.states.get(key);
		if (holding === null) {
			// A state without a user would never be deleted.
			invariant(state !== undefined, `${kind} ${name} is named at load`);
			return state.value as unknown as T;
		}
		if (!state) {
			state = { kind, name, value: create(), users: 0 };
			this.states.set(key, state);
		}
		state.users++;
		holding.push(state);
		return state.value as unknown as T;
	}

	release(holding: Holding): void {
		for (const state of holding) {
			state.users--;
			invariant(
				state.users >= 0,
				`${state.kind} ${state.name} was released too often`,
			);
			if (state.users === 0) this.states.delete(`${state.kind}\0${state.name}`);
		}
	}

	/** Does a rule name a state of this kind? */
	has(kind: string, name: string): boolean {
		return this.states.has(`${kind}\0${name}`);
	}

	save(): readonly SavedState[] {
		return [...this.states.values()].map((state) => ({
			state,
			users: state.users,
			value: state.value.save(),
		}));
	}

	restore(saved: readonly SavedState[]): void {
		this.states.clear();
		for (const { state, users, value } of saved) {
			state.users = users;
			state.value.restore(value);
			this.states.set(`${state.kind}\0${state.name}`, state);
		}
	}

	/** Each by its kind and name. */
	each(): ReadonlyMap<string, Stateful> {
		return new Map([...this.states].map(([key, { value }]) => [key, value]));
	}

	/** How many name a state follows from the rules. */
	seen(): unknown {
		return this.each();
	}

	/** All states but those of a kind, as text; "" when there are none. */
	textWithout(kind: string): string {
		const others = [...this.states].filter(([, one]) => one.kind !== kind);
		if (others.length === 0) return "";
		return JSON.stringify(
			others.map(([key, { value }]) => [key, value.save()]),
			(_, value) => (typeof value === "bigint" ? `${value}` : value),
		);
	}

	find(kind: string, name: string): object | null {
		return this.states.get(`${kind}\0${name}`)?.value ?? null;
	}

	/** All of a kind, sorted by name. */
	all(
		kind: string,
	): readonly { readonly name: string; readonly value: object }[] {
		return [...this.states.values()]
			.filter((state) => state.kind === kind)
			.sort((a, b) => (a.name < b.name ? -1 : 1));
	}
}
