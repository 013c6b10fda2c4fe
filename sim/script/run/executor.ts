/** Who carries out what a script does to rules. */
import type { Span } from "./report.ts";

export interface ExpandedWord extends Span {
	readonly text: string;
}

/** How a command is run. */
export interface How {
	/** The script sees to a failure itself: `|| true`, `2>/dev/null`. */
	readonly allowed: boolean;
	/** A failure ends the script (`set -e`). */
	readonly fatal: boolean;
	/** Something depends on whether it succeeds. */
	readonly awaited: boolean;
}

/** `iptables …`, its variables put in, without the program's name. */
export interface IptablesCommand extends Span, How {
	readonly words: readonly ExpandedWord[];
}

/** `iptables-restore … <<EOF`. */
export interface RestoreCommand extends Span, How {
	readonly words: readonly ExpandedWord[];
	readonly text: string;
	/** Line of the script that its text begins in. */
	readonly firstLine: number;
}

export interface Executor {
	/** @returns whether it succeeded; unless awaited it may turn out later that it did not */
	iptables(command: IptablesCommand): boolean;
	restore(command: RestoreCommand): boolean;
	/** Works out what was put off. @returns false when the script has ended by then */
	settle(): boolean;
}
