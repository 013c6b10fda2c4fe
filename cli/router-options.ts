import { Option } from "commander";
import type { IptablesVariant } from "../lab/docker/router-kernel.ts";
import { quoted } from "./command-line.ts";

/** Which of the two iptables a router in a container has. */
export function iptablesOption(): Option {
	return new Option(
		"--iptables <variant>",
		"in containers: which of the two programs called iptables loads the rules",
	)
		.choices(["legacy", "nft"])
		.default("legacy");
}

/** What `--kernel` takes where routers are containers. */
export const KERNEL_HELP = `In containers, --kernel takes three words besides: host (the router is a network namespace of this
machine's kernel), vm (its kernel is a virtual machine's), and auto, which is what is taken when nothing
is said: the host's where it can load xt_condition or the rules name no condition, else a virtual machine.
`;

/** The same router once more, for a replay. */
export function routerOptions({
	kernel,
	iptables,
}: {
	readonly kernel?: string;
	readonly iptables: IptablesVariant;
}): string {
	return [
		kernel === undefined ? "" : ` --kernel ${quoted(kernel)}`,
		iptables === "legacy" ? "" : ` --iptables ${iptables}`,
	].join("");
}
