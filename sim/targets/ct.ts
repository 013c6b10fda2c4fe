import type { Need } from "../contract/need.ts";
import { defineTarget } from "../extension/extension.ts";
import { readsMark } from "../extension/mark-uses.ts";
import type { GivenOptions } from "../extension/options.ts";
import { protocolName } from "../extension/values/names.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { TCP, UDP } from "../packet/packet.ts";
import {
	type ConntrackTemplate,
	CTINFO_INVALID,
	CTINFO_UNTRACKED,
	NO_ENTRY,
	type Skb,
	XT_CONTINUE,
} from "../packet/skb/skb.ts";

interface Options {
	readonly notrack: boolean;
	/** "" is none. */
	readonly helper: string;
	readonly timeout: string;
	/** By their names, in the kernel's order. */
	readonly connectionEvents: readonly string[];
	readonly expectationEvents: readonly string[];
	readonly zone: number | "mark";
	readonly zoneDirection: "both" | "original" | "reply";
}

/** `CT --notrack` */
export const NOTRACK_OPTIONS: Options = {
	notrack: true,
	helper: "",
	timeout: "",
	connectionEvents: [],
	expectationEvents: [],
	zone: 0,
	zoneDirection: "both",
};

/** `enum ip_conntrack_events` by libxt_CT's names (iptables 1.8.9). */
const CONNECTION_EVENTS = [
	"new",
	"related",
	"destroy",
	"reply",
	"assured",
	"protoinfo",
	"helper",
	"mark",
	"natseqinfo",
	"secmark",
];
const EXPECTATION_EVENTS = ["new"];

// Room of the names in struct xt_ct_target_info_v1, less the closing NUL. What is longer is cut.
const HELPER_LENGTH = 15;
const TIMEOUT_LENGTH = 31;
/**
 * So much of the policy's name the kernel gives back: `usersize` of revision 2 is that of revision 0,
 * which has no timeout, until Linux 7.2 (xt_CT.c).
 */
const SHOWN_TIMEOUT_LENGTH = 4;

/**
 * Says how connections that a packet begins are to be tracked, or that it is not to be tracked
 * (iptables 1.8.9 libxt_CT.c, revision 2; kernel 6.1 xt_CT.c). With `--notrack` alone the kernel
 * would not start tracking; here every CT does, which no packet can tell.
 */
export const ct = defineTarget<Options>({
	name: "CT",
	flagCodes: { notrack: 0 },
	tables: ["raw"],
	// What is not to be tracked asks for no tracking (`xt_ct_tg_check`).
	needsConntrack: ({ notrack }) => !notrack,
	options: [
		{ name: "notrack", type: "none" },
		{ name: "helper", type: "string" },
		{ name: "timeout", type: "string" },
		{ name: "ctevents", type: "string" },
		{ name: "expevents", type: "string" },
		{ name: "zone-orig", type: "string" },
		{ name: "zone-reply", type: "string" },
		{ name: "zone", type: "string" },
	],
	build: (given) => ({
		notrack: given.has("notrack"),
		helper: cutOctets(given.get("helper", "string")?.text ?? "", HELPER_LENGTH),
		timeout: cutOctets(
			given.get("timeout", "string")?.text ?? "",
			TIMEOUT_LENGTH,
		),
		connectionEvents: readEvents(given, "ctevents", CONNECTION_EVENTS),
		expectationEvents: readEvents(given, "expevents", EXPECTATION_EVENTS),
		...readZone(given),
	}),
	print(options, _header, behaviour) {
		const { helper, timeout, connectionEvents, expectationEvents } = options;
		let text = options.notrack ? " --notrack" : "";
		if (helper !== "") text += ` --helper ${helper}`;
		if (timeout !== "")
			text += ` --timeout ${behaviour.savedTimeout === "whole" ? timeout : cutOctets(timeout, SHOWN_TIMEOUT_LENGTH)}`;
		if (connectionEvents.length > 0)
			text += ` --ctevents ${connectionEvents.join(",")}`;
		if (expectationEvents.length > 0)
			text += ` --expevents ${expectationEvents.join(",")}`;
		if (options.zone === 0) return text;
		return `${text} ${ZONE_OPTIONS[options.zoneDirection]} ${options.zone}`;
	},
	check({ notrack, helper, timeout }, { header }) {
		const named = helper !== "" || timeout !== "";
		const hasProtocol = header.protocol !== 0 && !header.protocolInverted;
		return !notrack && named && !hasProtocol
			? "xt_CT: You must specify a L4 protocol and not use inversions on it"
			: null;
	},
	notModelled,
	/** A zone has 16 bits. */
	marks: ({ notrack, zone }) =>
		!notrack && zone === "mark" ? readsMark("packet", 0xffff) : [],
	needs({ notrack, helper, timeout }, { protocol }) {
		if (notrack) return [];
		const needs: Need[] = [];
		if (helper !== "")
			needs.push({ kind: "helper", name: helperName(helper, protocol) });
		if (timeout !== "") needs.push({ kind: "timeout", name: timeout });
		return needs;
	},
	compile(options, ports) {
		if (options.notrack)
			return (skb) => {
				if (!isSeen(skb)) skb.ctinfo = CTINFO_UNTRACKED;
				return XT_CONTINUE;
			};
		const what = notModelled(options);
		if (what !== null)
			return (skb) =>
				isSeen(skb) ? XT_CONTINUE : ports.unknown(`CT ${what} is not modelled`);
		const template = compileTemplate(options);
		return (skb) => {
			if (!isSeen(skb)) skb.template = template(skb);
			return XT_CONTINUE;
		};
	},
});

