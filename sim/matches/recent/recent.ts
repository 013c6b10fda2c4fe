import { IPS_CONFIRMED } from "../../conntrack/table/status.ts";
import { defineMatch, type Test } from "../../extension/extension.ts";
import type { ExtensionHost } from "../../extension/host.ts";
import { refusedName } from "../../extension/kernel-refusal.ts";
import type { GivenOptions } from "../../extension/options.ts";
import type { Question } from "../../extension/traits.ts";
import { isProcName } from "../../extension/values/names.ts";
import { cutOctets } from "../../extension/values/octets.ts";
import { formatAddress } from "../../packet/address.ts";
import { ACK, type Address, SYN, TCP } from "../../packet/packet.ts";
import {
	HOOK_INPUT,
	HOOK_PREROUTING,
	NO_ENTRY,
	type Skb,
} from "../../packet/skb/skb.ts";
import { RecentList } from "./recent-list.ts";

const OPERATIONS = ["set", "rcheck", "update", "remove"] as const;
const others = (name: string) => OPERATIONS.filter((other) => other !== name);

interface Options {
	readonly operation: (typeof OPERATIONS)[number];
	readonly inverted: boolean;
	/** 0: how long ago does not matter. */
	readonly seconds: number;
	readonly reap: boolean;
	/** 0: once is enough. */
	readonly hitcount: number;
	readonly ttlToo: boolean;
	readonly name: string;
	readonly mask: Address;
	readonly side: "rsource" | "rdest";
}

/** XT_RECENT_NAME_LEN counts the closing NUL. */
const GREATEST_NAME = 199;

/** Who was seen of late (iptables 1.8.9 libxt_recent.c, kernel 6.1 xt_recent.c, revision 1). */
export const recent = defineMatch<Options>({
	name: "recent",
	flagCodes: {
		set: 0,
		rcheck: 1,
		update: 2,
		remove: 3,
		reap: 5,
		rttl: 7,
		rsource: 9,
		rdest: 10,
	},
	stateful: true,
	asksWhoCame: ({ operation }) => operation !== "set",
	keepsList: ({ operation, name, side }) =>
		operation === "remove"
			? null
			: {
					list: `list ${name}`,
					does: operation === "set" ? "writes" : "asks",
					sides: [side === "rdest" ? "dst" : "src"],
					words: `--${side}`,
				},
	options: [
		...OPERATIONS.map((name) => ({
			name,
			type: "none" as const,
			invertible: true,
			excludes: others(name),
		})),
		{ name: "seconds", type: "uint32", min: 1 },
		{ name: "reap", type: "none", requires: ["seconds"] },
		{ name: "hitcount", type: "uint32" },
		{ name: "rttl", type: "none", excludes: ["set", "remove"] },
		{ name: "name", type: "string" },
		{ name: "rsource", type: "none" },
		{ name: "rdest", type: "none" },
		{ name: "mask", type: "host" },
	],
	checkFirst(given) {
		operationOf(given);
	},
	build(given) {
		const operation = operationOf(given);
		const source = given.get("rsource", "none")?.word ?? -1;
		const destination = given.get("rdest", "none")?.word ?? -1;
		return {
			operation,
			inverted: given.get(operation, "none")?.inverted ?? false,
			seconds: given.get("seconds", "uint32")?.value ?? 0,
			reap: given.has("reap"),
			hitcount: given.get("hitcount", "uint32")?.value ?? 0,
			ttlToo: given.has("rttl"),
			name: cutOctets(
				given.get("name", "string")?.text ?? "DEFAULT",
				GREATEST_NAME,
			),
			mask: given.get("mask", "host")?.value ?? -1,
			side: destination > source ? "rdest" : "rsource",
		};
	},
	print(options, _header, { savedText }) {
		const { operation, inverted, seconds, hitcount, name, mask } = options;
		const printed = (number: number) =>
			savedText === "loses some" ? number | 0 : number;
		return [
			`${inverted ? " !" : ""} --${operation}`,
			seconds === 0 ? "" : ` --seconds ${printed(seconds)}`,
			options.reap ? " --reap" : "",
			hitcount === 0 ? "" : ` --hitcount ${printed(hitcount)}`,
			options.ttlToo ? " --rttl" : "",
			` --name ${name} --mask ${formatAddress(mask)} --${options.side}`,
		].join("");
	},
	/** Of the first and the last dmesg says nothing. */
	check({ operation, seconds, hitcount, reap, ttlToo, name }, { behaviour }) {
		const { greatestHitcount } = behaviour;
		if (
			(operation === "set" || operation === "remove") &&
			(seconds !== 0 || hitcount !== 0 || reap || ttlToo)
		)
			return `xt_recent: --${operation} takes neither --seconds nor --hitcount`;
		if (hitcount > greatestHitcount)
			return `xt_recent: hitcount (${hitcount}) is larger than allowed maximum (${greatestHitcount})`;
		return isProcName(name)
			? null
			: refusedName(`xt_recent: bad name "${name}"`);
	},
	byOthers: othersIn,
	actsAtLoad: true,
	compile(options, ports) {
		const list = listOf(options, ports);
		list.keepStamps(options.hitcount);
		if (options.operation === "set") list.isFilled = true;
		return recentTest(options, list, ports);
	},
});

