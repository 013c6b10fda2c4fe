/**
 * `V`, `V/M` or a name that a file of iproute2 gives to a number (`xtables_parse_val_mask`, iptables
 * 1.8.9, libxtables/xtables.c).
 */
import type { GivenOptions } from "../../extension/options.ts";
import { scanUnsigned } from "../../extension/values/read-number.ts";
import { hex32 } from "../../packet/numbers.ts";

export interface NamedMask {
	readonly value: number;
	readonly mask: number;
	readonly inverted: boolean;
	/** A name that is not in Debian's file: what number it stands for, only the machine knows. */
	readonly unknownName?: string;
}

const GREATEST = 0xffffffff;

/** @throws Refusal */
export function readNamedMask(
	given: GivenOptions,
	extension: string,
	option: string,
	names: ReadonlyMap<string, number>,
): NamedMask {
	const found = given.get(option, "string");
	const text = found?.text ?? "";
	const inverted = found?.inverted ?? false;
	const known = names.get(text);
	if (known !== undefined) return { value: known, mask: -1, inverted };
	const refuse = (message: string) =>
		given.refuse(message, "Write a number or `VALUE/MASK`.", option);
	const badNumber = `${extension}: bad integer value for option "--${option}", or out of range.`;
	const { value, end } = scanUnsigned(text, 0);
	const hasMask = end >= 0 && text.charAt(end) === "/";
	if (end < 0 && /^[A-Za-z_]/.test(text))
		return { value: 0, mask: -1, inverted, unknownName: text };
	if (end < 0 || value > GREATEST || (end < text.length && !hasMask))
		return refuse(
			`${extension}: could not map name ${text} to an integer value for option "--${option}".`,
		);
	if (!hasMask) return { value: value | 0, mask: -1, inverted };
	const { value: mask, end: maskEnd } = scanUnsigned(text, end + 1);
	if (maskEnd < 0 || mask > GREATEST) return refuse(badNumber);
	if (maskEnd < text.length)
		return refuse(
			`${extension}: trailing garbage after value for option "--${option}".`,
		);
	return { value: value | 0, mask: mask | 0, inverted };
}

/** As iptables-save prints it: by its name where it has one. */
export function printNamedMask(
	option: string,
	{ value, mask, inverted, unknownName }: NamedMask,
	names: ReadonlyMap<string, number>,
): string {
	const not = inverted ? " !" : "";
	if (mask !== -1) return `${not} --${option} ${hex32(value)}/${hex32(mask)}`;
	const [name] = [...names].find(([, number]) => number === value) ?? [];
	return `${not} --${option} ${unknownName ?? name ?? hex32(value)}`;
}
