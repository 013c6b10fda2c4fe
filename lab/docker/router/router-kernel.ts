/** Which kernel a lab's router has: the host's, in a network namespace of its own, or a virtual machine's. */
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { LabError } from "../../lab-error.ts";
import { type Image, requireImage } from "../../vm/image/image.ts";

/** Which of the two programs that are called iptables. */
const IPTABLES_VARIANTS = ["legacy", "nft"] as const;
export type IptablesVariant = (typeof IPTABLES_VARIANTS)[number];

/** What the user wants. */
export interface RouterWish {
	readonly kernel: "auto" | "host" | "vm";
	/** Of the virtual machine's kernel; `undefined`: the usual one. */
	readonly machine: string | undefined;
	readonly iptables: IptablesVariant;
}

/** What a router stands on. */
export type RouterKernel =
	| {
			readonly kind: "host";
			/** `uname -r`. */
			readonly release: string;
			readonly iptables: IptablesVariant;
	  }
	| {
			readonly kind: "vm";
			readonly image: Image;
			readonly iptables: IptablesVariant;
	  }
	/** A balancer in user space, on the host's kernel, in the router's place. */
	| { readonly kind: "proxy"; readonly release: string };

/** Of the host, as far as it matters here. */
export interface HostKernel {
	readonly release: string;
	/** Its kernel has xt_condition, or can load it. */
	readonly hasCondition: boolean;
}

/** @param kernel `auto`, `host`, `vm`; anything else names the kernel of a virtual machine */
export function routerWish({
	kernel = "auto",
	iptables = "legacy",
}: {
	readonly kernel?: string | undefined;
	readonly iptables?: IptablesVariant | undefined;
}): RouterWish {
	switch (kernel) {
		case "auto":
		case "host":
		case "vm":
			return { kernel, machine: undefined, iptables };
		default:
			return { kernel: "vm", machine: kernel, iptables };
	}
}

/** Does any ruleset or rule that the scenario loads name a condition? */
export function needsCondition({
	setup,
	steps,
}: Pick<PlayableScenario, "setup" | "steps">): boolean {
	const texts = steps.flatMap((step) => {
		if (step.kind !== "operation") return [];
		const { operation } = step;
		if (operation.kind === "restore") return [operation.text];
		return operation.kind === "iptables" ? [operation.command] : [];
	});
	return [setup.ruleset.text, ...texts].some((text) =>
		/(^|\s)--?[\w-]*condition\s|(^|\s)(-m|--match)\s+condition\s/m.test(text),
	);
}

/**
 * The host's kernel where it can do what is asked of it, else a virtual machine's.
 * @param host `null` when nobody asked it, since a virtual machine is wanted
 * @throws LabError (`unsupported`) when the wish cannot be had
 */
export function kernelKind(
	{ kernel }: RouterWish,
	{
		host,
		needsCondition: needs,
	}: { readonly host: HostKernel | null; readonly needsCondition: boolean },
): "host" | "vm" {
	const hostCan = host !== null && (host.hasCondition || !needs);
	const kind = kernel === "auto" ? (hostCan ? "host" : "vm") : kernel;
	if (kind === "host" && !hostCan)
		throw new LabError({
			code: "unsupported",
			place: "--kernel host",
			message: `the rules name conditions, and the host's kernel ${host?.release ?? ""} has no xt_condition`,
			remedy:
				"Take --kernel vm, or install it on the host (Debian: xtables-addons-dkms).",
		});
	return kind;
}

/** @throws LabError when the wish cannot be had, or the virtual machine's kernel is not there */
export function chooseKernel(
	wish: RouterWish,
	host: HostKernel | null,
	scenario: Pick<PlayableScenario, "setup" | "steps">,
): RouterKernel {
	const needs = needsCondition(scenario);
	const kind = kernelKind(wish, { host, needsCondition: needs });
	return kind === "vm" || host === null
		? {
				kind: "vm",
				image: requireImage(wish.machine),
				iptables: wish.iptables,
			}
		: { kind: "host", release: host.release, iptables: wish.iptables };
}

/**
 * For whoever has nothing but virtual machines.
 * @returns their kernel; `undefined` is the usual one
 * @throws LabError (`unsupported`) when something else is wished for
 */
export function machineOnly(wish: RouterWish): string | undefined {
	if (wish.kernel === "host")
		throw new LabError({
			code: "unsupported",
			place: "--kernel host",
			message: "a kernel in a virtual machine is never the host's",
			remedy:
				"Routers on the host's kernel are containers: docker instead of vm.",
		});
	if (wish.iptables === "nft")
		throw new LabError({
			code: "unsupported",
			place: "--iptables nft",
			message: "packet by packet, rules are loaded by iptables-legacy only",
			remedy: "Take --iptables legacy, or docker instead of vm.",
		});
	return wish.machine;
}

/** As drivers are called: `host kernel 6.18.44 (iptables-legacy)`. */
export function kernelName(kernel: RouterKernel): string {
	switch (kernel.kind) {
		case "host":
			return `host kernel ${kernel.release} (iptables-${kernel.iptables})`;
		case "vm":
			return `linux ${kernel.image.manifest.version} in a virtual machine (iptables-${kernel.iptables})`;
		case "proxy":
			return `host kernel ${kernel.release}`;
	}
}

/** How the health checker's own container reaches the routers: what it writes is said behind these words. */
export interface RouterReach {
	/** … NAME VALUE: writes a condition of every router. */
	readonly condition: readonly string[];
	/** … -D -p tcp: conntrack on every router. */
	readonly conntrack: readonly string[];
}
