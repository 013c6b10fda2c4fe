import { Command, Help, InvalidArgumentError, Option } from "commander";
import {
	EVENT_NAMES,
	EVENTS,
	type EventName,
	namesIn,
	PROPERTIES,
	QUIET,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "../../scenarios/analysis/prove/state/events.ts";
import { driverOption } from "../options/driver-option.ts";
import { readCount } from "../options/read-option.ts";
import { addWorldOptions } from "../options/world-options.ts";
import type { ProveCommandOptions } from "./prove.ts";

/** `marktwin prove RULES|SCENARIO`: what holds whatever happens. */
export function proveCommand(): Command {
	const command = new Command("prove")
		.description(
			"prove what holds of each service of a ruleset whatever happens, and show the\nshortest play in which it does not",
		)
		.argument(
			"<rules>",
			"rules as `verdict` takes them, or a scenario file (.ts, .js, .json): then its rulesets on its gateways",
		)
		.addOption(
			new Option(
				"--events <names>",
				"events that may happen besides quiet operation, in any order and number, with commas; all: every one of them (default none; then each is tried by itself as well)",
			).argParser(readEvents),
		)
		.option(
			"--service <text>",
			"only services whose address, port or name has this text",
		)
		.addOption(
			new Option(
				"--properties <file>",
				"file that says what has to hold, a line each: `service TEXT: PROPERTIES under EVENTS`",
			).conflicts(["events", "service"]),
		)
		.option(
			"--budget <count>",
			"packets that are walked for each service, at most",
			readCount,
			USUAL_BUDGET,
		)
		.option(
			"--dead-for <seconds>",
			"longest time that a client may keep sending to a dead or removed backend",
			readCount,
			USUAL_LIMIT_MS / 1000,
		)
		.addOption(
			new Option("--json", "the proof as JSON on standard output").default(
				false,
			),
		)
		.option(
			"--counterexamples <folder>",
			"write each counterexample as a scenario file into this folder",
		)
		.option(
			"--report <file>",
			"HTML page with a table of properties and events, and each counterexample as a play",
		)
		.addOption(
			driverOption(
				"--confirm <lab>",
				"play counterexamples on a kernel as well: in a virtual machine",
				["vm"],
			).default(undefined),
		);
	return addWorldOptions(command)
		.addHelpText("after", help())
		.action(async (file: string, options: ProveCommandOptions) => {
			const { prove } = await import("./prove.ts");
			process.exitCode = await prove(file, options);
		});
}

function help(): string {
	const names = [...PROPERTIES, ...EVENTS].map(({ name }) => name.length);
	const width = Math.max(...names);
	const helper = Object.assign(new Help(), { helpWidth: 80 });
	const listed = (
		entries: readonly { readonly name: string; readonly words: string }[],
	) =>
		entries
			.map(({ name, words }) => helper.formatItem(name, width, words, helper))
			.join("\n");
	return `
Properties:
${listed(PROPERTIES)}

Quiet operation is: ${QUIET}.

Events:
${listed(EVENTS)}

Examples:
  marktwin prove my.rules                  what holds, and what breaks it
  marktwin prove my.rules --events reload,conditions
  marktwin prove my.rules --properties demands.txt
  marktwin prove my.rules --counterexamples broken && marktwin run broken
  marktwin prove my.rules --report proof.html

What is violated was played on the model. What no play of the model violates and the
proof could not exclude is unknown.

Exit codes:
  0  all properties hold under the events that are assumed
  1  one is violated
  2  the ruleset would not load, or another bad input
  3  one is not known, or no service was found
  4  --confirm: a kernel is missing, or died
 70  --confirm: a kernel does not do what the counterexample says`;
}

/** @throws InvalidArgumentError */
function readEvents(text: string): readonly EventName[] {
	if (text.trim() === "all") return EVENT_NAMES;
	const asked = namesIn(text, [...EVENT_NAMES, "all"], "event");
	if (typeof asked === "string") throw new InvalidArgumentError(`${asked}.`);
	const events = asked.filter((name) => name !== "all");
	if (events.length < asked.length)
		throw new InvalidArgumentError(
			"all is all of them: name it alone, or leave it out.",
		);
	return events;
}
