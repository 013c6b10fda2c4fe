/** What is wrong with a command of iproute2 before it is run: words that are not understood, interfaces that are not there. */
import type { IpCommand } from "./ip-command.ts";
import { parseIpCommand } from "./parse-command.ts";

/**
 * @param interfaces of the gateway, the loopback among them
 * @returns `null` where nothing is; what iproute2 itself would refuse is for it to say
 */
export function ipCommandFault(
	line: string,
	interfaces: readonly string[],
): string | null {
	const parsed = parseIpCommand(line);
	if (parsed.kind === "not-understood") return parsed.message;
	if (parsed.kind === "refused") return null;
	const missing = devicesOf(parsed.command).find(
		(name) => name !== "" && !interfaces.includes(name),
	);
	return missing === undefined
		? null
		: `there is no interface "${missing}"; there are ${interfaces.join(", ")}`;
}

function devicesOf(command: IpCommand): readonly string[] {
	switch (command.object) {
		case "rule":
			return command.action === "flush"
				? []
				: [command.rule.iif, command.rule.oif];
		case "route":
			if (command.action === "flush-cache") return [];
			return command.action === "flush"
				? [command.what.dev]
				: command.route.nexthops.map(({ dev }) => dev);
		case "address":
			return [command.action === "flush" ? command.dev : command.address.dev];
		case "link":
		case "neighbour":
			return [command.dev];
	}
}
