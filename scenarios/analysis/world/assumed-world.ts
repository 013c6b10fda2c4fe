/** The machine around a ruleset, as far as it is known: what it was told, and what is assumed. */
import type {
	GatewaySetup,
	InterfaceSetup,
	RouteSetup,
} from "../../../sim/contract/gateway.ts";
import type { Linux } from "../../../sim/linux/linux.ts";

/** Something about the machine that rules do not tell, and that was taken to be so. */
export interface Assumption {
	readonly kind:
		| "interface"
		| "address"
		| "route"
		| "mark-route"
		| "sysctl"
		| "match";
	/** `eth0 has 203.0.113.1/24` */
	readonly text: string;
	/** Why: `the rule in line 4 balances connections to it`. */
	readonly because: string;
	/** What tells it: `--addresses`; "": nothing does. */
	readonly given: string;
}

/** A routing rule that looks at marks: `ip rule add fwmark 0x1/0xff lookup uplink1`. @public */
export interface MarkRoute {
	/** Of the routing rule: the lowest number comes first. */
	readonly priority: number;
	/** Unsigned. */
	readonly mark: number;
	/** Bits of a packet's mark that are compared with `mark`. */
	readonly mask: number;
	/** Its name, or its number. */
	readonly table: string;
	/** The default route of that table; `null`: it has none. */
	readonly via: string | null;
	readonly interface: string | null;
}

/** What the machine itself tells: what `ip -j` and /proc say of it. @public */
export interface GivenWorld {
	/** Besides `lo`; `null`: not known. */
	readonly interfaces: readonly InterfaceSetup[] | null;
	/** Of the table `main`, besides those that follow from addresses; `null`: not known. */
	readonly routes: readonly RouteSetup[] | null;
	/** By priority; `null`: not known. */
	readonly markRoutes: readonly MarkRoute[] | null;
	/** `interfaces` has all of their addresses. Left out: some may not be known. */
	readonly hasAddresses?: boolean;
	/** Commands of iproute2 that make its routing rules and the tables that they name. Left out: none. */
	readonly ip?: readonly string[];
	/** `ip` has all of its routing rules. Left out: they are not known. */
	readonly hasRoutingRules?: boolean;
	/** By their names below `net.`, those that the model heeds. */
	readonly sysctls: Readonly<Record<string, number>>;
	/** What is assumed of matches that the model does not know; left out: nothing. */
	readonly assume?: Readonly<Record<string, "yes" | "no" | "either">>;
	/** Which Linux it is; left out: Debian 12 with iptables-legacy. */
	readonly linux?: Linux;
	/** Sets of ipset, as `ipset save` prints them; left out: not known. */
	readonly sets?: string;
	/** Addresses of countries, by code; left out: not known. */
	readonly geoip?: Readonly<Record<string, readonly string[]>>;
	/** Rules of these programs' tables, which packets pass as well, are not among those that are looked at. Left out: none. */
	readonly lacks?: "" | "iptables-legacy";
	/** What it tells besides, and what the model does with that: a sentence each. */
	readonly notes: readonly string[];
}

/** Nothing but the ruleset is known. @public */
export const NOTHING_GIVEN: GivenWorld = {
	interfaces: null,
	routes: null,
	markRoutes: null,
	sysctls: {},
	notes: [],
};

/** The machine around a ruleset: what it told of itself, and what is assumed where it did not. */
export interface AssumedWorld {
	readonly setup: GatewaySetup;
	readonly assumptions: readonly Assumption[];
	/** Those about matches that the model does not know, by key. */
	readonly assume: Readonly<Record<string, "yes" | "no" | "either">>;
	/** By priority; empty when no routing rules are known. */
	readonly markRoutes: readonly MarkRoute[];
	/** It has no other addresses than those in \`setup\`. */
	readonly areAddressesTold: boolean;
	/** Its addresses, routes and routing rules are what it told. */
	readonly isRoutingTold: boolean;
	/**
	 * By which interface clients come: those of `-i`, or the one with the default route. All are in `setup`;
	 * empty when the machine has no interface.
	 */
	readonly clientInterfaces: readonly string[];
	/** What the machine told and the model leaves out: a sentence each. */
	readonly notes: readonly string[];
}
