/** What `ip` and /proc said of a machine → the part of it that the model has, and notes on the rest. */
import {
	ALIASES,
	INTERFACE_SETTINGS,
	SYSCTLS,
} from "../../../sim/conntrack/settings/modelled-sysctls.ts";
import { interfaceInName } from "../../../sim/conntrack/settings/sysctl-name.ts";
import { Sysctls } from "../../../sim/conntrack/settings/sysctls.ts";
import type { GivenWorld } from "../world/assumed-world.ts";
import { givenInterfaces, interfacesOfRoutes } from "./given-interfaces.ts";
import { severalHops } from "./given-ip.ts";
import { givenRules } from "./given-mark-routes.ts";
import { givenRoutes, isIpv4, isMain } from "./given-routes.ts";
import type { AddressRecord, RouteRecord, RuleRecord } from "./ip-records.ts";

/** `null`: not known. */
export interface MachineOutput {
	readonly addresses: readonly AddressRecord[] | null;
	readonly routes: readonly RouteRecord[] | null;
	readonly rules: readonly RuleRecord[] | null;
	/** By their names below `net.` */
	readonly sysctls: Readonly<Record<string, number>>;
}

export function givenWorld({
	addresses,
	routes,
	rules,
	sysctls,
}: MachineOutput): GivenWorld {
	const notes: string[] = [];
	const note = (text: string) => notes.push(text);
	const records = addresses ?? (routes && interfacesOfRoutes(routes));
	const interfaces = records && givenInterfaces(records, routes ?? [], note);
	const ofRules = rules && givenRules(rules, routes ?? [], note);
	return {
		interfaces,
		...(addresses === null ? {} : { hasAddresses: true }),
		routes:
			routes && records && interfaces
				? givenRoutes(routes, { records, interfaces }, note)
				: null,
		markRoutes: ofRules?.markRoutes ?? null,
		ip: [
			...severalHops(routes ?? [], (one) => isMain(one) && isIpv4(one)),
			...(ofRules?.ip ?? []),
		],
		hasRoutingRules: ofRules !== null,
		sysctls: givenSysctls(sysctls, interfaces ?? [], note),
		notes,
	};
}

/** Those that the model heeds; a note for each that it does not know, where the value makes a difference. */
function givenSysctls(
	sysctls: MachineOutput["sysctls"],
	interfaces: NonNullable<GivenWorld["interfaces"]>,
	note: (text: string) => void,
): Readonly<Record<string, number>> {
	const known = new Sysctls(
		interfaces.map(({ name, addresses }) => {
			return { name, hasAddress: addresses.length > 0 };
		}),
	);
	let isFiltered = false;
	const unknown = new Map<string, string[]>();
	const names = new Set([
		"all",
		"default",
		"lo",
		...interfaces.map(({ name }) => interfaceInName(name)),
	]);
	const heeded = Object.entries(sysctls).filter(([name, value]) => {
		// Of an interface that is not known, no setting matters.
		const [, who] = /^ipv4\.conf\.([^.]+)\./.exec(name) ?? [];
		if (who !== undefined && !names.has(who)) return false;
		// Walks begin with any address by the interface of the clients, whatever route leads back to it.
		if (name.endsWith(".rp_filter")) {
			if (value !== 0) isFiltered = true;
			return false;
		}
		const outcome = known.set(name, value);
		if (outcome.kind === "refused") note(outcome.message);
		if (outcome.kind === "not-modelled") {
			const key = `${everyInterface(name)}=${value}`;
			unknown.set(key, [...(unknown.get(key) ?? []), name]);
		}
		return outcome.kind === "written" && isHeeded(name);
	});
	if (isFiltered)
		note(
			"Reverse-path filtering (net.ipv4.conf.*.rp_filter) is on, and is not heeded here: addresses of clients are taken as they come.",
		);
	for (const [key, names] of unknown)
		note(
			`The setting net.${key} is not modelled${names.length > 1 ? ` (on ${names.length} interfaces)` : ""}.`,
		);
	if (known.get("ipv4.ip_forward") === 0 && "ipv4.ip_forward" in sysctls)
		note("net.ipv4.ip_forward is 0: the router forwards nothing.");
	return Object.fromEntries(heeded);
}

const HEEDED: ReadonlySet<string> = new Set([
	...SYSCTLS.map(({ name }) => name),
	...ALIASES.keys(),
]);

/** Others that a kernel takes make no difference, and another kernel may not have them. */
function isHeeded(name: string): boolean {
	const [, setting = ""] = /^ipv4\.conf\.[^.]+\.(\w+)$/.exec(name) ?? [];
	return HEEDED.has(name) || Object.hasOwn(INTERFACE_SETTINGS, setting);
}

/** `ipv4.conf.*.rp_filter` for one of an interface. */
function everyInterface(name: string): string {
	return name.replace(/^ipv4\.conf\.[^.]+\./, "ipv4.conf.*.");
}
