/** Values of ipset's options and of parts of elements (ipset 7.17, lib/parse.c). All throw IpsetRefusal. */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import {
	protocolName,
	protocolNumber,
	servicePort,
} from "../../extension/values/names.ts";
import { isName } from "../../extension/values/open-names.ts";
import {
	readUnsigned,
	readUnsigned64,
} from "../../extension/values/read-number.ts";
import { ICMP, SCTP, TCP, UDP, UDPLITE } from "../../kernel.ts";
import { parseAddress } from "../../packet/address.ts";
import type { Address } from "../../packet/packet.ts";
import { icmpNamed } from "../icmp-words.ts";
import { programRefuses, syntaxError } from "../ipset-error.ts";

/** IPSET_MAXNAMELEN counts the closing NUL; so does IFNAMSIZ. */
const GREATEST_NAME = 31;
const GREATEST_DEVICE = 15;
export const GREATEST_U32 = 0xffffffff;
/** So many seconds are so many milliseconds in a signed number (`ipset_parse_timeout`). */
const GREATEST_TIMEOUT = Math.floor(0x7fffffff / 1000);
/** IPSET_MAX_COMMENT_SIZE. */
const GREATEST_COMMENT = 255;

/** @returns a number from `least` to `greatest` */
export function numberIn(
	text: string,
	least: number,
	greatest: number,
): number {
	const value = readUnsigned(text, least, greatest);
	if (value >= 0) return value;
	if (readUnsigned(text, 0, Number.MAX_VALUE) >= 0)
		return syntaxError(`'${text}' is out of range ${least}-${greatest}`);
	return syntaxError(`'${text}' is invalid as number`);
}

export function timeoutOf(text: string): number {
	return numberIn(text, 0, GREATEST_TIMEOUT);
}

/** One less than 64 bits hold: the last stands for none. */
export function counterOf(text: string): bigint {
	const value = readUnsigned64(text);
	if (value === null) return syntaxError(`'${text}' is invalid as number`);
	const greatest = (1n << 64n) - 2n;
	if (value <= greatest) return value;
	return syntaxError(`'${text}' is out of range 0-${greatest}`);
}

export function setNameOf(text: string): string {
	if (text.length <= GREATEST_NAME) return text;
	return syntaxError(
		`setname '${text}' is longer than ${GREATEST_NAME} characters`,
	);
}

export function commentOf(text: string): string {
	if (text.includes('"'))
		return syntaxError('" character is not permitted in comments');
	if (text.length <= GREATEST_COMMENT) return text;
	return syntaxError(
		`Comment is longer than the maximum allowed ${GREATEST_COMMENT} characters`,
	);
}

/** `0x10/0xff`, or `0x10`. Signed. */
export function skbmarkOf(text: string): {
	readonly mark: number;
	readonly markMask: number;
} {
	const both = /^0x([0-9a-f]+)\/0x([0-9a-f]+)/i.exec(text);
	const mark = both ?? /^0x([0-9a-f]+)/i.exec(text);
	if (mark === null)
		return syntaxError(
			"Invalid skbmark format, it should be:  MARK/MASK or MARK (see manpage)",
		);
	const value = (digits: string | undefined) =>
		Number.parseInt(digits ?? "ffffffff", 16) | 0;
	return { mark: value(mark[1]), markMask: value(both?.[2]) };
}

/** `1:10`, in hexadecimal digits. */
export function skbprioOf(text: string): number {
	const [, major, minor] =
		/^(?:0x)?([0-9a-f]+):(?:0x)?([0-9a-f]+)/i.exec(text) ?? [];
	if (major === undefined || minor === undefined)
		return syntaxError(
			"Invalid skbprio format, it should be:MAJOR:MINOR (see manpage)",
		);
	const [high, low] = [major, minor].map((digits) =>
		Number.parseInt(digits, 16),
	);
	return ((high as number) << 16) | ((low as number) & 0xffff);
}

export function macOf(text: string): string {
	const octets = text.split(":");
	const fits =
		octets.length === 6 &&
		text.length <= 17 &&
		octets.every((octet) => /^[0-9a-f]{1,2}$/i.test(octet));
	if (!fits) return syntaxError(`cannot parse '${text}' as ethernet address`);
	return octets.map((octet) => octet.toLowerCase().padStart(2, "0")).join(":");
}

