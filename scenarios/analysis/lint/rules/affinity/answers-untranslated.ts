import { formatAddress } from "../../../../../sim/packet/address.ts";
import type { End } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Answers that a client does not know, because their translation is not undone. */
export const answersUntranslated: LintRule = {
	code: "MT303",
	name: "answers-untranslated",
	category: "affinity",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "none",
	message:
		"Answers of a translated connection leave with the backend's address.",
	help: "Take the answers out of the rule that keeps them from being tracked.",
	why: `Conntrack knows by an answer's addresses and ports which connection it belongs to, and undoes the translation.
An answer that is not tracked (\`-j CT --notrack\`, \`-j NOTRACK\` in the table \`raw\`) belongs to no connection. It leaves as
the backend sent it, and the client, which has spoken to another address, takes it for a stranger's.`,
	examples: {
		bad: `*raw
-A PREROUTING -p tcp -m tcp --sport 80 -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
		good: `*raw
-A PREROUTING -p tcp -m tcp --sport 8080 -j CT --notrack
COMMIT
*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
`,
	},
	check(facts) {
		const perRule = new Map<string, Found>();
		for (const connection of connectionsOf(facts).all) {
			const { answer } = connection.later;
			const ends = answer === null ? [] : endsOf(answer);
			const stray = ends.find((end) => isStray(end, connection));
			if (stray === undefined) continue;
			const one = found(stray, connection);
			if (one !== null && !perRule.has(one.at.rule))
				perRule.set(one.at.rule, one);
		}
		return [...perRule.values()];
	},
};

/** It goes on, but not as an answer to what the client sent. */
function isStray({ fate, packet }: End, { arrival }: Connection): boolean {
	if (packet === null) return false;
	if (fate.kind !== "forwarded" && fate.kind !== "delivered") return false;
	return (
		packet.source !== arrival.packet.destination ||
		packet.destination !== arrival.packet.source
	);
}

function found(end: End, connection: Connection): Found | null {
	const { packet, rules } = end;
	const { arrival, service, backend } = connection;
	const sending = connection.end.rules.at(-1);
	const at = rules.at(-1) ?? sending;
	if (at === undefined || packet === null) return null;
	const from = formatAddress(packet.source);
	const asked = formatAddress(arrival.packet.destination);
	return {
		at,
		message: `answers of ${backend} are not translated back`,
		happens: `${service.key}: the answer comes from ${from}, the client waits for one from ${asked}.`,
		remedy: "Let conntrack see the answers: take them out of this rule.",
		related:
			sending === undefined || sending.rule === at.rule
				? []
				: [{ at: sending, role: "it translates the first packet" }],
		path: rules,
		repair: [],
	};
}
