import type { Direction } from "../../extension/host.ts";
import type { Address } from "../../packet/packet.ts";

export interface Bits {
	readonly bits: number;
	readonly inverted: boolean;
}

export interface Range {
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

export interface Network {
	readonly address: Address;
	readonly mask: Address;
	readonly inverted: boolean;
}

export type AddressOption =
	| "ctorigsrc"
	| "ctorigdst"
	| "ctreplsrc"
	| "ctrepldst";
export type PortOption = `${AddressOption}port`;

/** What a rule asks conntrack. */
export interface ConntrackOptions {
	readonly ctstate: Bits | null;
	readonly ctproto: {
		readonly number: number;
		readonly inverted: boolean;
	} | null;
	/** In the order of `ADDRESSES`; only those that were given. */
	readonly addresses: readonly (Network & { readonly option: AddressOption })[];
	readonly ports: readonly (Range & { readonly option: PortOption })[];
	readonly ctstatus: Bits | null;
	readonly ctexpire: Range | null;
	readonly ctdir: "ORIGINAL" | "REPLY" | null;
}

/** In the order of iptables-save, with the part of the tuples that each asks for. */
export const ADDRESSES: readonly (readonly [
	option: AddressOption,
	direction: Direction,
	end: "source" | "destination",
])[] = [
	["ctorigsrc", "original", "source"],
	["ctorigdst", "original", "destination"],
	["ctreplsrc", "reply", "source"],
	["ctrepldst", "reply", "destination"],
];

/** Was nothing asked? */
export const isEmpty = (value: object | string): boolean =>
	Array.isArray(value) && value.length === 0;