export function deviceOf(text: string): {
	readonly device: string;
	readonly isPhysical: boolean;
} {
	const prefix = "physdev:";
	const isPhysical = text.startsWith(prefix);
	const device = isPhysical ? text.slice(prefix.length) : text;
	if (device.length <= GREATEST_DEVICE) return { device, isPhysical };
	return syntaxError(
		`interface name '${device}' is longer than ${GREATEST_DEVICE} characters`,
	);
}

/** An address, a network, or a range of addresses, as it is written. */
export interface AddressSpan {
	readonly from: Address;
	/** `null`: no range. */
	readonly to: Address | null;
	/** `null`: none was written. */
	readonly length: number | null;
}

export function addressSpanOf(text: string): AddressSpan {
	const slash = text.indexOf("/");
	if (slash >= 0) {
		const length = numberIn(text.slice(slash + 1), 0, 255);
		if (length > 32)
			return syntaxError(`'${text.slice(slash + 1)}' is out of range 0-32`);
		return { from: hostOf(text.slice(0, slash)), to: null, length };
	}
	const [from, to] = rangeIn(text);
	return {
		from: hostOf(from),
		to: to === null ? null : hostOf(to),
		length: null,
	};
}

/** `a-b`, each in brackets where it has a `-` itself. */
function rangeIn(text: string): readonly [from: string, to: string | null] {
	const bracketed = /^\[([^\]]*)\](?:-(.*))?$/.exec(text);
	if (bracketed !== null) return [bracketed[1] ?? "", bare(bracketed[2])];
	if (text.startsWith("["))
		return syntaxError(`cannot find closing escape character ']' in ${text}`);
	const dash = text.indexOf("-");
	if (dash < 0) return [text, null];
	return [text.slice(0, dash), bare(text.slice(dash + 1))];
}

function bare(text: string | undefined): string | null {
	return text === undefined ? null : text.replace(/^\[(.*)\]$/, "$1");
}

/** @throws UnknownSignal for a name that the machine resolves */
function hostOf(text: string): Address {
	const address = parseAddress(text);
	if (address !== null) return address;
	if (isName("host", text))
		throw new UnknownSignal(
			`the address of the host ${text}: only the machine knows`,
		);
	return syntaxError(`cannot parse ${text}: resolving to IPv4 address failed`);
}

/** A protocol and its port, or several. */
export interface PortSpan {
	readonly protocol: number;
	readonly port: number;
	/** `null`: no range. */
	readonly to: number | null;
}

const PORT_PROTOCOLS: ReadonlySet<number> = new Set([TCP, SCTP, UDP, UDPLITE]);

export function hasPorts(protocol: number): boolean {
	return PORT_PROTOCOLS.has(protocol);
}

/** `tcp:80`, `80`, `udp:1000-2000`, `icmp:echo-request`, `gre:0`. */
export function portSpanOf(text: string): PortSpan {
	const colon = text.indexOf(":");
	if (colon < 0) return portsOf(text, TCP);
	const name = text.slice(0, colon);
	const port = text.slice(colon + 1);
	const protocol = protocolOf(name);
	if (hasPorts(protocol)) return portsOf(port, protocol);
	if (protocol === ICMP) return { protocol, port: icmpOf(port), to: null };
	if (port !== "0")
		return syntaxError(
			`Protocol ${name} can be used with pseudo port value 0 only.`,
		);
	return { protocol, port: 0, to: null };
}

function protocolOf(text: string): number {
	const number = readUnsigned(text, 0, 255);
	if (number >= 0) return number;
	const named = protocolNumber(text);
	if (named === null)
		return syntaxError(`cannot parse '${text}' as a protocol`);
	if (named === 0) return syntaxError(`Unsupported protocol '${text}'`);
	return named;
}

function icmpOf(text: string): number {
	const named = icmpNamed(text);
	if (named !== null) return named;
	const [type, code] = text.split("/");
	if (type === undefined || code === undefined)
		return programRefuses(`Cannot parse ${text} as an ICMP type/code.`);
	return (numberIn(type, 0, 255) << 8) | numberIn(code, 0, 255);
}

function portsOf(text: string, protocol: number): PortSpan {
	const [from, to] = rangeIn(text);
	return {
		protocol,
		port: portOf(from, protocol),
		to: to === null ? null : portOf(to, protocol),
	};
}

function portOf(text: string, protocol: number): number {
	const number = readUnsigned(text, 0, 65535);
	if (number >= 0) return number;
	const name = protocolName(protocol) ?? "";
	const known =
		name === "tcp" || name === "udp" || name === "sctp"
			? servicePort(text, name)
			: null;
	return known ?? syntaxError(`'${text}' is invalid as number`);
}
