/** Expectations about what the gateway did, in plays that gave it nothing to do. */
import { protocolNumber } from "../../sim/extension/values/names.ts";
import { ICMP, SCTP, TCP, UDP } from "../../sim/kernel.ts";
import { parseAddress } from "../../sim/packet/address.ts";
import { protocolOf } from "../../sim/packet/bytes/bytes.ts";
import { parsePacket } from "../../sim/packet/notation/notation.ts";
import type { Account } from "../../sim/world/account/account.ts";
import { LOOPBACK } from "../../sim/world/setup/services.ts";
import { takesInterface } from "../analysis/spaces/space.ts";
import type { Expectation, Scenario } from "../language/scenario.ts";
import { type Finding, showsNothing, windowWords } from "../result/finding.ts";
import {
	countersOf,
	placeOf,
	readSaved,
	rulesAt,
} from "../result/saved-ruleset.ts";
import { whyNeverMet } from "./never/never-met.ts";
import {
	type Play,
	whyNeverSent,
	whyNeverTracked,
} from "./never/never-seen.ts";
import { setsCountersBack } from "./unmet-rules.ts";

/** That no packet came out, no entry is there and nothing was counted says something only of packets that were sent. */
export function unlessQuiet(
	expectation: Expectation,
	found: Finding,
	{
		steps,
		setup,
		account,
	}: {
		readonly steps: Scenario["steps"];
		readonly setup?: Scenario["setup"] | undefined;
		readonly account: Account;
	},
): Finding {
	if (found.outcome !== "holds") return found;
	const untilMs = judgedUntil(expectation, account);
	if (untilMs === null) return found;
	const seen = { steps, account, untilMs };
	const window = windowOf(expectation, account);
	const protocols = isNone(expectation) ? protocolsMeant(expectation) : null;
	if (window !== null && wasSent(seen, null)) {
		const { packets } = account;
		if (!wasSentIn(window, packets, null))
			return showsNothing(found, `nothing was sent ${windowWords(window)}`);
		if (!wasSentIn(window, packets, protocols))
			return showsNothing(
				found,
				`nothing of that protocol was sent ${windowWords(window)}`,
			);
	}
	if (
		expectation.kind === "packets-past" &&
		expectation.packets.length === 0 &&
		setup !== undefined &&
		!mayGoPast(expectation.interface, { setup, steps, account })
	)
		return showsNothing(
			found,
			`no host on the link of ${expectation.interface} had a packet for another one there`,
		);
	const header =
		expectation.kind === "counter" && expectation.packets === 0
			? headerOf(expectation, account)
			: null;
	const missing = missingInterface(header, setup);
	if (missing !== null)
		return showsNothing(found, `the gateway has no interface ${missing}`);
	const meant = header === null ? protocols : header.protocols;
	if (wasSent(seen, meant)) {
		const why =
			setup === undefined
				? null
				: whyNever(expectation, {
						setup,
						...seen,
						wasSent: (protocols) => wasSent(seen, protocols),
					});
		return why === null ? found : showsNothing(found, why);
	}
	return showsNothing(found, quietWords(seen, meant));
}

/** What was to be seen until then. */
interface Sending {
	readonly untilMs: number;
	readonly steps: Scenario["steps"];
	readonly account: Account;
}

/** Why nothing was seen. */
function quietWords(seen: Sending, meant: ReadonlySet<number> | null): string {
	if (meant !== null && wasSent(seen, null) && !wasTried(seen, meant))
		return "nothing of that protocol was sent before";
	return wasTried(seen, meant)
		? "what was sent before did not come into the gateway"
		: "nothing was sent before";
}

/** Why it could not be otherwise, whatever is sent; `null`: it could. */
function whyNever(expectation: Expectation, play: Play): string | null {
	switch (expectation.kind) {
		case "counter": {
			if (expectation.packets > 0) return null;
			const { rule, at } = expectation;
			const saved = rulesAt(at, play.account);
			// What counted before the rules were replaced may have stood elsewhere.
			return play.steps.some(setsCountersBack)
				? null
				: whyNeverMet(rule, saved, play);
		}
		case "conntrack":
			return whyNeverTracked(expectation, play);
		case "packets-counted":
			return whyNeverSent(expectation, play);
		default:
			return null;
	}
}

