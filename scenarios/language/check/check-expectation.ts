/** What an expectation says of the other parts of its scenario. */

import { formatAddress, parseAddress } from "../../../sim/packet/address.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import {
	mayFitPacket,
	withFlagsAsPrinted,
} from "../../../sim/packet/notation/notation-pattern.ts";
import { PacketError } from "../../../sim/packet/packet-error.ts";
import type { ConnectionFilter, Expectation, Scenario } from "../scenario.ts";
import { NO_BOUND } from "../schema/count.ts";
import { endsAtDestination } from "../schema/match-pattern.ts";
import type { Report } from "./known-names.ts";

/** Names that must exist, times in which something can happen, bounds that can be violated. */
export function checkExpectation(
	given: Expectation,
	path: string,
	{
		report,
		scenario,
	}: { readonly report: Report; readonly scenario: Scenario },
): void {
	if ("of" in given) checkFilter(given.of, `${path}.of`, report);
	if ("at" in given && given.at !== "")
		report.known("observe step", given.at, `${path}.at`);
	if ("atLeast" in given && given.atLeast > given.atMost)
		report.add(
			`${path}.atLeast`,
			`at least ${given.atLeast} and at most ${given.atMost} cannot be`,
			"Make `atMost` at least `atLeast`.",
		);
	if (
		"atLeast" in given &&
		given.atLeast === 0 &&
		given.atMost === Number.MAX_SAFE_INTEGER
	) {
		const [message = "", remedy = ""] = NO_BOUND.split("\n");
		report.add(path, message, remedy);
	}
	switch (given.kind) {
		case "order":
			given.backends.forEach((name, index) => {
				if (name !== null)
					report.known("backend", name, `${path}.backends[${index}]`);
			});
			break;
		case "split":
			for (const name of Object.keys(given.weights))
				report.known("backend", name, `${path}.weights.${name}`);
			checkShares(given.weights, `${path}.weights`, {
				report,
				noun: "backend",
			});
			break;
		case "split-by-source":
			checkSources(given.weights, `${path}.weights`, report);
			break;
		case "avoided":
		case "abandoned":
			report.known("backend", given.backend, `${path}.backend`);
			break;
		case "failover-gap":
			report.known("backend", given.backend, `${path}.backend`);
			if (given.service !== undefined)
				report.known("service", given.service, `${path}.service`);
			break;
		case "counts-agree":
			for (const name of Object.keys(given.addresses))
				report.known("backend", name, `${path}.addresses.${name}`);
			break;
		case "packets-out":
		case "packets-past":
		case "packets-counted":
			checkPackets(given, path, { report, scenario });
			break;
		case "operation":
			report.known("operation step", given.step, `${path}.step`);
			checkExitCode(given, path, { report, scenario });
			break;
		// Checked above, or without names of its own.
		case "affinity":
		case "sticky":
		case "connected-within":
		case "moved":
		case "outcomes":
		case "gateway-answered":
		case "conntrack":
		case "counter":
		case "condition":
		case "mail-kept":
			break;
		default:
			given satisfies never;
	}
}

function checkExitCode(
	{ step, ok, exitCode }: Extract<Expectation, { kind: "operation" }>,
	path: string,
	{
		report,
		scenario,
	}: { readonly report: Report; readonly scenario: Scenario },
): void {
	if (exitCode === undefined) return;
	const ends = scenario.steps.some(
		(one) =>
			one.label === step &&
			one.kind === "operation" &&
			(one.operation.kind === "iptables" || one.operation.kind === "restore"),
	);
	if (ok || !ends)
		report.add(
			`${path}.exitCode`,
			ok
				? "a command that succeeds has the exit code 0"
				: `step "${step}" runs neither iptables nor iptables-restore`,
			"Leave the exit code out.",
		);
}

function checkShares(
	weights: Readonly<Record<string, number>>,
	path: string,
	{ report, noun }: { readonly report: Report; readonly noun: string },
): void {
	if (!Object.values(weights).some((weight) => weight > 0))
		report.add(
			path,
			`no ${noun} gets a share`,
			`Give at least one ${noun} a weight above 0.`,
		);
}

/** An address in another spelling would be one that no connection has. */
function checkSources(
	weights: Readonly<Record<string, number>>,
	path: string,
	report: Report,
): void {
	for (const name of Object.keys(weights)) {
		const address = parseAddress(name);
		if (address === null || formatAddress(address) !== name)
			report.add(
				`${path}.${name}`,
				`"${name}" is no IPv4 address`,
				"Write the address that SNAT gives: `203.0.113.5`.",
			);
	}
	checkShares(weights, path, { report, noun: "address" });
}

