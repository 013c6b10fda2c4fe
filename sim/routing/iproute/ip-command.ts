/** What a command line of iproute2 asks for, taken apart. */
import type { Address } from "../../packet/packet.ts";
import type { InsertMode } from "../fib/fib.ts";
import type { RouteType } from "../fib/fib-entry.ts";
import type { RuleSpec } from "../fib/rule-spec.ts";

/** A network: `10.0.0.0/8`; `default` is 0.0.0.0/0. */
export interface Prefix {
	readonly address: Address;
	readonly length: number;
}

export interface NexthopSpec {
	/** "": the kernel finds it. */
	readonly dev: string;
	readonly via: Address | null;
	readonly weight: number;
	readonly onlink: boolean;
}

export interface RouteSpec {
	readonly to: Prefix;
	/** `null`: not named. */
	readonly type: RouteType | null;
	readonly table: number | null;
	readonly scope: number | null;
	readonly tos: number;
	readonly metric: number;
	readonly source: Address | null;
	readonly mtu: number;
	/** `proto kernel`, or another one that was named; `null`: none was. */
	readonly isKernel: boolean | null;
	/** One of them where no `nexthop` stands, and none where neither `dev` nor `via` does. */
	readonly nexthops: readonly NexthopSpec[];
}

/** What `ip route flush` and `ip addr flush` take away: all that is given has to fit. */
export interface FlushSpec {
	/** `null`: of all tables. */
	readonly table: number | null;
	readonly dev: string;
	readonly via: Address | null;
	/** `exact`, or `root`: it and what is inside of it. */
	readonly to: (Prefix & { readonly isExact: boolean }) | null;
	readonly isKernel: boolean | null;
}

export interface AddressSpec {
	readonly dev: string;
	readonly address: Address;
	readonly peer: Address | null;
	/** `null`: none was written, which is 32. */
	readonly length: number | null;
	readonly broadcast: Address | "+" | "-" | null;
	readonly scope: number | null;
	readonly metric: number;
	readonly hasNoRoute: boolean;
}

export type IpCommand =
	| {
			readonly object: "rule";
			readonly action: "add" | "del";
			readonly rule: RuleSpec;
	  }
	| { readonly object: "rule"; readonly action: "flush" }
	| {
			readonly object: "route";
			readonly action: InsertMode | "del";
			readonly route: RouteSpec;
	  }
	| {
			readonly object: "route";
			readonly action: "flush";
			readonly what: FlushSpec;
	  }
	/** `ip route flush cache`: a kernel has none. */
	| { readonly object: "route"; readonly action: "flush-cache" }
	| {
			readonly object: "address";
			readonly action: "add" | "replace" | "del";
			readonly address: AddressSpec;
	  }
	| {
			readonly object: "address";
			readonly action: "flush";
			readonly dev: string;
	  }
	| {
			readonly object: "link";
			readonly dev: string;
			/** `null`: as it is. */
			readonly up: boolean | null;
			/** Octets; `null`: as it is. */
			readonly mtu: number | null;
	  }
	| {
			readonly object: "neighbour";
			readonly action: "del" | "flush";
			/** `null`: all of the device. */
			readonly address: Address | null;
			/** "": on any. */
			readonly dev: string;
	  };

/** A command line, as far as it is understood. */
export type ParsedIpCommand =
	| { readonly kind: "command"; readonly command: IpCommand }
	/** iproute2 refuses it in these words. */
	| { readonly kind: "refused"; readonly message: string }
	/** iproute2 may take it, and marktwin does not. */
	| { readonly kind: "not-understood"; readonly message: string };