/**
 * May a host on this link have sent a packet past the gateway? One that sends of its own accord may, if it finds the
 * other on its link; one that only answers, if it was asked by a neighbour's address or knows another router.
 */
function mayGoPast(
	name: string,
	{
		setup: { clients, backends, healthCheck, neighbours = [] },
		steps,
		account: { connections, packets },
	}: {
		readonly setup: Scenario["setup"];
		readonly steps: Scenario["steps"];
		readonly account: Account;
	},
): boolean {
	const hosts = [...clients, ...backends].filter(
		(host) => host.interface === name,
	);
	const addresses = new Set(hosts.map(({ address }) => parseAddress(address)));
	const asking = new Set(connections.map(({ client }) => client));
	return (
		healthCheck?.interface === name ||
		neighbours.some((router) => router.interface === name) ||
		hosts.some(({ defaultVia }) => defaultVia !== undefined) ||
		clients.some((one) => one.interface === name && asking.has(one.name)) ||
		steps.some((step) => step.kind === "announce" && step.by === "other") ||
		packets.some(
			({ interface: by, direction, packet }) =>
				by === name && direction === "out" && addresses.has(packet.source),
		)
	);
}

/** Does it expect that something is not there? */
function isNone(expectation: Expectation): boolean {
	return "atMost" in expectation && expectation.atMost === 0;
}

/** Numbers of the protocols that it asks for; `null`: of any. */
function protocolsMeant(expectation: Expectation): ReadonlySet<number> | null {
	switch (expectation.kind) {
		case "conntrack": {
			const { protocol, state } = expectation.filter;
			if (protocol !== undefined) return numbersOf([protocol]);
			return state === undefined ? null : new Set([TCP, SCTP]);
		}
		case "packets-counted": {
			const words = expectation.packets.map((one) => one.split(" ")[0] ?? "");
			return unlessErrors(numbersOf(words));
		}
		default:
			return null;
	}
}

/** The gateway itself, and hosts, send errors about any protocol. */
function unlessErrors(
	numbers: ReadonlySet<number> | null,
): ReadonlySet<number> | null {
	return numbers?.has(ICMP) ? null : numbers;
}

/** What a rule asks of all its packets, as it is written before its matches. */
interface RuleHeader {
	/** Numbers; `null`: any. */
	readonly protocols: ReadonlySet<number> | null;
	readonly interfaces: readonly string[];
}

/** `null`: there is no such rule, as that of a policy. */
function headerOf(
	{ rule, at }: Expectation & { readonly kind: "counter" },
	account: Account,
): RuleHeader | null {
	const line = readSaved(rulesAt(at, account)).find(
		(one) => one.kind === "rule" && placeOf(one) === rule,
	);
	if (line === undefined) return null;
	const words = line.text.split(" ");
	const end = words.findIndex((word) => HEADER_ENDS.has(word));
	const header = end < 0 ? words : words.slice(0, end);
	const valuesOf = (option: string) =>
		header.flatMap((word, index) =>
			word === option && header[index - 1] !== "!"
				? [header[index + 1] ?? ""]
				: [],
		);
	const protocols = valuesOf("-p");
	return {
		protocols:
			protocols.length === 0 ? null : unlessErrors(numbersOf(protocols)),
		interfaces: [...valuesOf("-i"), ...valuesOf("-o")],
	};
}

/** Behind these come matches and the target. */
const HEADER_ENDS: ReadonlySet<string> = new Set(["-m", "-j", "-g"]);

/** No packet comes in or goes out by an interface that the gateway does not have. */
function missingInterface(
	header: RuleHeader | null,
	setup: Scenario["setup"] | undefined,
): string | null {
	if (header === null || setup === undefined) return null;
	const { interfaces } = setup.gateway;
	const names = [LOOPBACK, ...interfaces.map(({ name }) => name)];
	const isThere = (given: string) =>
		names.some((name) =>
			takesInterface({ name: given, inverted: false }, name),
		);
	return header.interfaces.find((given) => !isThere(given)) ?? null;
}

/** `null` where a name is not that of one protocol. */
function numbersOf(names: readonly string[]): ReadonlySet<number> | null {
	const numbers = names.map(protocolNumber);
	return numbers.includes(null) ? null : new Set(numbers as number[]);
}

