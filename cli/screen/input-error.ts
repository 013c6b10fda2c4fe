import { nameText } from "./screen-text.ts";

/**
 * Something that the user gave on the command line cannot be used. Ends the command with exit code 2.
 * Message and remedy are lines: a name that they quote ends none.
 */
export class InputError extends Error {
	override readonly name = "InputError";
	/** What to do about it; "" when the message says it all. */
	readonly remedy: string;

	/** @param remedy one line, or a list of them */
	constructor(message: string, remedy: string | readonly string[] = "") {
		super(nameText(message));
		this.remedy = [remedy].flat().map(nameText).join("\n");
	}
}
