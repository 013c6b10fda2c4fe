/** Keeps step with the rules that a kernel's packets matched, while a model's walk the same way. */
export class RuleCursor {
	private theirs: readonly string[] | null = null;
	private ours: string[] = [];
	/** They matched the same so far. */
	private isInStep = false;

	/** @param theirs in order, in TRACE's spelling; `null` when nobody knows */
	begin(theirs: readonly string[] | null): void {
		this.theirs = theirs;
		this.restart();
	}

	/** The same once more. */
	restart(): void {
		this.ours = [];
		this.isInStep = this.theirs !== null;
	}

	/** A packet of the model's matched this rule. */
	reached(rule: string): void {
		this.isInStep &&= this.theirs?.[this.ours.length] === rule;
		this.ours.push(rule);
	}

	/** Is this the rule that the kernel's packet matched next? `null` when nobody knows. */
	isNext(rule: string): boolean | null {
		return this.isInStep ? this.theirs?.[this.ours.length] === rule : null;
	}

	/** What either side matched; empty where nobody knows. */
	get matched(): {
		readonly model: readonly string[];
		readonly kernel: readonly string[];
	} {
		return { model: this.ours, kernel: this.theirs ?? [] };
	}
}
