/** Which kernel a lab's router has: the host's, in a network namespace of its own, or a virtual machine's. */
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import {
	type Backend,
	DEFAULT_LINUX,
	type Linux,
} from "../../../sim/linux/linux.ts";
import { LabError } from "../../lab-error.ts";
import { type Image, requireImage } from "../../vm/image/image.ts";
import {
	DEFAULT_IMAGE,
	type ImageWish,
	imageName,
	imageOf,
} from "../../vm/image/wish.ts";

/** What the user wants. */
export interface RouterWish {
	readonly kernel: "auto" | "host" | "vm";
	/** Of the virtual machine. */
	readonly machine: ImageWish;
	readonly iptables: Backend;
}

/** What a router stands on. */
export type RouterKernel =
	| {
			readonly kind: "host";
			/** `uname -r`. */
			readonly release: string;
			readonly iptables: Backend;
	  }
	| {
			readonly kind: "vm";
			readonly image: Image;
			readonly iptables: Backend;
	  }
	/** A balancer in user space, on the host's kernel, in the router's place. */
	| { readonly kind: "proxy"; readonly release: string };

/** Of the host, as far as it matters here. */
export interface HostKernel {
	readonly release: string;
	/** Its kernel has xt_condition, or can load it. */
	readonly hasCondition: boolean;
}

/**
 * @param kernel `auto`, `host`, `vm`; anything else names the kernel of a virtual machine
 * @param linux another one than the usual one is a virtual machine's
 * @throws LabError (`unsupported`) for another Linux on the host's kernel
 */
export function routerWish({
	kernel,
	linux = DEFAULT_LINUX,
}: {
	readonly kernel?: string | undefined;
	readonly linux?: Linux | undefined;
}): RouterWish {
	const iptables = linux.backend;
	const machine = imageOf(linux);
	const isUsual = imageName(machine) === imageName(DEFAULT_IMAGE);
	switch (kernel) {
		case undefined:
		case "auto":
			return { kernel: isUsual ? "auto" : "vm", machine, iptables };
		case "host":
			if (isUsual) return { kernel, machine, iptables };
			throw new LabError({
				code: "unsupported",
				place: "--kernel host",
				message: `the host's kernel is not that of ${imageName(machine)}`,
				remedy: "Leave --kernel out: the router is a virtual machine then.",
			});
		case "vm":
			return { kernel, machine, iptables };
		default:
			return { kernel: "vm", machine: imageOf(linux, kernel), iptables };
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
 * For what plays in virtual machines alone.
 * @throws LabError (`unsupported`) when something else is wished for
 */
export function machineOnly(wish: RouterWish): ImageWish {
	if (wish.kernel === "host")
		throw new LabError({
			code: "unsupported",
			place: "--kernel host",
			message: "a kernel in a virtual machine is never the host's",
			remedy:
				"Routers on the host's kernel are containers: docker instead of vm.",
		});
	return wish.machine;
}

/** As drivers are called: `host kernel 6.18.44 (iptables-legacy)`. */
export function kernelName(kernel: RouterKernel): string {
	switch (kernel.kind) {
		case "host":
			return `host kernel ${kernel.release} (iptables-${kernel.iptables})`;
		case "vm":
			return `linux ${kernel.image.manifest.version} in a virtual machine (iptables-${kernel.iptables} ${kernel.image.manifest.iptables})`;
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
