/** Interfaces and their addresses, as `ip addr` has them. */
import type { InterfaceSetup } from "../../../sim/contract/gateway.ts";
import { parseAddress } from "../../../sim/packet/address.ts";
import type { AddressRecord, RouteRecord } from "./ip-records.ts";

type Note = (text: string) => void;

/**
 * All but `lo`. An interface that is down keeps its addresses, which stay the gateway's own, and has no network
 * (`fib_sync_down_dev`, 6.1). What `lo` has besides 127.0.0.1, and what routes of the table `local` make the
 * gateway's own, goes to an interface: whose it is makes no difference to packets for it.
 */
export function givenInterfaces(
	records: readonly AddressRecord[],
	routes: readonly RouteRecord[],
	note: Note,
): readonly InterfaceSetup[] {
	const found = records
		.filter(({ ifname }) => ifname !== "lo")
		.map((record) => {
			const { ifname, flags, mtu } = record;
			const isUp = flags.length === 0 || flags.includes("UP");
			const own = ownAddresses(record);
			if (!isUp && own.length > 0)
				note(
					`${ifname} is down: its addresses are the gateway's own, and its networks are not reached by it.`,
				);
			return {
				name: ifname,
				addresses: own.map(({ local, length }) => {
					return `${local}/${isUp ? length : 32}`;
				}),
				mtu,
			};
		});
	const has = new Set(records.flatMap(ownAddresses).map(({ local }) => local));
	const loopback = records
		.filter(({ ifname }) => ifname === "lo")
		.flatMap(ownAddresses)
		.map(({ local }) => ({ local, dev: "lo" }));
	const more = [...loopback, ...localRoutes(routes, has, note)];
	for (const { local, dev } of more) {
		const owner = found.find(({ name }) => name === dev) ?? found[0];
		if (owner === undefined)
			note(`${local} is of lo, and no other interface has it.`);
		else owner.addresses.push(`${local}/32`);
	}
	return found;
}

interface OwnAddress {
	readonly local: string;
	readonly length: number;
}

function ownAddresses({ addr_info }: AddressRecord): readonly OwnAddress[] {
	return addr_info.flatMap(({ local = "", prefixlen, address }) => {
		const number = parseAddress(local);
		const isOne = number !== null && number !== 0 && number >>> 24 !== 127;
		if (!isOne || prefixlen < 0 || prefixlen > 32) return [];
		// A network at the other end is a route; see given-routes.ts.
		const length = address === undefined || address === local ? prefixlen : 32;
		return [{ local, length }];
	});
}

/** Networks at the other end of point-to-point links. */
export function peersOf({
	addr_info,
}: AddressRecord): readonly { readonly network: string }[] {
	return addr_info.flatMap(({ local, address, prefixlen }) =>
		address === undefined || address === local || address.includes(":")
			? []
			: [{ network: `${address}/${prefixlen}` }],
	);
}

/** `ip route add local 203.0.113.9 dev lo`. */
function localRoutes(
	routes: readonly RouteRecord[],
	known: ReadonlySet<string>,
	note: Note,
): readonly { readonly local: string; readonly dev: string }[] {
	return routes.flatMap(({ type, table, dst, dev = "lo" }) => {
		if (type !== "local" || !["local", "255"].includes(table)) return [];
		const [address = "", length = "32"] = dst.split("/");
		const number = parseAddress(address);
		if (number === null || number >>> 24 === 127 || known.has(address))
			return [];
		if (length === "32") return [{ local: address, dev }];
		note(
			`A route makes the whole network ${dst} the gateway's own, which is not modelled: packets for it are forwarded.`,
		);
		return [];
	});
}

/** Where routes are all that was told: those of the table `local` name addresses, those of links their networks. */
export function interfacesOfRoutes(
	routes: readonly RouteRecord[],
): readonly AddressRecord[] {
	const names = new Set(
		routes.flatMap(({ dev, nexthops = [] }) =>
			[dev, ...nexthops.map((one) => one.dev)].filter((name) => {
				return name !== undefined && name !== "lo";
			}),
		),
	);
	return [...names].map((ifname) => {
		const own = routes.filter(({ dev }) => dev === ifname);
		const addresses = new Map<string, number>();
		for (const { type, dst } of own)
			if (type === "local" && !dst.includes("/")) addresses.set(dst, 32);
		for (const { type, dst, prefsrc, scope } of own) {
			const length = Number(dst.split("/")[1] ?? "32");
			if (type === "unicast" && scope === "link" && prefsrc !== undefined)
				addresses.set(prefsrc, length);
		}
		const addr_info = [...addresses]
			.filter(([local]) => parseAddress(local) !== null)
			.map(([local, prefixlen]) => ({ family: "inet", local, prefixlen }));
		return { ifname: ifname ?? "", flags: [], mtu: 1500, addr_info };
	});
}
