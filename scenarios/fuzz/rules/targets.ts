/** The targets that a rule may have, by the place where it stands. */
import fc from "fast-check";
import type { TableName } from "../../../sim/contract/ruleset.ts";
import type { TargetExtension } from "../../../sim/extension/extension.ts";
import { ICMP, SCTP, TCP, UDP } from "../../../sim/kernel.ts";
import { targets } from "../../../sim/targets/index.ts";
import { TARGET_USES } from "../extensions/uses.ts";
import type { RuleProtocol, Uses } from "../values/rule-values.ts";

export interface TargetPlace {
	readonly table: TableName;
	/** All from which it is reached. */
	readonly chains: readonly string[];
	readonly protocol: RuleProtocol;
}

/**
 * What a rule may do there, besides verdicts and jumps.
 * @param place `chains` are built-in ones
 */
export function targetsFor(place: TargetPlace): readonly Uses[] {
	const { table, chains, protocol } = place;
	return [...TARGET_USES].flatMap(([name, use]) => {
		const { packets } = use;
		const extension = targets.get(name);
		const mayStand = [extension, use].every(
			(one) =>
				isIn(table, one?.tables) &&
				chains.every((chain) => isIn(chain, one?.hooks)),
		);
		const fits = isOf(protocol, extension) && isIn(protocol, use.protocols);
		if (packets === undefined || !mayStand || !fits) return [];
		const uses =
			typeof packets === "function" ? packets(protocol, table) : packets;
		return Array.from({ length: use.weight ?? 1 }, () => uses);
	});
}

const NUMBERS: Readonly<Record<RuleProtocol, number | null>> = {
	"": null,
	tcp: TCP,
	udp: UDP,
	icmp: ICMP,
	ah: 51,
	esp: 50,
	"108": 108,
	sctp: SCTP,
};

function isOf(
	protocol: RuleProtocol,
	extension: TargetExtension | undefined,
): boolean {
	const number = NUMBERS[protocol];
	const { protocols } = extension ?? {};
	return (
		protocols === undefined || (number !== null && protocols.includes(number))
	);
}

/** Does a list of those that are allowed, if there is one, name it? */
export function isIn(
	name: string,
	names: readonly string[] | undefined,
): boolean {
	return names === undefined || names.includes(name);
}

/** What has to stand behind `--syn`. Where a packet's way out is known, its MSS can follow the link's MTU. */
export function tcpmss(from: readonly string[]): {
	readonly match: string;
	readonly target: Uses;
} {
	const knowsTheWay = from.every((chain) =>
		["FORWARD", "OUTPUT", "POSTROUTING"].includes(chain),
	);
	return {
		match: "-m tcp --tcp-flags SYN,RST SYN",
		target: fc.constantFrom(
			"TCPMSS --set-mss 1000",
			"TCPMSS --set-mss 1460",
			...(knowsTheWay ? ["TCPMSS --clamp-mss-to-pmtu"] : []),
		),
	};
}
