import type { Command } from "commander";
import type { Capture } from "../../scenarios/analysis/capture/read-capture.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { Text } from "../files/files.ts";

/** What is told of the machine around a ruleset, each in a file. */
export interface WorldOptions {
	readonly addresses?: string;
	readonly routes?: string;
	readonly routingRules?: string;
	readonly capture?: string;
}

/** What every command says that takes rules and the machine around them. */
export const RULES_HELP =
	"file that iptables-restore takes, shell script of iptables commands, or folder that `marktwin capture --into` wrote; - is standard input";

export function addWorldOptions(command: Command): Command {
	return command
		.option(
			"--addresses <file>",
			"addresses of the router: the output of `ip -j addr` (default assumed from the rules; - is standard input)",
		)
		.option(
			"--routes <file>",
			"routes of the router: the output of `ip -j route show table all`",
		)
		.option(
			"--routing-rules <file>",
			"routing rules of the router: the output of `ip -j rule`",
		)
		.option(
			"--capture <folder>",
			"all that the router tells: a folder that `marktwin capture --into` wrote",
		);
}

/** Rules, and what was told of the machine that has them. */
export interface RulesAndWorld {
	readonly rules: Text;
	readonly given: GivenWorld;
	/** `null`: there is none. */
	readonly capture: Capture | null;
}
