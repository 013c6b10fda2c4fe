/** What the guest is asked to do, in words: `guest/agent.c` does it. */
import { parseAddress } from "../../../sim/packet/address.ts";
import { TCP, UDP } from "../../../sim/packet/packet.ts";
import type { SocketOwner } from "../../../sim/packet/socket-owner.ts";
import { TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import type { Linux } from "../../kernel/linux-gateway.ts";
import { LabError } from "../../lab-error.ts";
import type { AgentAnswer } from "./agent-channel.ts";
import type { Machine } from "./machine.ts";

export interface Guest extends Linux {
	/** Files in the namespace that the machine started with: settings of the whole machine. */
	readGlobal(path: string): Promise<string | null>;
	writeGlobal(path: string, text: string): Promise<number>;
	/** Into a new network namespace. */
	newNamespace(): Promise<void>;
	/** Out of it: it goes when nothing is left in it, and all that is wired there with it. */
	leaveNamespace(): Promise<void>;
	/** @returns the first errno, 0 when all went well */
	netlink(messages: readonly Uint8Array[]): Promise<number>;
	/** The same for the namespace that the machine started with. */
	netlinkGlobal(messages: readonly Uint8Array[]): Promise<number>;
	/** What the kernel said since it was last asked, a line each. */
	kernelLog(): Promise<readonly string[]>;
	/**
	 * Messages of nf_tables' traces in this namespace since it was last asked; nothing the first time, from
	 * which on they are kept. `null` when some are lost.
	 */
	nftTraces(): Promise<Buffer | null>;
	/** What the kernel answers to a message of nfnetlink's that asks for a dump. @throws LabError */
	nfnetlinkDump(request: Uint8Array): Promise<Buffer>;
	/** Sets the clock, ms since 1970. */
	setClock(ms: number): Promise<void>;
	/** Opens and closes ports in this namespace. @returns an errno, 0 when it went well */
	setPorts(ports: readonly GuestPort[]): Promise<number>;
	/** Closes all of them. */
	closePorts(): Promise<void>;
	/** IPv4 packets of TCP, UDP and ICMP: what was delivered, to any port, since it was last asked or the first port was opened. */
	delivered(): Promise<readonly Uint8Array[]>;
	/**
	 * Sends an IPv4 packet from here.
	 * @param owner of a socket that is bound to its source address; left out: a raw socket of root's, bound to none
	 * @returns an errno, 0 when it went out, or was dropped by a rule
	 */
	send(packet: Uint8Array, owner?: SocketOwner): Promise<number>;
}

/** A port in the guest, at an address or at all of them (`0.0.0.0`). */
export interface GuestPort {
	readonly protocol: "tcp" | "udp";
	readonly address: string;
	readonly port: number;
	/** `deaf`: it is open, and nothing is answered. `taken`: a program takes connections, and closes when its peers do. */
	readonly state: "closed" | "deaf" | "taken";
	readonly owner: SocketOwner;
}

const PORT_STATES = { closed: 0, deaf: 1, taken: 2 } as const;
/** Of a port, as the agent takes it. */
const PORT_OCTETS = 16;

/** More was traced than the agent had room for (errno.h). */
const ENOBUFS = 105;

/** Of an IPv4 header. */
const TOTAL_LENGTH_AT = 2;

/** @param machine whatever carries requests to an agent, and is of no use once one failed */
export function createGuest(machine: Pick<Machine, "call" | "fail">): Guest {
	const call = (operation: string, payload: Uint8Array | string) =>
		machine.call(operation, Buffer.from(payload));
	const readBy = async (operation: string, path: string) => {
		const { status, out } = await call(operation, `${path}\0`);
		return status === 0 ? out.toString("latin1") : null;
	};
	const writeBy = async (operation: string, path: string, text: string) =>
		(await call(operation, `${path}\0${text}`)).status;
	const goTo = async (operation: string) => {
		const { status } = await call(operation, "");
		if (status !== 0)
			throw machine.fail("died", `no other network namespace: errno ${status}`);
	};
	const guest: Guest = {
		...nfTablesBy(machine, call),
		async run(words, input = "") {
			const count = Buffer.alloc(4);
			count.writeUInt32BE(words.length, 0);
			const payload = Buffer.concat([
				count,
				Buffer.from(words.map((word) => `${word}\0`).join("")),
				Buffer.from(input),
			]);
			const { status, out, err } = await call("x", payload);
			return { status, out: out.toString("utf8"), err: err.toString("utf8") };
		},
		async must(words, input) {
			const { status, out, err } = await guest.run(words, input);
			if (status === 0) return out;
			throw machine.fail(
				"died",
				`${words.join(" ")} ended with ${status} in the guest: ${err.trim()}`,
			);
		},
		read: (path) => readBy("r", path),
		write: (path, text) => writeBy("w", path, text),
		readGlobal: (path) => readBy("G", path),
		writeGlobal: (path, text) => writeBy("g", path, text),
		newNamespace: () => goTo("n"),
		async leaveNamespace() {
			await emptyTables(guest);
			await goTo("f");
		},
		netlink: async (messages) =>
			(await call("l", Buffer.concat(messages))).status,
		netlinkGlobal: async (messages) =>
			(await call("L", Buffer.concat(messages))).status,
		async kernelLog() {
			const { out } = await call("k", "");
			const lines = out.toString("utf8").split("\n");
			return lines.filter((line) => line !== "");
		},
		async setClock(ms) {
			const payload = Buffer.alloc(8);
			payload.writeBigUInt64BE(BigInt(Math.floor(ms)));
			const { status } = await call("t", payload);
			if (status === 0) return;
			throw new LabError({
				code: "unsupported",
				place: "epochMs",
				message: `the guest's clock cannot be set to ${ms} ms since 1970 (errno ${status})`,
				remedy: "Give a time between 1970 and 2200.",
			});
		},
		setPorts: async (ports) => (await call("P", encodePorts(ports))).status,
		async closePorts() {
			await call("s", "");
		},
		async delivered() {
			const { out } = await call("d", "");
			return packetsIn(out);
		},
		send: async (packet, owner) =>
			owner === undefined
				? (await call("o", packet)).status
				: (await call("O", Buffer.concat([encodeOwner(owner), packet]))).status,
	};
	return guest;
}

/** What nf_tables tells. */
function nfTablesBy(
	machine: Pick<Machine, "fail">,
	call: (
		operation: string,
		payload: Uint8Array | string,
	) => Promise<AgentAnswer>,
): Pick<Guest, "nftTraces" | "nfnetlinkDump"> {
	return {
		async nftTraces() {
			const { status, out } = await call("m", "");
			if (status === 0) return out;
			if (status === ENOBUFS) return null;
			throw machine.fail("died", `no traces of nf_tables: errno ${status}`);
		},
		async nfnetlinkDump(request) {
			const { status, out } = await call("D", request);
			if (status === 0) return out;
			throw machine.fail("died", `nothing of nf_tables: errno ${status}`);
		},
	};
}

/**
 * xt_quota2 frees its counters when a namespace ends, and again with the rules that name them
 * (`quota2_net_exit` and `quota_mt2_destroy`, xtables-addons 3.23): no such rule may be left then. xt_geoip
 * keeps the addresses of a country for all namespaces while a rule names it.
 */
async function emptyTables(guest: Guest): Promise<void> {
	const loaded = await guest.read("/proc/net/ip_tables_matches");
	if (!/^(quota2|geoip)$/m.test(loaded ?? "")) return;
	const names = (await guest.read("/proc/net/ip_tables_names")) ?? "";
	// Under iptables-nft it names none, and each may have such rules.
	const tables = names.match(/^\w+$/gm) ?? Object.keys(TABLE_HOOKS);
	const emptied = tables.map((name) => `*${name}\nCOMMIT\n`).join("");
	await guest.must(["iptables-restore"], emptied);
}

function encodePorts(ports: readonly GuestPort[]): Buffer {
	const payload = Buffer.alloc(ports.length * PORT_OCTETS);
	for (const [index, one] of ports.entries()) {
		const at = index * PORT_OCTETS;
		payload.writeUInt8(one.protocol === "tcp" ? TCP : UDP, at);
		payload.writeUInt8(PORT_STATES[one.state], at + 1);
		payload.writeUInt16BE(one.port, at + 2);
		payload.writeInt32BE(parseAddress(one.address) ?? 0, at + 4);
		encodeOwner(one.owner).copy(payload, at + 8);
	}
	return payload;
}

function encodeOwner({ user, group }: SocketOwner): Buffer {
	const encoded = Buffer.alloc(8);
	encoded.writeUInt32BE(user, 0);
	encoded.writeUInt32BE(group, 4);
	return encoded;
}

/** IPv4 packets, end to end. */
function packetsIn(out: Buffer): readonly Uint8Array[] {
	const packets: Uint8Array[] = [];
	for (let at = 0; at < out.length; ) {
		const end = at + out.readUInt16BE(at + TOTAL_LENGTH_AT);
		packets.push(out.subarray(at, end));
		at = end;
	}
	return packets;
}
