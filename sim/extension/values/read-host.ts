/**
 * Hosts, masks and hardware addresses as arguments of options (iptables 1.8.9,
 * libxtables/xtoptions.c, `xtopt_parse_host`, `xtopt_parse_plenmask`, `xtopt_parse_ethermac`).
 */

import { INADDR_LOOPBACK } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import {
	parseAddress,
	prefixLength,
	prefixMask,
} from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import type { OptionEntry, OptionType, OptionValues } from "../options.ts";
import { Refusal } from "../refusal.ts";
import { noteName, SOME_HOST } from "./open-names.ts";
import { readUnsigned } from "./read-number.ts";

/**
 * Turns an argument into a value.
 * @param extension the name that stands in front of libxtables' messages
 */
export type ValueReader<T extends OptionType> = (
	text: string,
	entry: OptionEntry,
	extension: string,
	behaviour: Behaviour,
) => OptionValues[T];

const U32 = 0xffffffff;

/** An address or a host's name, of which only one is known; SOME_HOST for the others. @throws Refusal */
export function readHost(text: string): Address {
	const address =
		text === "localhost"
			? INADDR_LOOPBACK
			: (numericHost(text) ?? noteName("host", text, SOME_HOST));
	if (address !== null) return address;
	throw new Refusal(
		"getaddrinfo: Name or service not known",
		"Write an address: four numbers from 0 to 255 with dots between them.",
	);
}

/** inet_aton(3): one to four numbers, the last one fills what is left. */
export function numericHost(text: string): Address | null {
	const plain = parseAddress(text);
	if (plain !== null) return plain;
	const parts = text.split(".");
	const numbers = parts.map((part) =>
		/^\d/.test(part) ? readUnsigned(part, 0, U32) : -1,
	);
	const last = numbers.pop() ?? -1;
	const room = 2 ** (32 - 8 * numbers.length);
	if (
		parts.length > 4 ||
		last < 0 ||
		last >= room ||
		numbers.some((number) => number < 0 || number > 255)
	)
		return null;
	let address = last;
	numbers.forEach((number, index) => {
		address += number * 2 ** (24 - 8 * index);
	});
	return address | 0;
}

/** `XTTYPE_PLENMASK`; one with gaps is kept or lost by the version (`xtopt_parse_plenmask`). @throws Refusal */
export const readMask: ValueReader<"prefixLength"> = (
	text,
	entry,
	extension,
	{ maskWithGaps },
) => {
	const length = readPrefixLength(text);
	if (length === null)
		throw new Refusal(
			`${extension}: bad value for option "--${entry.name}", neither a valid network mask nor valid CIDR (0-32).`,
			"Write a prefix length from 0 to 32, or a mask such as 255.255.255.0.",
		);
	if (length !== NO_LENGTH) return prefixMask(length);
	return maskWithGaps === "a mask" ? (numericHost(text) ?? -1) : -1;
};

/** The prefix length of a mask that is no prefix: `xtables_ipmask_to_cidr` says -1, and 8 bits are kept. */
const NO_LENGTH = 255;

/** A prefix length, or that of a mask (`XTTYPE_PLEN`); `null` when it is neither. */
export function readPrefixLength(text: string): number | null {
	const length = readUnsigned(text, 0, 32);
	if (length >= 0) return length;
	// `xtopt_parse_mask` takes whatever inet_aton(3) takes: 33 is 0.0.0.33.
	const dotted = numericHost(text);
	return dotted === null ? null : (prefixLength(dotted) ?? NO_LENGTH);
}

/** `XTTYPE_HOSTMASK`: one address, with or without a mask. @throws Refusal */
export const readHostMask: ValueReader<"hostMask"> = (
	text,
	entry,
	extension,
	behaviour,
) => {
	const slash = text.indexOf("/");
	if (slash < 0) return [{ address: readHost(text), mask: -1 }];
	const address = readHost(text.slice(0, slash));
	const mask = readMask(text.slice(slash + 1), entry, extension, behaviour);
	return [{ address, mask }];
};

/** `XTTYPE_ETHERMAC`. @throws Refusal */
export const readMac: ValueReader<"mac"> = (text) => {
	const octets = text.split(":");
	if (octets.length !== 6 || !octets.every((o) => /^[0-9a-f]{0,2}$/i.test(o)))
		throw new Refusal(
			"Invalid MAC address specified.",
			"Write six hexadecimal octets: `02:00:0a:00:00:0a`.",
		);
	return octets.map((octet) => octet.toLowerCase().padStart(2, "0")).join(":");
};
