import { Command } from "commander";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import { readLinux } from "../options/driver-option.ts";
import { addMachineOptions, RULES_HELP } from "../options/world-options.ts";
import type { UpgradeOptions } from "./upgrade.ts";

/** `marktwin upgrade RULES --to LINUX`: what another Linux changes for a ruleset. */
export function upgradeCommand(): Command {
	const command = new Command("upgrade")
		.description(
			"tell what changes for a ruleset when its router gets another Linux",
		)
		.argument("<rules>", RULES_HELP)
		.requiredOption(
			"--to <linux>",
			"Linux after the upgrade: a release of Debian, and /legacy or /nft (trixie/nft)",
			readLinux,
		)
		.option(
			"--from <linux>",
			`Linux before it (default ${linuxName(DEFAULT_LINUX)})`,
			readLinux,
		)
		.option("--json", "what changes as JSON on standard output", false);
	return addMachineOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin upgrade my.rules --to trixie
  marktwin upgrade my.rules --from bookworm/legacy --to bookworm/nft
  iptables-save | marktwin upgrade - --to trixie/nft

Both sides are analysed on the model: whether the rules load, shares, findings, what becomes
of counters when their tables are changed, and which known differences between the two touch
a rule. Each difference names a scenario that shows it: marktwin run NAME --linux LINUX.

Exit codes:
  0  nothing changes for these rules; what differs whatever the rules are is
     shown ("Besides"), and does not count
  1  something changes
  2  the rules load on neither side, or another bad input
  3  nothing that is known changes, but a share is unknown or a rule is not
     modelled`,
		)
		.action(async (file: string, options: UpgradeOptions) => {
			const { upgrade } = await import("./upgrade.ts");
			return upgrade(file, options);
		});
}
