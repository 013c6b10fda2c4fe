import type { GivenOption } from "../../extension/options.ts";

/** `N` or `N:M`, both inclusive. */
export interface NumberRange {
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

export function numberRange(
	option: GivenOption<"uint16Range" | "uint32Range"> | undefined,
): NumberRange {
	const [min, max] = option?.value ?? [0, 0];
	return { min, max, inverted: option?.inverted ?? false };
}

/** As iptables-save prints it, with the option's name in front. */
export function printNumberRange(option: string, range: NumberRange): string {
	const { min, max, inverted } = range;
	const numbers = min === max ? `${min}` : `${min}:${max}`;
	return `${inverted ? " !" : ""} --${option} ${numbers}`;
}
