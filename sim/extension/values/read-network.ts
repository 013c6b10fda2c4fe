/**
 * One address or network (iptables 1.8.9, libxtables/xtables.c, `xtables_ipparse_any`).
 */
import type { AddressMask } from "../../contract/ruleset.ts";
import { INADDR_LOOPBACK } from "../../kernel.ts";
import { parseAddress, prefixMask } from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import { Refusal } from "../refusal.ts";
import { noteName, SOME_HOST } from "./open-names.ts";
import { numericHost } from "./read-host.ts";
import { readUnsigned } from "./read-number.ts";

/** Longest name of a host. */
const LONGEST_HOST = 255;

/** @throws Refusal in iptables' words */
export function readNetwork(text: string, inverted: boolean): AddressMask {
	const plain = parseAddress(text);
	if (plain !== null) return { address: plain, mask: -1, inverted };
	const trimmed = text.trimStart();
	if (trimmed.length > LONGEST_HOST)
		throw new Refusal("Hostname too long", "Write the address in numbers.");
	const slash = trimmed.lastIndexOf("/");
	const mask = slash < 0 ? -1 : readMask(trimmed.slice(slash + 1));
	const host = slash < 0 ? trimmed : trimmed.slice(0, slash);
	// With a mask of zero iptables ignores the name, as in `any/0`.
	const address = mask === 0 ? 0 : readHost(host);
	return { address: address & mask, mask, inverted };
}

function readMask(text: string): Address {
	const dotted = readDotted(text, true);
	if (dotted !== null) return dotted;
	const length = readUnsigned(text, 0, 32);
	if (length >= 0) return prefixMask(length);
	throw new Refusal(
		`invalid mask \`${text}' specified`,
		"Write a prefix length from 0 to 32, or a mask such as 255.255.255.0.",
	);
}

function readHost(text: string): Address {
	// What is not of the dotted form is looked up as a name, and numbers are names of themselves.
	const plain =
		parseAddress(text) ?? readDotted(text, false) ?? numericHost(text);
	if (plain !== null) return plain;
	if (text === "localhost") return INADDR_LOOPBACK;
	const standIn = noteName("host", text, SOME_HOST);
	if (standIn !== null) return standIn;
	throw new Refusal(
		`host/network \`${text}' not found`,
		"Write an address: four numbers from 0 to 255 with dots between them.",
	);
}

/**
 * Numbers with dots, each of base 0 (so `010` is eight); an address may leave out the last ones
 * (`__numeric_to_ipaddr`).
 */
export function readDotted(text: string, isMask: boolean): Address | null {
	const parts = text.split(".", 5);
	if (parts.length > 4 || (isMask && parts.length < 4)) return null;
	let address = 0;
	for (let index = 0; index < 4; index++) {
		const part = parts[index];
		const octet = part === undefined ? 0 : readUnsigned(part, 0, 255);
		if (octet < 0) return null;
		address = (address << 8) | octet;
	}
	return address;
}
