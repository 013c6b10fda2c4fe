/** Which elements a command is about: a range or a network is many (`*_uadt` of net/netfilter/ipset/, 6.1). */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { ICMP } from "../../kernel.ts";
import type { Address } from "../../packet/packet.ts";
import { HOST_LENGTH, masked, NO_PARTS, type Parts } from "../element.ts";
import { nullRefusal } from "../header.ts";
import { kernelRefuses } from "../ipset-error.ts";
import type { Header } from "../members.ts";
import { type AddressSpan, hasPorts, type PortSpan } from "./read-values.ts";

/** An element as it is written. */
export interface WrittenElement {
	readonly first: AddressSpan | null;
	readonly second: AddressSpan | null;
	readonly ports: PortSpan | null;
	/** What has no ranges. */
	readonly rest: Pick<
		Parts,
		"mark" | "mac" | "device" | "isPhysical" | "wildcard"
	>;
}

/** More than this a command does not go through here. */
const MOST_ELEMENTS = 1 << 20;
const GREATEST_ADDRESS = 0xffffffff;

/**
 * One after the other.
 * @param single `ipset test` looks at the first one alone
 * @throws IpsetRefusal
 */
export function* elementsOf(
	header: Header,
	written: WrittenElement,
	single: boolean,
): Iterable<Parts> {
	const { type } = header;
	let count = 0;
	const counted = (parts: Parts): Parts => {
		if (++count > MOST_ELEMENTS)
			throw new UnknownSignal("a command about more than a million elements");
		return parts;
	};
	const base = { ...NO_PARTS, ...written.rest };
	if (type.name === "bitmap:port") {
		for (const port of bitmapPorts(header, written, single))
			yield counted({ ...base, port });
		return;
	}
	if (type.name === "bitmap:ip") {
		for (const ip of bitmapAddresses(header, written, single))
			yield counted({ ...base, ip });
		return;
	}
	checkNull(header, written);
	const ports = portsOf(written, single);
	const seconds = [...secondsOf(header, written, single)];
	for (const first of firstsOf(header, written, single))
		for (const { protocol, port } of ports)
			for (const second of seconds)
				yield counted({ ...base, ...first, protocol, port, ...second });
}

/** A null address, or MAC address, is in no hash. */
function checkNull(header: Header, { first, rest }: WrittenElement): void {
	const { name } = header.type;
	const refusal = nullRefusal(header);
	if (refusal !== null && masked(first?.from ?? 0, header.netmask) === 0)
		kernelRefuses(refusal);
	const isNull =
		(name === "hash:ip,mark" &&
			first?.from === 0 &&
			(rest.mark & header.markmask) === 0) ||
		(name === "hash:mac" && rest.mac === "00:00:00:00:00:00");
	if (isNull) kernelRefuses("null-element");
}

type First = Pick<Parts, "ip" | "length">;
type Second = Pick<Parts, "ip2" | "length2">;

function* firstsOf(
	header: Header,
	{ first }: WrittenElement,
	single: boolean,
): Iterable<First> {
	const { type, netmask } = header;
	if (first === null) {
		yield { ip: 0, length: HOST_LENGTH };
		return;
	}
	if (type.parts.includes("net")) {
		const least = type.parts.includes("device") ? 0 : 1;
		yield* networks(first, single, least);
		return;
	}
	const step = 2 ** (HOST_LENGTH - netmask);
	if (single) {
		yield { ip: masked(first.from, netmask), length: HOST_LENGTH };
		return;
	}
	const [from, to] = spanOf(first);
	const begin = masked(from | 0, netmask) >>> 0;
	if (begin === 0 && type.name === "hash:ip") kernelRefuses("null-element");
	for (let ip = begin; ip <= to; ip += step)
		yield { ip: ip | 0, length: HOST_LENGTH };
}

function* secondsOf(
	{ type }: Header,
	{ second }: WrittenElement,
	single: boolean,
): Iterable<Second> {
	if (second === null) yield { ip2: 0, length2: HOST_LENGTH };
	else if (type.parts.includes("net2"))
		for (const { ip, length } of networks(second, single, 1))
			yield { ip2: ip, length2: length };
	else yield { ip2: second.from, length2: HOST_LENGTH };
}

/** A range comes to the greatest networks that it holds (`ip_set_range_to_cidr`). */
function* networks(
	span: AddressSpan,
	single: boolean,
	least: number,
): Iterable<First> {
	const { from, length, to } = span;
	if (length !== null && length < least) kernelRefuses("cidr");
	if (single || to === null) {
		const own = length ?? HOST_LENGTH;
		yield { ip: masked(from, own), length: own };
		return;
	}
	let [at, last] = spanOf(span);
	if (at === 0 && last === GREATEST_ADDRESS) kernelRefuses("whole-space");
	for (; at <= last; at++) {
		const own = greatestAt(at, last);
		yield { ip: at | 0, length: own };
		at = (at | ~masked(-1, own)) >>> 0;
		if (at === GREATEST_ADDRESS) return;
	}
}

/** Length of the greatest network that begins at `from` and ends by `to`. */
function greatestAt(from: number, to: number): number {
	for (let length = 1; length < HOST_LENGTH; length++) {
		const mask = masked(-1, length);
		if ((from & mask) >>> 0 !== from) continue;
		// `after` compares in 32 bits, signed.
		if (((to - ((from | ~mask) >>> 0)) | 0) >= 0) return length;
	}
	return HOST_LENGTH;
}

/** Unsigned, the lesser one first. */
function spanOf({
	from,
	to,
	length,
}: AddressSpan): readonly [from: number, to: number] {
	if (to !== null) {
		const [a, b] = [from >>> 0, to >>> 0];
		return a <= b ? [a, b] : [b, a];
	}
	if (length === null) return [from >>> 0, from >>> 0];
	if (length === 0) kernelRefuses("cidr");
	const mask: Address = masked(-1, length);
	return [(from & mask) >>> 0, (from | ~mask) >>> 0];
}

function portsOf(
	{ ports }: WrittenElement,
	single: boolean,
): readonly Pick<Parts, "protocol" | "port">[] {
	if (ports === null) return [{ protocol: 0, port: 0 }];
	const { protocol } = ports;
	if (protocol === 0) kernelRefuses("protocol");
	const port = hasPorts(protocol) || protocol === ICMP ? ports.port : 0;
	const to = hasPorts(protocol) && !single ? (ports.to ?? port) : port;
	const [least, greatest] = [Math.min(port, to), Math.max(port, to)];
	return Array.from({ length: greatest - least + 1 }, (_, index) => {
		return { protocol, port: least + index };
	});
}

function* bitmapPorts(
	{ first, last }: Header,
	{ ports }: WrittenElement,
	single: boolean,
): Iterable<number> {
	const port = ports?.port ?? 0;
	const to = single ? port : (ports?.to ?? port);
	const [least, greatest] = [Math.min(port, to), Math.max(port, to)];
	if (least < first || greatest > last) kernelRefuses("bitmap-range");
	for (let at = least; at <= greatest; at++) yield at;
}

function* bitmapAddresses(
	{ first, last, netmask }: Header,
	{ first: span }: WrittenElement,
	single: boolean,
): Iterable<Address> {
	const from = span?.from ?? 0;
	const [least, greatest] =
		span === null || single ? [from >>> 0, from >>> 0] : spanOf(span);
	if (least < first || greatest > last) kernelRefuses("bitmap-range");
	const step = 2 ** (HOST_LENGTH - netmask);
	for (let at = least; at <= greatest; at += step)
		yield masked(at | 0, netmask);
}
