/**
 * The range of addresses and ports that SNAT, DNAT, MASQUERADE and REDIRECT translate to, read and
 * printed as iptables does it (1.8.9, extensions/libxt_NAT.c: `parse_to`, `parse_ports`,
 * `sprint_range`).
 */

import type { NatRange } from "../../extension/host.ts";
import type { GivenOptions } from "../../extension/options.ts";
import { servicePort } from "../../extension/values/names.ts";
import {
	noteName,
	UNKNOWN_PROTOCOL,
} from "../../extension/values/open-names.ts";
import { readDotted } from "../../extension/values/read-network.ts";
import {
	atoi,
	readUnsigned,
	scanUnsigned,
} from "../../extension/values/read-number.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { formatAddress, parseAddress } from "../../packet/address.ts";

/** A range that changes nothing: the beginning of every other. */
export const NO_RANGE: NatRange = {
	addresses: null,
	ports: null,
	basePort: null,
	random: false,
	randomFully: false,
	persistent: false,
	netmap: false,
};

export type NatPorts = Pick<NatRange, "ports" | "basePort">;

export const NO_PORTS: NatPorts = { ports: null, basePort: null };

/** TCP, UDP, SCTP, DCCP, and ICMP, whose identifier counts as a port. */
const WITH_PORTS: readonly number[] = [6, 17, 132, 33, 1, UNKNOWN_PROTOCOL];

/** Reads `[A[-B]][:P[-Q[/BASE]]]`. @throws what `given.refuse` throws */
export function readRange(given: GivenOptions, option: string): NatRange {
	const text = given.get(option, "string")?.text ?? "";
	if (given.behaviour.libraries === "of 1.8.7")
		return readOldRange(given, option, text);
	if (text.includes("["))
		return given.refuse(
			"Invalid address format",
			"Square brackets are for IPv6; write `A.B.C.D:PORT`.",
			option,
		);
	// With more than one colon it is taken for an IPv6 address, which then is a bad one.
	const parts = text.split(":");
	const ports =
		parts.length === 2 ? readPorts(given, option, parts[1] ?? "") : NO_PORTS;
	const addresses = parts.length === 2 ? (parts[0] ?? "") : text;
	if (parts.length === 2 && addresses === "") return { ...NO_RANGE, ...ports };
	const read = (address: string) =>
		readAddress(given, option, address, parseAddress);
	return { ...NO_RANGE, ...ports, addresses: twoOf(addresses, read) };
}

/** As 1.8.7 reads it (`parse_to`, extensions/libipt_SNAT.c, libipt_DNAT.c): ports first, behind the first colon; of an address the last numbers may be missing. */
function readOldRange(
	given: GivenOptions,
	option: string,
	text: string,
): NatRange {
	const colon = text.indexOf(":");
	const ports =
		colon < 0 ? NO_PORTS : readPorts(given, option, text.slice(colon + 1));
	if (colon === 0) return { ...NO_RANGE, ...ports };
	const addresses = colon < 0 ? text : text.slice(0, colon);
	const read = (address: string) =>
		readAddress(given, option, address, (word) => readDotted(word, false));
	return { ...NO_RANGE, ...ports, addresses: twoOf(addresses, read) };
}

/** Reads `A` or `A-B`. */
function twoOf(
	text: string,
	read: (address: string) => number,
): { readonly min: number; readonly max: number } {
	const [first = "", ...more] = text.split("-");
	const last = more.length === 0 ? first : more.join("-");
	return { min: read(first), max: read(last) };
}

function readAddress(
	given: GivenOptions,
	option: string,
	text: string,
	parse: (text: string) => number | null,
): number {
	const address = parse(text);
	if (address !== null) return address;
	return given.refuse(
		`Bad IP address "${text}"`,
		"Write four numbers from 0 to 255: `192.168.0.1`, or a range `192.168.0.1-192.168.0.9`.",
		option,
	);
}

