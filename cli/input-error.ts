/** Something that the user gave on the command line cannot be used. Ends the command with exit code 2. */
export class InputError extends Error {
	override readonly name = "InputError";
	/** What to do about it; "" when the message says it all. */
	readonly remedy: string;

	constructor(message: string, remedy = "") {
		super(message);
		this.remedy = remedy;
	}
}