function listOf({ name, mask }: Options, ports: ExtensionHost): RecentList {
	return ports.named(
		"recent",
		name,
		() => new RecentList(mask, ports.behaviour),
	);
}

/**
 * An address that clients share may be in the list through any of them. Where its client's own is asked for, a walk is
 * of one who comes for the first time.
 */
function othersIn(
	options: Options,
	ports: ExtensionHost,
): (skb: Skb, answer: boolean) => Question | null {
	const { operation, inverted, side, name, hitcount } = options;
	const list = listOf(options, ports);
	const isShared = side === "rdest" || list.mask === 0;
	if (operation === "set" || !isShared) return () => null;
	const question: Question =
		hitcount > 1
			? { kind: "open", on: "the rate of packets" }
			: {
					kind: "open",
					on: `what other clients have left in the list ${name}`,
					isUnknown: true,
				};
	return (skb, answer) =>
		list.isFilled && answer === inverted && isFirst(skb, ports)
			? question
			: null;
}

/** Is it the first packet of a connection, or one of which that is not known yet and which may be? */
function isFirst(
	{ entry, protocol, tcpFlags }: Skb,
	{ conntrack }: ExtensionHost,
): boolean {
	return entry === NO_ENTRY
		? protocol !== TCP || (tcpFlags & (SYN | ACK)) === SYN
		: (conntrack.status(entry) & IPS_CONFIRMED) === 0;
}

/** `recent_mt`. */
function recentTest(
	options: Options,
	list: RecentList,
	ports: ExtensionHost,
): Test {
	const { operation, inverted, ttlToo, side, name } = options;
	const keyOf = (address: number) => `recent ${name} ${address}`;
	return (skb) => {
		if (operation !== "set") ports.asksWhoCame?.();
		const address =
			(side === "rdest" ? skb.destination : skb.source) & list.mask;
		const ttl = ttlBeforeForwarding(skb);
		const now = ports.nowMs();
		const entry = list.find(address, ttlToo ? ttl : 0);
		if (!entry) {
			if (operation !== "set") return inverted;
			list.add(address, ttl, now);
			ports.remembered?.(keyOf(address));
			return !inverted;
		}
		switch (operation) {
			case "set":
				list.touch(entry, ttl, now);
				ports.remembered?.(keyOf(address));
				return !inverted;
			case "remove":
				list.remove(entry);
				return !inverted;
			case "rcheck":
			case "update": {
				const hit = list.wasHit(entry, options.seconds, options.hitcount, now);
				const matched = hit !== inverted;
				const updated = operation === "update" && matched;
				if (options.reap)
					list.reap(options.seconds, now, updated ? entry : null);
				if (updated) list.touch(entry, ttl, now);
				if (matched) ports.recalled?.(keyOf(address));
				return matched;
			}
		}
	};
}

/** Behind the forwarding decision the TTL of what others sent has been lowered already. */
function ttlBeforeForwarding(skb: Skb): number {
	const isOut = skb.hook !== HOOK_PREROUTING && skb.hook !== HOOK_INPUT;
	return isOut && !skb.local ? (skb.ttl + 1) & 255 : skb.ttl;
}

function operationOf(given: GivenOptions): (typeof OPERATIONS)[number] {
	return (
		OPERATIONS.find((name) => given.has(name)) ??
		given.refuse(
			"recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
			"Say what to do with the list: `--set`.",
		)
	);
}
