/**
 * A part of the model that changes with time, and can be copied, put back and compared. A gateway is
 * a list of such parts; `ModelGateway.snapshot`, `restore` and `hash` go through them.
 * @public
 */
export interface Stateful<Saved = unknown> {
	/** A copy of the state that no later change reaches. */
	save(): Saved;
	/** Puts a copy back. The copy stays as it is, so it can be put back again. */
	restore(saved: Saved): void;
	/**
	 * The state as plain data for `hashOf`: equal wherever nothing that happens later can tell a
	 * difference. Left out: what `save` returns.
	 */
	seen?(): unknown;
}
