import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { type Translated, translatedWays } from "./translated.ts";

/** A translation to 127.0.0.0/8, which the kernel takes from no link. */
export const loopbackBackend: LintRule = {
	code: "MT603",
	name: "loopback-backend",
	category: "nat",
	since: "0.2.0",
	severity: "error",
	confidence: "likely",
	fix: "none",
	message:
		"Connections that come in are translated to a loopback address, and the kernel drops them.",
	help: "Translate with `-j REDIRECT`, which takes the address of the interface, and let the program listen there; or set `net.ipv4.conf.INTERFACE.route_localnet` to 1.",
	why: `A packet for 127.0.0.0/8 that did not come from \`lo\` is a martian: the kernel drops it when it is routed, behind
\`PREROUTING\`, and no rule sees it again. \`net.ipv4.conf.INTERFACE.route_localnet\` turns that off for an interface, and lets
its link reach programs that listen on the loopback address only, because they were not meant for it.`,
	examples: {
		bad: `*nat
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8080
COMMIT
`,
		good: `*nat
-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
`,
	},
	check(facts) {
		const byRule = new Map<string, Found>();
		for (const way of translatedWays(facts))
			if (isMartian(way) && !isAllowed(way, facts))
				byRule.set(way.rule.rule, found(way));
		return [...byRule.values()];
	},
};

function isMartian({ end: { fate }, packet }: Translated): boolean {
	return (
		fate.kind === "dropped" &&
		fate.by === "martian destination" &&
		packet.destination >>> 24 === 127
	);
}

/** IN_DEV_ROUTE_LOCALNET (6.1, include/linux/inetdevice.h): of all interfaces, or of this one. */
function isAllowed({ client }: Translated, { world }: Facts): boolean {
	const { sysctls } = world.setup;
	const name = client.interface.replaceAll(".", "/");
	return ["all", name].some(
		(who) => sysctls[`ipv4.conf.${who}.route_localnet`] === 1,
	);
}

function found({ service, client, place, end, rule }: Translated): Found {
	return {
		at: rule,
		message: `connections to ${place} come in by ${client.interface}, and the kernel drops them`,
		happens: `No connection of ${service.key} reaches ${place}: a packet for 127.0.0.0/8 is not taken from ${client.interface}.`,
		remedy:
			"Write `-j REDIRECT --to-ports PORT`, and let the program listen on the interface's address.",
		related: [],
		path: end.rules,
		repair: [],
		assumes: `net.ipv4.conf.${client.interface}.route_localnet is 0, as it is by default`,
	};
}
