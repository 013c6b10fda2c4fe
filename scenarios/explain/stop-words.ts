/** A stop → words, and the rule that is to blame for it. */

import { dropWords } from "../../sim/contract/drop-reason.ts";
import type { Emission, TraceEvent } from "../../sim/contract/gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { nameOfAnswer } from "../../sim/world/account/answer-names.ts";
import { LOOPBACK } from "../../sim/world/setup/services.ts";
import type { RulePlace } from "../result/rule-place.ts";
import type { Passage } from "./follow.ts";
import { translator, untracker } from "./path.ts";
import type { Scene } from "./scene.ts";
import type { Stop } from "./stop.ts";
import { addressee, asks, foundIn, named, placeOf, sender } from "./words.ts";

export interface Told {
	readonly words: string;
	/** To blame for it; `null`: none. */
	readonly rule: RulePlace | null;
}

/** The end of a path. */
export interface End extends Told {
	/** Of the rules that had a part in the path, where `rule` is `null`. */
	readonly blamed: Blamed;
}

/**
 * - `destination`: the one that wrote a destination where nothing answers.
 * - `source`: the one that wrote a source which nothing has.
 * - `sender`: the one that the judgement asks about.
 * - `none`: what is missing is a rule.
 */
export type Blamed = "destination" | "source" | "sender" | "none";

/**
 * What stands behind the arrow, at the end of a path.
 * @param connection whose packet it is; left out: it was sent by hand
 */
export function stopWords(
	stop: Stop,
	scene: Scene,
	connection: Pick<ConnectionRecord, "service"> = {},
): End {
	switch (stop.kind) {
		case "dropped":
			return droppedWords(stop.at, scene);
		case "delivered":
			return deliveredWords(stop.at, scene);
		case "waits":
			return waitsWords(stop.at, scene);
		case "nowhere":
			return nowhereWords(stop.at, scene);
		case "no-arp": {
			const { packet, interface: name } = stop.at;
			return told(
				`${formatAddress(packet.destination)}, for which nothing answers ARP on ${name}: no host there has the address, and no interface of the gateway`,
				{ blamed: "source" },
			);
		}
		case "elsewhere": {
			const { host, via, because } = stop.at;
			if (because === "redirected")
				return told(
					`${via}, the router that an ICMP redirect of the gateway's has named to ${host}, past the gateway; no rule is to blame: with net.ipv4.conf.*.send_redirects=0, of \`all\` and of the interface, the gateway names none`,
					{ blamed: "none" },
				);
			if (because === "announced")
				return told(
					`the router that has announced ${via}, past the gateway; no rule is to blame: the gateway takes it once it announces the address again`,
					{ blamed: "none" },
				);
			return told(
				`${via}, the default route of ${host}, past the gateway; no rule is to blame: make the gateway the default route of ${host}, or translate the source on the way there (MASQUERADE or SNAT in nat POSTROUTING)`,
				{ blamed: "none" },
			);
		}
		case "lost": {
			const { host, atMs, isFrom } = stop.at;
			const who = scene.backendWords(host, atMs);
			return told(
				isFrom ? `lost on the link of ${who}` : `${who}: lost on its link`,
			);
		}
		case "refused": {
			const { at, atMs, packet } = stop.at;
			const isUdp = packet.kind === "udp";
			const port = isUdp || packet.kind === "tcp" ? packet.destinationPort : 0;
			return told(
				`${scene.backendWords(at, atMs)}, where nothing listens on port ${port}: ${isUdp ? "icmp port-unreachable" : "RST"}`,
			);
		}
		case "unanswered":
			return told(
				`${scene.backendWords(stop.at.at, stop.at.atMs)}, which does not answer`,
			);
		case "stranger":
			return told(strangerWords(stop.at, scene, scene.serviceOf(connection)), {
				blamed: stop.at.from === null ? "sender" : "none",
			});
	}
}

/** Whoever has the address may be behind another link than that by which the packet left. */
function nowhereWords(
	{ packet, interface: name }: Extract<Stop, { kind: "nowhere" }>["at"],
	scene: Scene,
): End {
	const to = addressee(packet);
	const host = scene.hostAt(packet.destination);
	return host === null || host.interface === name
		? told(`${to}, which is no host of this scenario`, {
				blamed: "destination",
			})
		: told(
				`${to}, which is no host behind ${name}: it is ${host.name}, behind ${host.interface}; no rule is to blame: the routes that the packet was led to do not lead there`,
				{ blamed: "none" },
			);
}

function told(words: string, about: Partial<End> = {}): End {
	return { words, rule: null, blamed: "sender", ...about };
}

function strangerWords(
	at: Extract<Stop, { readonly kind: "stranger" }>["at"],
	scene: Scene,
	service: string,
): string {
	if (scene.backend(at.at) !== null)
		return `${scene.backendWords(at.at, at.atMs)}, which knows no such connection: RST`;
	const source = formatAddress(at.packet.source);
	return at.from === null
		? `to the client, from ${sender(at.packet)} and not from ${service}: not translated back, so the client knows no such connection`
		: `went from ${source} straight to the client, which knows no such connection (it speaks with ${service}): no rule translates the source, so answers do not come back by the gateway; no rule is to blame: one is missing in nat POSTROUTING (MASQUERADE or SNAT)`;
}