type AboutPackets = Extract<
	Expectation,
	{ readonly kind: "packets-out" | "packets-past" | "packets-counted" }
>;

function checkPackets(
	given: AboutPackets,
	path: string,
	{
		report,
		scenario,
	}: { readonly report: Report; readonly scenario: Scenario },
): void {
	checkWhenSeen(given, path, { report, scenario });
	if (given.kind === "packets-past")
		checkNeighbours(given.interface, scenario, {
			report,
			path: `${path}.interface`,
		});
	checkPatterns(given.packets, `${path}.packets`, report);
	if (given.kind === "packets-counted") return;
	if (given.packets.length === 0 && !given.exactly)
		report.add(
			`${path}.packets`,
			"nothing could violate it: no packet is named, and others may come out",
			"Name a packet, or set `exactly` for silence.",
		);
}

function checkPatterns(
	patterns: readonly string[],
	path: string,
	report: Report,
): void {
	for (const [index, pattern] of patterns.entries())
		if (!mayFit(pattern))
			report.add(
				`${path}[${index}]`,
				`no packet is written as "${pattern}"`,
				asMeant(pattern),
			);
}

/** Is it a packet, or a pattern that one may fit? */
function mayFit(pattern: string): boolean {
	if (pattern.includes("*"))
		return (
			mayFitPacket(pattern) ||
			(endsAtDestination(pattern) && mayFitPacket(`${pattern} *`))
		);
	try {
		parsePacket(pattern);
		return true;
	} catch (error) {
		if (error instanceof PacketError) return false;
		throw error;
	}
}

function asMeant(pattern: string): string {
	const other = withFlagsAsPrinted(pattern);
	if (other !== pattern && mayFit(other))
		return `Write flags in upper case and in the order SFRPAUEW: "${other}".`;
	return "Write it as a packet, with * for anything: tcp 10.0.0.1:25 > * RA *. Fields stand in the order in which packets are printed; one that has its usual value, as ttl 64, is not printed.";
}

/** Can a packet be seen at these times? */
function checkWhenSeen(
	given: {
		readonly interface: string | null;
		readonly fromMs: number;
		readonly toMs: number;
	},
	path: string,
	{
		report,
		scenario,
	}: { readonly report: Report; readonly scenario: Scenario },
): void {
	if (given.interface !== null)
		report.known("interface", given.interface, `${path}.interface`);
	checkTimes(given, path, report);
	if (given.fromMs >= scenario.endMs)
		report.add(
			`${path}.fromMs`,
			`the play ends at ${scenario.endMs} ms: no packet is seen from ${given.fromMs} ms on`,
			"Make `fromMs` earlier than `endMs`.",
		);
}

function checkFilter(
	filter: ConnectionFilter,
	path: string,
	report: Report,
): void {
	if (filter.step !== undefined)
		report.known("connect step", filter.step, `${path}.step`);
	if (filter.client !== undefined)
		report.known("client", filter.client, `${path}.client`);
	if (filter.service !== undefined)
		report.known("service", filter.service, `${path}.service`);
	checkTimes(filter, path, report);
}

function checkTimes(
	{ fromMs = 0, toMs = Number.POSITIVE_INFINITY }: TimeSpan,
	path: string,
	report: Report,
): void {
	if (fromMs >= toMs)
		report.add(
			`${path}.toMs`,
			`from ${fromMs} ms to ${toMs} ms there is no time`,
			"Make `toMs` later than `fromMs`.",
		);
}

interface TimeSpan {
	readonly fromMs?: number;
	readonly toMs?: number;
}

/** Packets go past the gateway where two hosts are on one link, or another router is: it may take the gateway's addresses, or be named in an ICMP redirect. */
function checkNeighbours(
	name: string,
	{ setup, steps }: Scenario,
	{ report, path }: { readonly report: Report; readonly path: string },
): void {
	const { clients, backends, healthCheck, neighbours = [] } = setup;
	const checkers = healthCheck === null ? [] : [healthCheck];
	const isTaken = steps.some(
		(step) => step.kind === "announce" && step.by === "other",
	);
	const hosts = [...clients, ...backends, ...checkers, ...neighbours].filter(
		(host) => host.interface === name,
	);
	const goesElsewhere = [...clients, ...backends].some(
		(host) => host.interface === name && host.defaultVia !== undefined,
	);
	if (hosts.length < 2 && !goesElsewhere && !isTaken)
		report.add(
			path,
			`no packet goes past the gateway on ${name}: fewer than two hosts or routers are on that link, and none has a default route of its own`,
			"Name the interface of a link that hosts share.",
		);
}
