/** The lists of docs/model.md that follow from the registries of matches and targets. */
import { matches } from "../sim/matches/index.ts";
import { targets } from "../sim/targets/index.ts";

interface Known {
	readonly name: string;
	readonly compile: unknown;
}

const isReadOnly = ({ compile }: Known) => compile === null;

/** By the beginning of a row: the names behind the colon in its second cell. */
const LISTS: Readonly<Record<string, readonly Known[]>> = {
	matches: [...matches.values()].filter(isReadOnly),
	targets: [...targets.values()].filter(isReadOnly),
};

/** The page with its lists as they are to be. */
export function withLists(page: string): string {
	return Object.entries(LISTS).reduce((text, [row, extensions]) => {
		const names = extensions.map(({ name }) => name).join(", ");
		const list = new RegExp(
			`^(\\| ${row}[^|]*\\|[^|:]*: )[^|;]*?(;| \\|)`,
			"m",
		);
		if (!list.test(text)) throw new Error(`docs/model.md has no row "${row}"`);
		return text.replace(list, `$1${names}$2`);
	}, page);
}
