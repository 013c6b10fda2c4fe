/** What `ip addr` does (`inet_rtm_newaddr`, `inet_rtm_deladdr`, net/ipv4/devinet.c, 6.1). */
import { prefixMask } from "../../packet/address.ts";
import {
	insertAddress,
	isOnNetwork,
	type OwnAddress,
	removeAddress,
} from "../fib/addresses.ts";
import { type Fib, mapEntries } from "../fib/fib.ts";
import { SCOPE_HOST, SCOPE_UNIVERSE, TABLE_MAIN } from "../fib/fib-entry.ts";
import {
	type RoutingState,
	revived,
	withAddresses,
	withoutLink,
} from "../fib/routing-state.ts";
import {
	answers,
	done,
	type IpDone,
	type IpOutcome,
	noDevice,
} from "./answers.ts";
import type { AddressSpec } from "./ip-command.ts";

/** @param names of interfaces, by index */
export function addAddress(
	state: RoutingState,
	names: readonly string[],
	spec: AddressSpec,
	mode: "add" | "replace",
): IpOutcome {
	const index = names.indexOf(spec.dev);
	if (index <= 0) return noDevice(spec.dev);
	const own = state.addresses[index] ?? [];
	const added = insertAddress(own, ownAddress(spec));
	if (added === "File exists" && mode === "replace") return done(state);
	if (typeof added === "string") return answers(added);
	const changed = withAddresses(state, index, added);
	return done({ ...changed, fib: revived(changed, index) });
}

/** @param promotes by index of the interface: with the first address of a network its others stay */
export function deleteAddress(
	state: RoutingState,
	names: readonly string[],
	spec: AddressSpec,
	promotes: readonly boolean[],
): IpOutcome {
	const index = names.indexOf(spec.dev);
	if (index <= 0) return noDevice(spec.dev);
	const own = state.addresses[index] ?? [];
	const one = own.find(
		(its) =>
			its.address === spec.address &&
			(spec.length === null ||
				(its.length === spec.length &&
					isOnNetwork(spec.peer ?? spec.address, its))),
	);
	if (one === undefined) return answers("Cannot assign requested address");
	return without(state, index, one, promotes[index] === true);
}

export function flushAddresses(
	state: RoutingState,
	names: readonly string[],
	dev: string,
): IpOutcome {
	const index = names.indexOf(dev);
	if (index <= 0)
		return { kind: "refused", message: `Device "${dev}" does not exist.` };
	let all: IpDone = done(state);
	for (;;) {
		const one = all.state.addresses[index]?.[0];
		if (one === undefined) return all;
		const next = without(all.state, index, one, false);
		all = {
			...next,
			gone: [...all.gone, ...next.gone],
			disabled: [...all.disabled, ...next.disabled],
		};
	}
}

/** `fib_del_ifaddr`, `fib_inetaddr_event` */
function without(
	state: RoutingState,
	index: number,
	one: OwnAddress,
	promotes: boolean,
): IpDone {
	const { left, gone } = removeAddress(
		state.addresses[index] ?? [],
		one,
		promotes,
	);
	let changed = withAddresses(state, index, left);
	for (const { address } of gone)
		if (!changed.addresses.flat().some((its) => its.address === address))
			changed = { ...changed, fib: withoutSource(changed.fib, address) };
	const isLast = left.length === 0;
	if (isLast) changed = { ...changed, fib: withoutLink(changed, index, true) };
	return {
		kind: "done",
		state: changed,
		gone: gone.map(({ peer }) => ({ interfaceIndex: index, address: peer })),
		disabled: isLast ? [index] : [],
	};
}

/** Routes of main that name the address as their source go with it (`fib_sync_down_addr`). */
function withoutSource(fib: Fib, address: number): Fib {
	return mapEntries(fib, (entry, table) =>
		table === TABLE_MAIN && entry.source === address ? null : entry,
	);
}

function ownAddress(spec: AddressSpec): OwnAddress {
	const { address, peer, broadcast, metric, hasNoRoute } = spec;
	const length = spec.length ?? 32;
	const mask = prefixMask(length);
	const network = (peer ?? address) & mask;
	const isLoopback = address >>> 24 === 127;
	return {
		address,
		peer: peer ?? address,
		length,
		scope: spec.scope ?? (isLoopback ? SCOPE_HOST : SCOPE_UNIVERSE),
		broadcast:
			broadcast === "+"
				? network | ~mask
				: broadcast === "-"
					? network
					: broadcast,
		metric,
		hasNoRoute,
	};
}
