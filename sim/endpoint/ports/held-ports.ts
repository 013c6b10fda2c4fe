/**
 * Which ports the programs of a host have open: where the host is the gateway itself, its kernel is told, since it
 * refuses what comes for other ports.
 */

export type Protocol = "tcp" | "udp";

/** What a gateway's kernel is told of a program's ports, and says of them. */
export interface PortTable {
	/** From now on the program has the port open, or has it no more. */
	set(protocol: Protocol, port: number, isOpen: boolean): void;
	/** Does another program of the same address have it? */
	isOthers(protocol: Protocol, port: number): boolean;
}

const MOST_PORTS = 0x10000;

/** A port is open while a program listens there, or one of its connections is left. */
export class HeldPorts {
	private readonly table: PortTable;
	private readonly uses = new Map<number, number>();

	constructor(table: PortTable) {
		this.table = table;
	}

	hold(protocol: Protocol, port: number): void {
		const key = keyOf(protocol, port);
		const uses = this.uses.get(key) ?? 0;
		this.uses.set(key, uses + 1);
		if (uses === 0) this.table.set(protocol, port, true);
	}

	letGo(protocol: Protocol, port: number): void {
		const key = keyOf(protocol, port);
		const uses = (this.uses.get(key) ?? 0) - 1;
		if (uses > 0) {
			this.uses.set(key, uses);
			return;
		}
		if (this.uses.delete(key)) this.table.set(protocol, port, false);
	}

	has(protocol: Protocol, port: number): boolean {
		return this.uses.has(keyOf(protocol, port));
	}

	isOthers(protocol: Protocol, port: number): boolean {
		return this.table.isOthers(protocol, port);
	}
}

function keyOf(protocol: Protocol, port: number): number {
	return protocol === "udp" ? MOST_PORTS + port : port;
}
