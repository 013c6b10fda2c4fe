/** Commands of iproute2 one after the other, those that fail left out: for a gateway of which only a part is known. */
import type { RoutingState } from "../fib/routing-state.ts";
import { carryOutIp } from "./carry-out.ts";
import { parseIpCommand } from "./parse-command.ts";

export interface TriedCommand {
	readonly command: string;
	/** Why it does not work; `null`: it does. */
	readonly message: string | null;
}

/** What came of each command, and addresses, tables and rules after all of them. */
export function tryIpCommands(
	begin: {
		readonly state: RoutingState;
		readonly interfaces: readonly string[];
	},
	commands: readonly string[],
): { readonly tried: readonly TriedCommand[]; readonly state: RoutingState } {
	const context = {
		names: begin.interfaces,
		promotes: [],
		heedsFewerRules: true,
	};
	let { state } = begin;
	const tried = commands.map((command): TriedCommand => {
		const parsed = parseIpCommand(command);
		if (parsed.kind !== "command") return { command, message: parsed.message };
		if (parsed.command.object === "neighbour")
			return { command, message: null };
		const outcome = carryOutIp(state, parsed.command, context);
		if (outcome.kind === "refused")
			return { command, message: outcome.message };
		state = outcome.state;
		return { command, message: null };
	});
	return { tried, state };
}
