/**
 * The settings of one gateway, by their names below `net.`: what is written, what a kernel refuses, and
 * what it would take and the model has not.
 */
import { invariant } from "../../invariant.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import type { Stateful } from "../../stateful.ts";
import {
	ALIASES,
	INTERFACE_SETTINGS,
	type InterfaceSetting,
	SYSCTLS,
	type SysctlDefinition,
} from "./modelled-sysctls.ts";
import { findNotModelled } from "./not-modelled.ts";
import { dottedName, interfaceInName, sysctlPath } from "./sysctl-name.ts";
import { INT_MAX, INT_MIN } from "./sysctl-values.ts";

const DEFINITIONS = new Map(SYSCTLS.map((one) => [one.name, one]));

/** How writing a setting went; `message` is what sysctl(8) would print. */
export type SysctlOutcome =
	| { readonly kind: "written" }
	| { readonly kind: "refused"; readonly message: string }
	/** A kernel takes it, and what follows from it is not modelled. */
	| { readonly kind: "not-modelled"; readonly reason: string };

interface SavedSysctls {
	readonly values: ReadonlyMap<string, number>;
	readonly followers: ReadonlySet<string>;
}

/** In what the settings of kernels differ. */
export type SettingsOfKernel = Pick<
	Behaviour,
	| "missingSettings"
	| "addedSettings"
	| "settingDefaults"
	| "settingBounds"
	| "linkDownOfAll"
>;

const WRITTEN: SysctlOutcome = { kind: "written" };

/** What settings have to know of an interface. */
export interface SysctlInterface {
	readonly name: string;
	readonly hasAddress: boolean;
}

/** The settings of one gateway: all parts of it hold the same record and see changes at once. */
export class Sysctls implements Stateful<SavedSysctls> {
	#values: Map<string, number>;
	readonly #watchers: (() => void)[] = [];
	/** As they stand in names, the loopback among them. */
	readonly #interfaces: readonly string[];
	/** Settings of interfaces that still follow `default`, by their names (`devinet_copy_dflt_conf`). */
	#followers = new Set<string>();
	/** The copy that is as the settings are now; `null`: none, or one was written since. */
	#copy: SavedSysctls | null = null;

	readonly #behaviour: SettingsOfKernel;
	/** Settings that this kernel does not have. */
	readonly #missing: readonly RegExp[];

	/** @param interfaces besides the loopback */
	constructor(
		interfaces: readonly SysctlInterface[] = [],
		behaviour: SettingsOfKernel = DEFAULT_BEHAVIOUR,
	) {
		this.#behaviour = behaviour;
		this.#missing = behaviour.missingSettings.map(patternOf);
		this.#values = new Map(SYSCTLS.map(({ name, value }) => [name, value]));
		for (const [name, value] of Object.entries(behaviour.settingDefaults))
			this.#values.set(name, value);
		const named = interfaces.map(({ name, hasAddress }) => ({
			name: interfaceInName(name),
			hasAddress,
		}));
		this.#interfaces = ["lo", ...named.map(({ name }) => name)];
		for (const [setting, { value }] of Object.entries(INTERFACE_SETTINGS)) {
			this.#putAll(["all", "default", ...this.#interfaces], setting, value);
			// An address makes the settings of an interface its own (ipv4_devconf_setall).
			for (const { name, hasAddress } of named)
				if (!hasAddress) this.#followers.add(nameOf(name, setting));
		}
	}