/** A part of the play. */
interface Window {
	readonly fromMs: number;
	/** Not in it any more. */
	readonly toMs: number;
}

/** `null`: what it is about may happen at any time. */
function windowOf(
	expectation: Expectation,
	{ endedMs }: Account,
): Window | null {
	switch (expectation.kind) {
		case "packets-out":
		case "packets-past":
		case "packets-counted": {
			const { fromMs, toMs } = expectation;
			return fromMs > 0 || toMs <= endedMs ? { fromMs, toMs } : null;
		}
		default:
			return null;
	}
}

/**
 * Did a packet come in, leave or go past in this time? Plays in which packets are expected have records of all.
 * @param meant numbers of protocols; `null`: any
 */
function wasSentIn(
	{ fromMs, toMs }: Window,
	packets: Account["packets"],
	meant: ReadonlySet<number> | null,
): boolean {
	return packets.some(
		({ atMs, packet, isLost }) =>
			isLost === undefined &&
			atMs >= fromMs &&
			atMs < toMs &&
			(meant === null || meant.has(protocolOf(packet))),
	);
}

/** `null`: it is not about what the gateway did with packets. */
function judgedUntil(
	expectation: Expectation,
	{ observations }: Account,
): number | null {
	switch (expectation.kind) {
		case "packets-out":
		case "packets-past":
		case "packets-counted":
			return expectation.toMs;
		case "conntrack":
		case "counter":
			return (
				observations.find(({ label }) => label === expectation.at)?.atMs ?? null
			);
		case "order":
		case "split":
		case "split-by-source":
		case "sticky":
		case "connected-within":
		case "avoided":
		case "failover-gap":
		case "abandoned":
		case "affinity":
		case "moved":
		case "outcomes":
		case "gateway-answered":
		case "condition":
		case "counts-agree":
		case "mail-kept":
		case "operation":
			return null;
	}
}

/**
 * Is there a sign that a packet came to the gateway, or that it sent one itself?
 * @param meant numbers of protocols; `null`: any
 */
function wasSent(
	{ untilMs, steps, account }: Sending,
	meant: ReadonlySet<number> | null,
): boolean {
	const { cameIn, packets, observations } = account;
	const isMeant = (protocol: number | null) =>
		meant === null || (protocol !== null && meant.has(protocol));
	const hasComeIn =
		cameIn === undefined
			? wasTried({ untilMs, steps, account }, meant)
			: Object.entries(cameIn).some(
					([protocol, atMs]) => atMs <= untilMs && isMeant(Number(protocol)),
				);
	return (
		hasComeIn ||
		packets.some(
			({ atMs, packet, isLost }) =>
				isLost === undefined && atMs <= untilMs && isMeant(protocolOf(packet)),
		) ||
		observations.some(
			({ atMs, observation: { conntrack, ruleset } }) =>
				atMs <= untilMs &&
				(conntrack.some(({ protocol }) => isMeant(protocolNumber(protocol))) ||
					(meant === null &&
						[...countersOf(ruleset).values()].some((count) => count > 0))),
		)
	);
}

/** Did a host, or a step, send a packet, whether it came in or not? */
function wasTried(
	{ untilMs, steps, account: { connections, events } }: Sending,
	meant: ReadonlySet<number> | null,
): boolean {
	const isMeant = (protocol: number) => meant === null || meant.has(protocol);
	const isPacketMeant = (text: string) =>
		meant === null || isMeant(protocolOf(parsePacket(text)));
	return (
		connections.some(
			({ startedMs, outcome, protocol }) =>
				startedMs <= untilMs &&
				outcome !== "no-port" &&
				isMeant(protocol === "udp" ? UDP : TCP),
		) ||
		steps.some(
			(step) => step.atMs <= untilMs && packetsByHand(step).some(isPacketMeant),
		) ||
		events.some(
			({ kind, atMs }) => kind === "probe" && atMs <= untilMs && isMeant(TCP),
		)
	);
}

function packetsByHand(step: Scenario["steps"][number]): readonly string[] {
	if (step.kind === "packet") return [step.packet];
	return step.kind === "race" ? step.packets.map(({ packet }) => packet) : [];
}
