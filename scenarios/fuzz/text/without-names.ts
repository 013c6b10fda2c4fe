/** Texts for an iptables that takes targets which its kernel lacks for chains (1.8.7). */
import type { TextCase } from "./arbitrary.ts";

/** The text without the lines that name one of these: such a line is read in another way from there on. */
export function withoutNames(
	one: TextCase,
	names: readonly string[],
): TextCase {
	if (names.length === 0) return one;
	const isNamed = new RegExp(`(${names.join("|")})\\b`);
	const without = (text: string) =>
		text
			.split("\n")
			.filter((line) => !isNamed.test(line))
			.join("\n");
	const { text, onto } = one;
	return {
		...one,
		text: without(text),
		onto: onto === null ? null : without(onto),
	};
}
