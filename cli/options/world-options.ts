import { type Command, Option } from "commander";
import type { Capture } from "../../scenarios/analysis/capture/read-capture.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import type { Text } from "../files/files.ts";
import { linuxOption } from "./driver-option.ts";
import { readAssumed } from "./read-option.ts";

/** What is told of the machine around a ruleset, each in a file. */
export interface WorldOptions {
	readonly addresses?: string;
	readonly routes?: string;
	readonly routingRules?: string;
	readonly sets?: string;
	/** A folder. */
	readonly geoip?: string;
	readonly capture?: string;
	/** Of iptables-legacy, of which a dump of iptables-nft warns: they have no rules. Left out: not known. */
	readonly otherTables?: "empty";
	/** Left out: the usual one. */
	readonly linux?: Linux;
	/** By key; left out: nothing. */
	readonly assume?: ReadonlyMap<string, "yes" | "no" | "either">;
}

/** What every command says that takes rules and the machine around them. */
export const RULES_HELP =
	"file that iptables-restore takes, shell script of iptables commands, or folder that `marktwin capture --into` wrote; - is standard input";

/** What `--assume` is for, wherever it is taken. */
export const ASSUME_HELP =
	"take a match that the model does not know for matching (yes), not (no), or both in turn (either): set:NAME=no, match:NAME=yes, rule:TABLE:CHAIN:rule:N=either (repeatable)";

/** Options of every command that takes rules: what they look up outside of the ruleset. */
export function addSetsOption(command: Command): Command {
	return command
		.option(
			"--sets <file>",
			"sets of ipset: the output of `ipset save` (default what is in sets is not known)",
		)
		.addOption(
			new Option(
				"--other-tables <what>",
				"tables of iptables-legacy that a dump of iptables-nft warns of have no rules (default not known: the exit code is 3)",
			).choices(["empty"]),
		)
		.option(
			"--geoip <folder>",
			"addresses of countries: a folder of CODE.iv4 files, as xt_geoip_build writes them (default not known)",
		);
}

/** @param addresses the router's where none are told */
export function addWorldOptions(
	command: Command,
	addresses: string = ASSUMED,
): Command {
	return addMachineOptions(command, addresses).addOption(
		linuxOption("Linux of the router"),
	);
}

const ASSUMED = "assumed from the rules";

/** All that is told of the machine but its Linux. */
export function addMachineOptions(
	command: Command,
	addresses: string = ASSUMED,
): Command {
	const machine = command
		.option(
			"--addresses <file>",
			`addresses of the router: the output of \`ip -j addr\` (default ${addresses}; - is standard input)`,
		)
		.option(
			"--routes <file>",
			"routes of the router: the output of `ip -j route show table all`",
		)
		.option(
			"--routing-rules <file>",
			"routing rules of the router: the output of `ip -j rule`",
		);
	return addSetsOption(machine)
		.option(
			"--capture <folder>",
			"all that the router tells: a folder that `marktwin capture --into` wrote",
		)
		.option(
			"--assume <key=value>",
			ASSUME_HELP,
			readAssumed,
			new Map<string, "yes" | "no" | "either">(),
		);
}

/** Rules, and what was told of the machine that has them. */
export interface RulesAndWorld {
	readonly rules: Text;
	readonly given: GivenWorld;
	/** `null`: there is none. */
	readonly capture: Capture | null;
}
