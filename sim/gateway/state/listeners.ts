/** The gateway's own ports on which a process listens. */
import type { GatewaySetup } from "../../contract/gateway.ts";

type Protocol = GatewaySetup["listeners"][number]["protocol"];

export class Listeners {
	private readonly ports: ReadonlySet<string>;
	private readonly protocols: ReadonlySet<Protocol>;

	constructor(listeners: GatewaySetup["listeners"]) {
		this.ports = new Set(listeners.map((one) => key(one.protocol, one.port)));
		this.protocols = new Set(listeners.map(({ protocol }) => protocol));
	}

	/** Does a process listen on this port? */
	has(protocol: Protocol, port: number): boolean {
		return this.ports.has(key(protocol, port));
	}

	/** Does a process on any port of this protocol? */
	speaks(protocol: Protocol): boolean {
		return this.protocols.has(protocol);
	}
}

function key(protocol: Protocol, port: number): string {
	return `${protocol} ${port}`;
}
