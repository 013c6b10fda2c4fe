/** What becomes of connections that rules translate to backends. */
import { formatAddress } from "../../../../../sim/packet/address.ts";
import type { Packet } from "../../../../../sim/packet/packet.ts";
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import type { ClientClass, Service } from "../../../services/service.ts";
import type { End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";

/** A way of a first packet whose destination is translated. */
export interface Translated {
	readonly service: Service;
	readonly client: ClientClass;
	readonly end: End;
	/** As it stood at the end. */
	readonly packet: Packet;
	/** `10.20.0.11:80` */
	readonly place: string;
	/** The rule that translates. */
	readonly rule: RuleRef;
}

export function translatedWays(facts: Facts): readonly Translated[] {
	return facts.services
		.filter(({ balances }) => balances === "destination")
		.flatMap((service) =>
			service.classes.flatMap((client) =>
				endsOf(client.decision).flatMap((end) => {
					const { packet } = end;
					const rule = translator(end, facts);
					return packet === null || rule === null
						? []
						: [{ service, client, end, packet, place: placeOf(packet), rule }];
				}),
			),
		);
}

/** The rule on a way that translates the destination; `null`: none does. */
function translator({ rules }: End, { ruleset }: Facts): RuleRef | null {
	const named = rulesByName(ruleset);
	const translates = ({ rule }: RuleRef) => {
		const kind = translatedBy(named.get(rule)?.rule.target);
		return kind === "destination" || kind === "either";
	};
	return rules.find(translates) ?? null;
}

export function placeOf(packet: Packet): string {
	const address = formatAddress(packet.destination);
	return "destinationPort" in packet
		? `${address}:${packet.destinationPort}`
		: address;
}