function notModelled({ notrack, helper, timeout }: Options): string | null {
	if (notrack) return null;
	return helper !== "" ? "--helper" : timeout !== "" ? "--timeout" : null;
}

/**
 * The protocols of the kernel's own helpers (`nf_ct_helper_init` in net/netfilter/nf_conntrack_*.c and
 * net/ipv4/netfilter/nf_nat_*.c, 6.1): a rule for another protocol finds none of that name.
 */
const HELPER_PROTOCOLS: ReadonlyMap<string, readonly number[]> = new Map([
	["RAS", [UDP]],
	["Q.931", [TCP]],
	["H.245", [TCP]],
	["amanda", [UDP]],
	["ftp", [TCP]],
	["irc", [TCP]],
	["netbios-ns", [UDP]],
	["pptp", [TCP]],
	["sane", [TCP]],
	["sip", [TCP, UDP]],
	["snmp", [UDP]],
	["snmp_trap", [UDP]],
	["tftp", [UDP]],
]);

/** With its protocol behind it where the kernel's own helper of that name is for another one. */
function helperName(helper: string, protocol: number): string {
	const known = HELPER_PROTOCOLS.get(helper);
	return known === undefined || known.includes(protocol)
		? helper
		: `${helper}/${protocolName(protocol) ?? protocol}`;
}

const ZONE_OPTIONS = {
	both: "--zone",
	original: "--zone-orig",
	reply: "--zone-reply",
} as const;

/**
 * Tracked, untracked or given a template already: the first CT that a packet meets decides. An answer
 * to an untracked packet was seen as well (`nf_conntrack_attach`).
 */
export function isSeen(skb: Skb): boolean {
	return (
		skb.entry !== NO_ENTRY ||
		skb.ctinfo !== CTINFO_INVALID ||
		skb.template !== null
	);
}

function readEvents(
	given: GivenOptions,
	option: string,
	known: readonly string[],
): readonly string[] {
	const text = given.get(option, "string")?.text;
	if (text === undefined) return [];
	const names = text.split(",");
	const odd = names.find((name) => !known.includes(name));
	if (odd !== undefined)
		return given.refuse(
			`Unknown event type "${odd}"`,
			`Take any of ${known.join(", ")}, with commas and no blanks.`,
			option,
		);
	return known.filter((name) => names.includes(name));
}

/** The kernel keeps one zone; both directions named are the same as neither. */
function readZone(
	given: GivenOptions,
): Pick<Options, "zone" | "zoneDirection"> {
	const zones = ["zone", "zone-orig", "zone-reply"]
		.flatMap((option) =>
			given
				.all(option, "string")
				.map(({ text, word }) => ({ option, text, word })),
		)
		.sort((one, other) => one.word - other.word)
		.map(({ option, text }) => readZoneId(given, option, text));
	const original = given.has("zone-orig");
	const reply = given.has("zone-reply");
	const one = original ? "original" : "reply";
	return {
		zone: zones.includes("mark") ? "mark" : (zones.at(-1) ?? 0),
		zoneDirection: original === reply ? "both" : one,
	};
}

function readZoneId(
	given: GivenOptions,
	option: string,
	text: string,
): number | "mark" {
	if (text.toLowerCase() === "mark") return "mark";
	const zone = readUnsigned(text, 0, 0xffff);
	if (zone >= 0) return zone;
	return given.refuse(
		`Cannot parse ${text} as a zone ID`,
		"Write a number from 0 to 65535, or `mark`.",
		option,
	);
}

function compileTemplate({
	zone,
	zoneDirection,
}: Options): (skb: Skb) => ConntrackTemplate {
	const original = zoneDirection !== "reply";
	const reply = zoneDirection !== "original";
	if (zone !== "mark") {
		const template = {
			zoneOriginal: original ? zone : 0,
			zoneReply: reply ? zone : 0,
		};
		return () => template;
	}
	// The mark counts as it is when the packet reaches conntrack, and zones have 16 bits.
	return (skb) => ({
		get zoneOriginal() {
			return original ? skb.mark & 0xffff : 0;
		},
		get zoneReply() {
			return reply ? skb.mark & 0xffff : 0;
		},
	});
}
