/** Files in which each line says one thing. */
import { readText, type Text } from "./files.ts";

/** What a line says, and where it stands. */
export interface SaidLine {
	/** Without the remark behind it. */
	readonly said: string;
	/** `props.txt:3` */
	readonly where: string;
}

/**
 * Reads such a file; blank lines and remarks behind # say nothing.
 * @throws InputError when it cannot be read
 */
export async function readList(
	file: string,
): Promise<Pick<Text, "name"> & { readonly lines: readonly SaidLine[] }> {
	const { name, text } = await readText(file);
	const lines = text
		.split(/\r?\n/)
		.map((line, index) => ({
			said: line.replace(/(^|\s)#.*/, "").trim(),
			where: `${name}:${index + 1}`,
		}))
		.filter(({ said }) => said !== "");
	return { name, lines };
}
