/** A file that a reader opens on the page. */
import { decodeOctets } from "../../sim/extension/values/octets.ts";

/** Octets of a file that the page reads; larger ones are for the command. */
const LONGEST_FILE = 20_000_000;

/** A file that is not read, and what to do. */
export class OpenedFileError extends Error {
	override readonly name = "OpenedFileError";
}

/**
 * What stands in it, octet for octet: as the command reads it.
 * @throws OpenedFileError for one that is too large
 */
export async function textOfFile(
	file: Pick<File, "name" | "size" | "arrayBuffer">,
): Promise<string> {
	if (file.size > LONGEST_FILE)
		throw new OpenedFileError(
			`${file.name} has ${file.size.toLocaleString("en")} octets, and this page reads ${LONGEST_FILE.toLocaleString("en")}. The command reads more: marktwin check, split, lint and run.`,
		);
	return decodeOctets(new Uint8Array(await file.arrayBuffer()));
}

/** Is it a scenario in JSON? Else it is taken for rules. */
export function isScenarioText(name: string, text: string): boolean {
	return name.endsWith(".json") && /^\ufeff?\s*[[{]/.test(text);
}
