/**
 * Thrown deep inside the inner loop when the model does not know what a kernel would do, and caught
 * by the gateway, which turns it into an outcome that says so. The traversal adds the rule.
 * @public
 */
export class UnknownSignal extends Error {
	override readonly name = "UnknownSignal";
	/** Node of the program, and its table, while a rule was evaluated. */
	place: {
		readonly rule: string;
		readonly text: string;
		readonly line: number;
	} | null = null;
	readonly reason: string;

	constructor(reason: string) {
		super(reason);
		this.reason = reason;
	}
}
