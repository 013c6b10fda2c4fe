/** `--allow` and `--allow-file`. */
import {
	ALLOW_FORMS,
	type Allowance,
	readAllowance,
} from "../../scenarios/analysis/diff/allow.ts";
import { readList } from "../files/read-list.ts";
import { InputError } from "../screen/input-error.ts";

/**
 * @param file an allowance a line, blank lines, and remarks behind #
 * @throws InputError for what is no allowance
 */
export async function readAllowances(
	texts: readonly string[],
	file: string | undefined,
): Promise<readonly Allowance[]> {
	const named = texts.map((text) => allowance(text, `--allow '${text}'`));
	if (file === undefined) return named;
	const { lines } = await readList(file);
	const inFile = lines.map(({ said, where }) =>
		allowance(said, `${where}: ${said}`),
	);
	return [...named, ...inFile];
}

function allowance(text: string, where: string): Allowance {
	const read = readAllowance(text);
	if (typeof read !== "string") return read;
	throw new InputError(`${where}: ${read}`, `There are ${ALLOW_FORMS}.`);
}
