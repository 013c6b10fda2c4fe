import { Command } from "commander";
import { linuxOption } from "../options/driver-option.ts";
import { readRuns } from "../options/read-option.ts";
import type {
	MeasureOptions,
	ShellOptions,
	UpOptions,
	WhichLab,
} from "./options.ts";

/** `marktwin lab up|status|shell|logs|down|measure`: containers to look around in. */
export function containerCommands(): readonly Command[] {
	const up = new Command("up")
		.description(
			"start the recipe's router, two mail servers, a client and a health checker in containers, to look around in",
		)
		.option(
			"--rules <file>",
			"ruleset that the router loads (default the recipe's)",
		)
		.option(
			"-k, --kernel <kernel>",
			"the router's kernel: auto, host, vm, or one that lab build --kernel has made ready (default auto)",
		)
		.addOption(linuxOption("the router's Linux"))
		.action(async (options: UpOptions) => {
			const { up } = await import("./up.ts");
			process.exitCode = await up(options);
		});
	const status = new Command("status")
		.description("list the labs that are there, and what runs in them")
		.action(async () => {
			const { status } = await import("./containers.ts");
			process.exitCode = await status();
		});
	const shell = withLab(
		new Command("shell")
			.description("a shell in a container, or on the router; or one command")
			.argument("<name>", "router, router2, b1, b1-mail, c1, checker …")
			.argument(
				"[command...]",
				"run this and end with its exit code: one word is a line for sh, several are a program and its arguments",
			)
			.option("--stdin", "hand standard input on to the command", false)
			// `shell c1 ls -l`: the command's options are its own.
			.passThroughOptions()
			.addHelpText(
				"after",
				`
Examples:
  marktwin lab shell c1
  marktwin lab shell router iptables-save -c
  marktwin lab shell router 'echo 1 > /proc/net/nf_condition/mail1up'
  marktwin lab shell --stdin router iptables-restore < my.rules`,
			),
	).action(
		async (name: string, command: readonly string[], options: ShellOptions) => {
			const { shell } = await import("./shell.ts");
			process.exitCode = await shell(name, ...ownOptions(command, options));
		},
	);
	const logs = withLab(
		new Command("logs")
			.description("print the log of a container (of the router: its console)")
			.argument("<name>", "router, b1, b2, checker …"),
	).action(async (name: string, options: WhichLab) => {
		const { logs } = await import("./containers.ts");
		process.exitCode = await logs(name, options);
	});
	const down = withLab(
		new Command("down")
			.description("remove a lab")
			.option("--all", "remove all labs, also those of other processes", false),
	).action(async (options: WhichLab & { readonly all: boolean }) => {
		const { down } = await import("./containers.ts");
		process.exitCode = await down(options);
	});
	return [up, status, shell, logs, down, measureCommand()];
}

/** `shell c1 --lab ID` means us as well: no program has a name like that. */
function ownOptions(
	command: readonly string[],
	options: ShellOptions,
): readonly [readonly string[], ShellOptions] {
	const [first = "", ...rest] = command;
	if (first === "--") return [rest, options];
	if (first === "--stdin") return ownOptions(rest, { ...options, stdin: true });
	if (first.startsWith("--lab="))
		return ownOptions(rest, { ...options, lab: first.slice("--lab=".length) });
	const [id, ...more] = rest;
	return first === "--lab" && id !== undefined
		? ownOptions(more, { ...options, lab: id })
		: [command, options];
}

/** Is the recipe faster than a proxy? */
function measureCommand(): Command {
	return new Command("measure")
		.description(
			"measure the recipe beside haproxy and nginx in the router's place: speed, CPU, failover",
		)
		.option(
			"-n, --runs <n>",
			"number of measurements, each in a lab of its own",
			readRuns,
			3,
		)
		.option(
			"--json <file>",
			"file for every run's figures, as JSON (- is standard output)",
		)
		.option(
			"-k, --kernel <kernel>",
			"kernel of the virtual machine, made ready by lab build --kernel (default linux-image-cloud-amd64)",
		)
		.action(async (options: MeasureOptions) => {
			const { measure } = await import("./measure.ts");
			process.exitCode = await measure(options);
		});
}

function withLab(command: Command): Command {
	return command.option(
		"--lab <id>",
		"lab that is meant, by its id (default the only one that is up)",
	);
}
