/** Who is measured: the recipe on the kernels that are to be had, and proxies in the router's place. */
import { LabError } from "../../lab-error.ts";
import type { Lab } from "../lab.ts";
import {
	type HostKernel,
	kernelName,
	type RouterKernel,
} from "../router/router-kernel.ts";
import { machineVersion } from "../router/router-machine.ts";

export interface Contestant {
	readonly name: string;
	/** What has to be known to read its figures. */
	readonly about: string;
	readonly kernel: RouterKernel;
	/** `marktwin healthcheck` writes its conditions. */
	readonly hasChecker: boolean;
	/** Makes the router a balancer. @throws LabError */
	begin(lab: Lab): Promise<void>;
}

export function contestants(
	host: HostKernel,
	{
		recipe,
		machine,
	}: {
		/** The ruleset's text. */
		readonly recipe: string;
		/** `null` when there is no kernel for it: then it is not measured. */
		readonly machine: Extract<RouterKernel, { readonly kind: "vm" }> | null;
	},
): readonly Contestant[] {
	const vm = machine === null ? [] : [onVm(machine, recipe)];
	return [onHost(host, recipe), ...vm, ...proxies(host)];
}

function onHost(host: HostKernel, recipe: string): Contestant {
	const kernel: RouterKernel = {
		kind: "host",
		release: host.release,
		iptables: "legacy",
	};
	const has = host.hasCondition;
	return {
		name: has
			? "recipe, host kernel"
			: "recipe without conditions, host kernel",
		about: has
			? `the recipe as it is, in a network namespace of the ${kernelName(kernel)}`
			: `in a network namespace of the ${kernelName(kernel)}, which has no xt_condition: so its rules have none, and nothing moves connections away from a dead backend`,
		kernel,
		hasChecker: has,
		begin: (lab) => load(lab, has ? recipe : withoutConditions(recipe)),
	};
}

function onVm(
	kernel: Extract<RouterKernel, { readonly kind: "vm" }>,
	recipe: string,
): Contestant {
	const version = machineVersion(kernel.image);
	const isSlow = version.endsWith("tcg");
	return {
		name: `recipe, virtual machine (${isSlow ? "tcg" : "kvm"})`,
		about: `the recipe as it is, on ${version}${isSlow ? ": every instruction of that kernel is translated by QEMU, so it is no fair router and says nothing of the recipe's speed" : ", behind virtual network cards"}; marktwin healthcheck every 1 s, time-out 0.8 s, rise 2, fall 2`,
		kernel,
		hasChecker: true,
		begin: (lab) => load(lab, recipe),
	};
}

function proxies({ release }: HostKernel): readonly Contestant[] {
	const kernel: RouterKernel = { kind: "proxy", release };
	const start = (command: string) => async (lab: Lab) => {
		const { status, out, err } = await lab.router.shell(command);
		if (status !== 0) throw failed(command, `${out}${err}`);
	};
	return [
		{
			name: "haproxy",
			about:
				"TCP mode; checks every 1 s, time-out 0.8 s, rise 2, fall 2; hands a refused connection to the other server (redispatch); backends see its address instead of the client's",
			kernel,
			hasChecker: false,
			begin: start("haproxy -D -f /etc/marktwin/haproxy.cfg"),
		},
		{
			name: "nginx stream",
			about:
				"does not probe; max_fails=2 in 2 s; hands a refused connection to the other server; backends see its address instead of the client's",
			kernel,
			hasChecker: false,
			begin: start("nginx -c /etc/marktwin/nginx.conf"),
		},
	];
}

/** @throws LabError */
async function load(lab: Lab, text: string): Promise<void> {
	const outcome = await lab.router.operate({
		kind: "restore",
		file: "recipe.rules",
		text,
		noflush: false,
		counters: false,
	});
	if (!outcome.ok) throw failed("recipe.rules", outcome.message);
}

function failed(place: string, message: string): LabError {
	return new LabError({ code: "start", place, message, remedy: "" });
}

/** The same rules for a kernel that has no such match: everybody passes for alive. */
export function withoutConditions(rules: string): string {
	return rules.replaceAll(/ -m condition( !)? --condition \S+/g, "");
}