/** Reads `P`, `P-Q`, `P-Q/BASE` or a service's name. @throws what `given.refuse` throws */
export function readPorts(
	given: GivenOptions,
	option: string,
	text: string,
): NatPorts {
	const refuse = (message: string, remedy: string) =>
		given.refuse(message, remedy, option);
	const notValid = (port: string) =>
		refuse(
			`Port \`${port}' not valid`,
			"Write a port from 0 to 65535, a range `1024-2000`, or one name of a service.",
		);
	if (!WITH_PORTS.includes(given.protocol))
		return refuse(
			"Need TCP, UDP, SCTP or DCCP with port specification",
			"Put `-p tcp` (or udp …) before the target, or leave the port out.",
		);
	if (option !== "to-ports" && given.behaviour.libraries === "of 1.8.7")
		return oldPorts(option, text, refuse);
	const { value: min, end } = scanUnsigned(text, 0);
	if (end < 0 || min > 0xffff) {
		const port = servicePort(text) ?? noteName("service", text, 0);
		return port === null ? notValid(text) : onePort(port);
	}
	if (end === text.length) return onePort(min);
	if (text[end] === ":")
		return refuse(
			"Invalid port:port syntax - use dash",
			"Write the range with a dash: `1024-2000`.",
		);
	if (text[end] !== "-")
		return refuse(
			`Garbage after port value: \`${text.slice(end)}'`,
			"Write a port or a range with a dash, and nothing behind it.",
		);
	const upper = text.slice(end + 1);
	const { value: max, end: upperEnd } = scanUnsigned(upper, 0);
	if (upperEnd < 0 || max > 0xffff) return notValid(upper);
	if (max < min)
		return refuse(
			`Port range \`${upper}' funky`,
			"Write the lower port first.",
		);
	if (upperEnd === upper.length) return { ports: { min, max }, basePort: null };
	if (upper[upperEnd] !== "/")
		return refuse(
			`Garbage after port range: \`${upper.slice(upperEnd)}'`,
			"Write `P-Q` or `P-Q/BASE`, and nothing behind it.",
		);
	const base = upper.slice(upperEnd + 1);
	// What stands behind the number is not looked at.
	const { value: number } = scanUnsigned(base, 0);
	const basePort =
		number >= 1 && number <= 0xffff
			? number
			: (servicePort(base) ?? noteName("service", base, 1));
	if (basePort === null) return notValid(base);
	return { ports: { min, max }, basePort };
}

/** As 1.8.7 reads them (`parse_to`, extensions/libipt_DNAT.c): what stands behind a number counts for nothing. */
function oldPorts(
	option: string,
	text: string,
	refuse: (message: string, remedy: string) => never,
): NatPorts {
	const port = (word: string): number => {
		const value = atoi(word);
		return value > 0 && value <= 0xffff
			? value
			: refuse(`Port \`${word}' not valid`, "Write a port from 1 to 65535.");
	};
	const min = port(text);
	if (text.includes(":"))
		return refuse(
			"Invalid port:port syntax - use dash",
			"Write the range with a dash: `1024-2000`.",
		);
	const dash = text.indexOf("-");
	if (dash < 0) return onePort(min);
	const max = port(text.slice(dash + 1));
	if (max < min)
		return refuse(`Port range \`${text}' funky`, "Write the lower port first.");
	const slash = text.indexOf("/", dash);
	// Of SNAT a base port is passed over.
	const isShifted = slash >= 0 && option === "to-destination";
	const basePort = isShifted ? port(text.slice(slash + 1)) : null;
	return { ports: { min, max }, basePort };
}

/**
 * `--to-ports` as 1.8.7 reads it (`parse_ports`, extensions/libipt_REDIRECT.c, libipt_MASQUERADE.c).
 * @param isService is this a service whose name is taken?
 */
export function mustBeOldPorts(
	given: GivenOptions,
	extension: string,
	text: string,
	isService: (name: string) => boolean,
): void {
	if (given.behaviour.libraries !== "of 1.8.7") return;
	if (!WITH_PORTS.includes(given.protocol)) return;
	const [min = -1, max = min] = text
		.split("-")
		.map((word) => readUnsigned(word, 0, 0xffff));
	const isRange = text.split("-").length <= 2 && min >= 0 && max >= min;
	if (isRange || isService(text)) return;
	given.refuse(
		`${extension}: Bad value for "--to-ports" option: "${text}"`,
		"Write a port from 0 to 65535, or a range `1024-2000`.",
		"to-ports",
	);
}

/** What is said of a second address to translate to, where it is not what is said of any option. */
export function saidTwice(
	extension: string,
	option: string,
): (behaviour: Behaviour) => string | null {
	return ({ persistentOfSource }) =>
		persistentOfSource === "kept"
			? null
			: `${extension}: Multiple --${option} not supported`;
}

function onePort(port: number): NatPorts {
	return { ports: { min: port, max: port }, basePort: null };
}

/** `A-B:P-Q/BASE`, with every part that is there. */
export function printRange(range: NatRange): string {
	const { addresses, ports } = range;
	let text = "";
	if (addresses !== null) {
		text += formatAddress(addresses.min);
		if (addresses.max !== addresses.min)
			text += `-${formatAddress(addresses.max)}`;
	}
	return ports === null ? text : `${text}:${printPorts(range)}`;
}

/** `P-Q/BASE` of a range that has ports; "" of one that has none. */
export function printPorts({ ports, basePort }: NatRange): string {
	if (ports === null) return "";
	const upper = ports.max === ports.min ? "" : `-${ports.max}`;
	return `${ports.min}${upper}${basePort === null ? "" : `/${basePort}`}`;
}

/** ` --random --random-fully --persistent`, as far as they were given. */
export function printFlags(range: NatRange): string {
	return (
		(range.random ? " --random" : "") +
		(range.randomFully ? " --random-fully" : "") +
		(range.persistent ? " --persistent" : "")
	);
}

/** Its addresses, unsigned; `null` where it has none. */
export function addressesOf({
	addresses,
}: NatRange): readonly [least: number, greatest: number] | null {
	return addresses && [addresses.min >>> 0, addresses.max >>> 0];
}