function droppedWords(passage: Passage, { book }: Scene): End {
	const { fate, steps, out } = passage;
	if (fate.kind !== "dropped") return told("");
	const stack = dropWords(fate.by);
	const answer = out.find(
		({ packet }) => packet.kind === "icmp" || packet.kind === "tcp",
	);
	const answered = answer && answerName(answer.packet);
	if (stack !== null) {
		const by = translator(passage);
		return told(
			`dropped: ${stack.words}${answered ? `; the gateway answers ${answered}` : ""}`,
			{ rule: by && foundIn(book, by) },
		);
	}
	const step = steps.findLast((one) => placeOf(one) === fate.by);
	const rule = step ? foundIn(book, step) : book.find(fate.by);
	const isRejected = / -j REJECT(?= |$)/.test(rule.text);
	const verb = isRejected
		? `rejected with ${answered ?? "no answer"}`
		: "dropped";
	return told(
		`${verb} by ${named(rule)}${stateWords(step)}${sendtoWords(passage)}`,
		{ rule },
	);
}

/**
 * What a rule drops on its way out, a program of the gateway's own is told of at once (`nf_hook_slow`,
 * net/netfilter/core.c, and `udp_send_skb`, net/ipv4/udp.c, 6.1). Of a SYN it is not: `tcp_connect` leaves such an
 * error aside, and sends it again.
 */
function sendtoWords({
	interface: name,
	packet,
	fate,
	steps,
}: Passage): string {
	if (name !== LOOPBACK || packet.kind !== "udp") return "";
	const last = fate.kind === "dropped" ? [fate.by] : [];
	// What goes to the gateway itself has left, and comes in again by `lo`.
	const hasLeft = [...last, ...steps.map(placeOf)].some((place) =>
		COMES_IN.has(place.split(":")[1] ?? ""),
	);
	return hasLeft ? "" : "; the program's sendto() fails at once (EPERM)";
}

const COMES_IN: ReadonlySet<string> = new Set(["PREROUTING", "INPUT"]);

/** A packet that does not begin a connection: which state the rules before this one saw. */
function stateWords(step: TraceEvent | undefined): string {
	const state = step?.ctstate ?? null;
	return state === null || state === "NEW" ? "" : ` (ctstate ${state})`;
}

/** `RST`, `icmp port-unreachable`. */
function answerName(packet: Packet): string {
	const name = nameOfAnswer(packet);
	return name === "rst" ? "RST" : name;
}

function waitsWords({ atMs, waiting }: Passage, scene: Scene): End {
	if (waiting === null) return told("its next hop answers no ARP");
	const { neighbour, interface: out, packet } = waiting;
	const backend = scene.backendAt(neighbour);
	const address = formatAddress(neighbour);
	const far =
		packet.destination === neighbour
			? ""
			: `, the next hop to ${formatAddress(packet.destination)},`;
	const who =
		backend === null
			? `${address}${far}`
			: `${scene.backendWords(backend.name, atMs)}, ${address},`;
	return told(`${who} answers no ARP on ${out}`, {
		blamed: backend === null ? "destination" : "sender",
	});
}

function deliveredWords(passage: Passage, scene: Scene): End {
	const { packet, answerSteps, out } = passage;
	const { book } = scene;
	const by = translator(passage);
	const rule = by && foundIn(book, by);
	const taken = out.find((one) => one.interface === LOOPBACK && !isAnswer(one));
	if (taken !== undefined)
		return told(
			`the gateway itself, where a program listens on ${addressee(taken.packet)}: what it answers is no part of the scenario`,
			{ rule },
		);
	const isUntouched = by === null && asks(packet);
	const exempting = isUntouched ? untracker(passage) : null;
	const where = `the gateway itself, where nothing listens on ${by ? "the port that it is sent to" : addressee(packet)}`;
	const why =
		exempting !== null
			? ` (it is not tracked, by ${named(foundIn(book, exempting))}, so no rule of nat sees it)`
			: isUntouched
				? " (no rule of nat translated it)"
				: "";
	const last = answerSteps.at(-1);
	const [answer] = out;
	if (answer !== undefined)
		return told(`${where}${why}: ${answerName(answer.packet)}`, { rule });
	if (last !== undefined && / (DROP|REJECT)(?= |$)/.test(last.text)) {
		const dropper = foundIn(book, last);
		return told(`${where}${why}; its answer is dropped by ${named(dropper)}`, {
			rule: dropper,
		});
	}
	return told(`${where}${why}; it does not answer`, { rule });
}

/** What refuses a packet; what comes out on `lo` besides goes to a program. */
function isAnswer({ packet }: Emission): boolean {
	return packet.kind === "icmp" || nameOfAnswer(packet) === "rst";
}