	save(): SavedSysctls {
		this.#copy ??= {
			values: new Map(this.#values),
			followers: new Set(this.#followers),
		};
		return this.#copy;
	}

	restore(copy: SavedSysctls): void {
		if (copy === this.#copy) return;
		this.#values = new Map(copy.values);
		this.#followers = new Set(copy.followers);
		this.#copy = copy;
		for (const watcher of this.#watchers) watcher();
	}

	/** The value of a setting that the model knows. */
	get(name: string): number {
		const value = this.#values.get(ALIASES.get(name) ?? name);
		invariant(value !== undefined, `asked for the unknown setting net.${name}`);
		return value;
	}

	/** The interface's own value (`IN_DEV_CONF_GET`, include/linux/inetdevice.h, 6.1), as `forwarding` goes by. */
	ofInterface(setting: InterfaceSetting, interfaceName: string): number {
		return this.get(nameOf(interfaceInName(interfaceName), setting));
	}

	/** The greater one of `all`'s and the interface's own (`IN_DEV_MAXCONF`; of flags, `IN_DEV_ORCONF`). */
	greatest(setting: InterfaceSetting, interfaceName: string): number {
		return Math.max(
			this.get(nameOf("all", setting)),
			this.ofInterface(setting, interfaceName),
		);
	}

	/** The lesser one of both (of flags, `IN_DEV_ANDCONF`). */
	least(setting: InterfaceSetting, interfaceName: string): number {
		return Math.min(
			this.get(nameOf("all", setting)),
			this.ofInterface(setting, interfaceName),
		);
	}

	/** `IN_DEV_RX_REDIRECTS`: a router needs both `all` and its own, a host one of them. */
	acceptsRedirects(interfaceName: string): boolean {
		const both = ["all", interfaceInName(interfaceName)].map(
			(who) => this.get(nameOf(who, "accept_redirects")) !== 0,
		);
		return this.ofInterface("forwarding", interfaceName) === 0
			? both.includes(true)
			: !both.includes(false);
	}

	/** `IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN`: some kernels ask the interface's own alone. */
	ignoresLinkDown(interfaceName: string): boolean {
		const setting = "ignore_routes_with_linkdown";
		const value =
			this.#behaviour.linkDownOfAll === "counts"
				? this.greatest(setting, interfaceName)
				: this.ofInterface(setting, interfaceName);
		return value !== 0;
	}

	/** Writes a setting, as `sysctl -w net.NAME=VALUE` does. */
	set(name: string, value: number): SysctlOutcome {
		const dotted = dottedName(name);
		const key = ALIASES.get(dotted) ?? dotted;
		if (this.#missing.some((one) => one.test(dotted))) return notThere(dotted);
		const before = this.#values.get(key);
		if (before === undefined) return this.#setNotModelled(dotted, value);
		const { min, max, takes } = DEFINITIONS.get(key) ?? ANY_NUMBER;
		const bounds = this.#behaviour.settingBounds[key];
		if (bounds !== undefined && !isWithin(value, bounds))
			return invalid(dotted);
		if (!isWithin(value, takes ?? [min, max])) return invalid(dotted);
		if (!isWithin(value, [min, max])) return notModelled(dotted, value, []);
		this.#copy = null;
		this.#values.set(key, value);
		this.#followers.delete(key);
		if (before !== value) this.#spread(key, value);
		for (const watcher of this.#watchers) watcher();
		return WRITTEN;
	}

	/** An interface is given an address: its settings do not follow `default` any more (`ipv4_devconf_setall`). */
	own(interfaceName: string): void {
		this.#copy = null;
		const name = interfaceInName(interfaceName);
		for (const setting of Object.keys(INTERFACE_SETTINGS))
			this.#followers.delete(nameOf(name, setting));
	}

	/** What else changes with a setting of interfaces. */
	#spread(key: string, value: number): void {
		const [, who, setting] =
			/^ipv4\.conf\.(all|default)\.(.*)$/.exec(key) ?? [];
		if (setting === undefined) return;
		// inet_forward_change: `all` is for each; and nothing is copied from `default`.
		if (setting === "forwarding") {
			if (who !== "all") return;
			this.#putAll(["default", ...this.#interfaces], setting, value);
			// A router takes nobody's word for its routes.
			this.#putAll(["all"], "accept_redirects", value === 0 ? 1 : 0);
		} else if (who === "default") {
			const following = this.#interfaces.filter((name) =>
				this.#followers.has(nameOf(name, setting)),
			);
			this.#putAll(following, setting, value);
		}
	}

	#putAll(names: readonly string[], setting: string, value: number): void {
		for (const name of names) this.#values.set(nameOf(name, setting), value);
	}

	#setNotModelled(name: string, value: number): SysctlOutcome {
		const { addedSettings } = this.#behaviour;
		const found = Object.hasOwn(addedSettings, name)
			? { takes: null, values: addedSettings[name] ?? [] }
			: findNotModelled(name, this.#interfaces);
		if (found === null) return notThere(name);
		const { takes, values } = found;
		if (takes === "nothing")
			return refused(`permission denied on key "net.${name}"`);
		if (takes !== null && !isWithin(value, takes)) return invalid(name);
		return values.includes(value) ? WRITTEN : notModelled(name, value, values);
	}

	/** Calls back after every change, for those who keep settings in a form of their own. */
	watch(changed: () => void): void {
		this.#watchers.push(changed);
	}
}

/** `proc_dointvec` */
const ANY_NUMBER: Pick<SysctlDefinition, "min" | "max" | "takes"> = {
	min: INT_MIN,
	max: INT_MAX,
};

/** @param who an interface as it stands in names, `all` or `default` */
function nameOf(who: string, setting: string): string {
	return `ipv4.conf.${who}.${setting}`;
}

function isWithin(
	value: number,
	[least, most]: readonly [number, number],
): boolean {
	return Number.isInteger(value) && value >= least && value <= most;
}

function refused(message: string): SysctlOutcome {
	return { kind: "refused", message: `sysctl: ${message}` };
}

function notThere(name: string): SysctlOutcome {
	return refused(`cannot stat ${sysctlPath(name)}: No such file or directory`);
}

function patternOf(name: string): RegExp {
	return new RegExp(`^${name.replaceAll(".", "[.]").replace("*", "[^.]+")}$`);
}

function invalid(name: string): SysctlOutcome {
	return refused(`setting key "net.${name}": Invalid argument`);
}

/** @param values those that leave the model right */
function notModelled(
	name: string,
	value: number,
	values: readonly number[],
): SysctlOutcome {
	const as =
		values.length === 0
			? ""
			: ` (the model behaves as with ${values.join(" or ")})`;
	const reason = `the setting net.${name}=${value} is not modelled${as}`;
	return { kind: "not-modelled", reason };
}
