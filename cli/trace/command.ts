import { Command, InvalidArgumentError } from "commander";
import { mustAgree, readSeed } from "../options/read-option.ts";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { Assignment, TracedPacket, TraceOptions } from "./options.ts";

/** `marktwin trace RULES`: plays packets by hand and tells which rules they match. */
export function traceCommand(): Command {
	const interfaces: string[] = [];
	const packets: TracedPacket[] = [];
	const command = new Command("trace")
		.description(
			"play packets by hand: the rules that match, and what becomes of them",
		)
		.argument("<rules>", RULES_HELP)
		.requiredOption(
			"-i, --in <interface>",
			"interface on which the --packet arguments behind it arrive; lo: the router itself sends them (repeatable)",
			(text: string) => {
				interfaces.push(text);
				return interfaces;
			},
		)
		.requiredOption(
			"-p, --packet <packet>",
			"a packet in one-line notation; several are played in order (repeatable)",
			(text: string) => {
				packets.push({ text, interfacesBefore: interfaces.length });
				return packets;
			},
		)
		.option(
			"--condition <name=value>",
			"value that is written to /proc/net/nf_condition/NAME first (repeatable)",
			assignment("mail1up=1"),
			[],
		)
		.option(
			"-a, --address <interface=address>",
			"address of the router, as eth0=192.168.1.1/24 (repeatable; default the recipe's: 10.0.0.1/8 on bond0.204, 192.168.0.254/24 on bond0.205)",
			assignment("bond0.204=10.0.0.1/8", true),
			[],
		)
		.option(
			"--route <route>",
			"route of the router, as `ip route add` takes it: 'default via 10.0.0.254 dev bond0.204' (repeatable)",
			(text: string, before: readonly string[]) => [...before, text],
			[],
		)
		.option(
			"--sysctl <name=value>",
			"setting below net., as netfilter.nf_conntrack_tcp_loose=0 (repeatable)",
			assignment("netfilter.nf_conntrack_tcp_loose=0"),
			[],
		)
		.option(
			"-s, --seed <n>",
			"seed of all random draws: a whole number, 0 or more",
			readSeed,
			1,
		)
		.option(
			"--kernel-log",
			"print only the lines that -j TRACE would log, or xtables-monitor print, if every packet were traced from the start; those of LOG are not among them",
			false,
		)
		.addHelpText(
			"after",
			`
The router is the recipe's unless an option says otherwise: 10.0.0.1/8 on bond0.204,
192.168.0.254/24 on bond0.205. --address, --route, --sysctl and --condition come before
what --addresses, --routes and a capture tell.

Example:
  marktwin trace recipe.rules --condition mail1up=1 \\
    --in bond0.204 --packet 'tcp 10.0.0.10:40000 > 10.0.0.1:25 S' \\
    --in bond0.205 --packet 'tcp 192.168.0.2:25 > 10.0.0.10:40000 SA'`,
		)
		.action(async (file: string, options: TraceOptions) => {
			const { trace } = await import("./trace.ts");
			process.exitCode = await trace(file, options);
		});
	return addWorldOptions(command, "as --address says");
}

/** @param isList whether a name may have several values */
function assignment(example: string, isList = false) {
	return (
		text: string,
		before: readonly Assignment[],
	): readonly Assignment[] => {
		const at = text.indexOf("=");
		if (at < 1) throw new InvalidArgumentError(`Write it as ${example}.`);
		const name = text.slice(0, at);
		const value = text.slice(at + 1);
		const said = before.find((one) => one.name === name);
		if (!isList) mustAgree(name, said?.value ?? value, value);
		return [...before, { name, value }];
	};
}
