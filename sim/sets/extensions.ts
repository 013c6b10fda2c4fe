/** What elements carry besides themselves: timeouts, counters, comments, marks (ip_set_core.c and ip_set.h, 6.1). */

import type {
	SetCounterTest,
	SetQuestion,
	SkbInfo,
} from "../extension/host.ts";
import { HZ } from "../kernel.ts";
import type { AddOption, SetType } from "./set-types.ts";

/** Which of them a set has. */
export interface WithExtensions {
	/** Seconds, of elements that say none; `null`: elements do not time out. */
	readonly timeout: number | null;
	readonly counters: boolean;
	readonly comment: boolean;
	readonly skbinfo: boolean;
}

const NO_SKB_INFO: SkbInfo = {
	mark: 0,
	markMask: 0,
	priority: 0,
	queue: 0,
};

/** An element's. */
export interface Extensions {
	/** In jiffies; `null`: never. */
	expires: number | null;
	packets: bigint;
	bytes: bigint;
	comment: string;
	skbinfo: SkbInfo;
}

/** What an element is added with. Left out: as the set says, or nothing. */
export interface Given {
	readonly timeout?: number;
	readonly packets?: bigint;
	readonly bytes?: bigint;
	readonly comment?: string;
	readonly skbinfo?: SkbInfo;
}

/** Nothing but being there. */
export const JUST_THERE: SetQuestion = {
	returnNomatch: false,
	keepCounters: false,
	keepSubcounters: false,
	packets: null,
	bytes: null,
};

const BITS = 64;

/** `ip_set_timeout_expired`: in the jiffy itself it is still there. */
export function isExpired({ expires }: Extensions, now: number): boolean {
	return expires !== null && expires < now;
}

/** `ip_set_timeout_set`; 0 is for ever. */
function expiryOf(timeoutS: number, now: number): number | null {
	return timeoutS === 0 ? null : now + timeoutS * HZ;
}

/** What an element has that is new. */
export function extensionsOf(
	given: Given,
	{ timeout }: WithExtensions,
	now: number,
): Extensions {
	return {
		expires: timeout === null ? null : expiryOf(given.timeout ?? timeout, now),
		packets: given.packets ?? 0n,
		bytes: given.bytes ?? 0n,
		comment: given.comment ?? "",
		skbinfo: given.skbinfo ?? NO_SKB_INFO,
	};
}

/** An element is added again: counters that are not given stay, all else is as for a new one. */
export function overwrite(
	element: Extensions,
	given: Given,
	{ timeout }: WithExtensions,
	now: number,
): void {
	if (given.bytes !== undefined) element.bytes = given.bytes;
	if (given.packets !== undefined) element.packets = given.packets;
	element.skbinfo = given.skbinfo ?? NO_SKB_INFO;
	element.expires =
		timeout === null ? null : expiryOf(given.timeout ?? timeout, now);
}

/**
 * `ip_set_match_extensions`: counts the packet, and compares the counters.
 * @param length of the packet; `null`: it is no packet that asks
 */
export function extensionsMatch(
	element: Extensions,
	asked: SetQuestion,
	about: { readonly now: number; readonly length: number | null } & Pick<
		WithExtensions,
		"counters"
	>,
): boolean {
	if (isExpired(element, about.now)) return false;
	if (!about.counters) return true;
	if (about.length !== null && !asked.keepCounters) {
		element.bytes = BigInt.asUintN(BITS, element.bytes + BigInt(about.length));
		element.packets = BigInt.asUintN(BITS, element.packets + 1n);
	}
	return (
		holds(element.packets, asked.packets) && holds(element.bytes, asked.bytes)
	);
}

function holds(counter: bigint, test: SetCounterTest | null): boolean {
	switch (test?.is) {
		case undefined:
			return true;
		case "eq":
			return counter === test?.value;
		case "ne":
			return counter !== test?.value;
		case "lt":
			return test !== null && counter < test.value;
		case "gt":
			return test !== null && counter > test.value;
	}
}

/** An element with what may stand behind its parts. */
type Extended = Extensions & {
	readonly nomatch: boolean;
	readonly wildcard: boolean;
};

/** What `ipset save` prints of an element behind its parts, by option; in the order of the type. */
export function printExtensions(
	type: SetType,
	set: WithExtensions,
	element: Extended,
	now: number,
): string {
	return type.addOptions
		.map((option) => printExtension(option, set, element, now))
		.join("");
}

function printExtension(
	option: AddOption,
	set: WithExtensions,
	element: Extended,
	now: number,
): string {
	const { mark, markMask, priority, queue } = element.skbinfo;
	switch (option) {
		case "timeout":
			if (set.timeout === null) return "";
			return ` timeout ${remaining(element.expires, now)}`;
		case "nomatch":
			return element.nomatch ? " nomatch" : "";
		case "wildcard":
			return element.wildcard ? " wildcard" : "";
		case "before":
		case "after":
			return "";
		case "packets":
			return set.counters ? ` packets ${element.packets}` : "";
		case "bytes":
			return set.counters ? ` bytes ${element.bytes}` : "";
		case "comment":
			return element.comment === "" ? "" : ` comment "${element.comment}"`;
		case "skbmark":
			if (mark === 0 && markMask === 0) return "";
			return ` skbmark ${short(mark)}${markMask === -1 ? "" : `/${short(markMask)}`}`;
		case "skbprio":
			if (priority === 0) return "";
			return ` skbprio ${(priority >>> 16).toString(16)}:${(priority & 0xffff).toString(16)}`;
		case "skbqueue":
			return queue === 0 ? "" : ` skbqueue ${queue}`;
		default:
			return option satisfies never;
	}
}

/** `ip_set_timeout_get`: whole seconds, and one for the last. */
function remaining(expires: number | null, now: number): number {
	if (expires === null) return 0;
	return Math.max(1, Math.floor((expires - now) / HZ));
}

function short(value: number): string {
	return `0x${(value >>> 0).toString(16)}`;
}
