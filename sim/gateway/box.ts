/**
 * One router: packets come in, walk through hooks and routing, and leave, die or are answered. The
 * path is that of net/ipv4/{ip_input,ip_forward,ip_output,route}.c, 6.1.
 */
import type { NotedChoice } from "../chance/noted.ts";
import type { Clock } from "../clock/clock.ts";
import { Conntrack } from "../conntrack/conntrack.ts";
import { interfaceInName } from "../conntrack/settings/sysctl-name.ts";
import {
	type DroppedBy,
	type Fate,
	fragmentFate,
	type GatewaySetup,
} from "../contract/gateway.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { HookPath } from "../netfilter/hook-path.ts";
import { LoadedTables } from "../netfilter/loaded-tables.ts";
import type { Tracer } from "../netfilter/traverse.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import type { Address, Packet } from "../packet/packet.ts";
import {
	HOOK_FORWARD,
	HOOK_INPUT,
	HOOK_PREROUTING,
	type Skb,
} from "../packet/skb/skb.ts";
import { packetOf, skbOf } from "../packet/skb/skb-packet.ts";
import { BoxSettings } from "./box-settings.ts";
import { createRouterPorts } from "./extension-host.ts";
import { isTooLong } from "./fragments/fragmentation.ts";
import { Reassembly } from "./fragments/reassembly.ts";
import {
	FRAGMENTATION_NEEDED,
	HOST_UNREACHABLE,
	TIME_EXCEEDED,
} from "./icmp/answers.ts";
import { Replies } from "./icmp/replies.ts";
import { Listeners } from "./ip/listeners.ts";
import { LocalOutput } from "./ip/local-output.ts";
import { Neighbours } from "./ip/neighbours.ts";
import { Outbox } from "./ip/outbox.ts";
import { Output } from "./ip/output.ts";
import { isRoutable } from "./ip/own-packets.ts";
import { frameType, isForAll, isSpoofed, martian } from "./ip/reachability.ts";
import { type Route, Routes } from "./ip/routes.ts";

export interface BoxPorts {
	readonly clock: Clock;
	readonly choice: NotedChoice;
	/** Does this address answer ARP on this interface right now? */
	answers(interfaceIndex: number, address: Address): boolean;
	/** Called for every rule that a packet matches; `null` costs nothing. */
	readonly tracer: Tracer | null;
	/** `LOG` and `NFLOG` rules that were met; `null` costs nothing. */
	readonly log: ExtensionHost["log"] | null;
}

const LOOPBACK = 1;
const DELIVERED: Fate = { kind: "delivered" };

export class Box {
	readonly routes: Routes;
	readonly settings: BoxSettings;
	readonly conntrack: Conntrack;
	readonly tables: LoadedTables;
	readonly outbox: Outbox;
	private readonly setup: GatewaySetup;
	readonly neighbours: Neighbours;
	private readonly listeners: Listeners;
	private readonly path: HookPath;
	private readonly replies: Replies;
	private readonly reassembly: Reassembly;
	private readonly own: LocalOutput;
	private readonly out: Output;
	/** Serves every packet that comes in: none is looked at before the one before it is done. */
	private scratch: Skb | undefined;

	/** @throws SetupError */
	constructor(setup: GatewaySetup, ports: BoxPorts) {
		this.setup = setup;
		this.routes = new Routes(setup);
		this.outbox = new Outbox(ports.clock, this.routes.interfaces);
		this.settings = new BoxSettings(setup);
		const { clock, choice } = ports;
		const nowMs = () => clock.nowMs;
		const unknown = (reason: string): never => {
			throw new UnknownSignal(reason);
		};
		this.conntrack = new Conntrack({
			nowMs,
			choice,
			sysctls: this.settings.sysctls,
			unknown,
		});
		this.neighbours = new Neighbours({
			clock,
			choice,
			answers: ports.answers,
			keep: (skb) => {
				const kept = { ...skb };
				this.conntrack.hold(kept);
				return kept;
			},
			release: (skb) => this.conntrack.release(skb),
			transmit: (skb) => this.outbox.put(skb.outInterface, packetOf(skb)),
			unreachable: (skb) => this.replies.unreachable(skb, HOST_UNREACHABLE),
		});
		this.listeners = new Listeners(setup.listeners);
		this.tables = new LoadedTables(
			createRouterPorts({
				choice,
				aside: choice.aside,
				recalled: () => choice.note("recalled"),
				nowMs,
				epochMs: setup.epochMs,
				routes: this.routes,
				conntrack: this.conntrack,
				mtu: (index) => this.mtu(index),
				named: (kind, name, create) =>
					this.tables.names.named(kind, name, create),
				reject: (skb, answer) => this.replies.reject(skb, answer),
				log: ports.log ?? (() => {}),
				unknown,
			}),
			() => this.conntrack.resume(),
		);
		this.reassembly = new Reassembly({
			clock,
			timeoutMs: () => this.settings.sysctls.get("ipv4.ipfrag_time") * 1000,
			maxDistance: () => this.settings.sysctls.get("ipv4.ipfrag_max_dist"),
			expired: (first, by) => this.replies.fragmentsExpired(first, by),
		});
		this.path = new HookPath({
			tables: this.tables,
			conntrack: this.conntrack,
			tracer: ports.tracer,
			isRoutable: (skb) => isRoutable(skb, this.routes.lookup(skb.destination)),
		});
		this.own = new LocalOutput({
			routes: this.routes,
			conntrack: this.conntrack,
			path: this.path,
			reassembly: this.reassembly,
			reassembles: () => this.tables.needsConntrack,
			mtu: (index) => this.mtu(index),
			output: (skb, route) => this.out.send(skb, route),
			deliver: (skb) => this.deliver(skb),
			route: (skb) => this.route(skb),
		});
		this.replies = new Replies({
			routes: this.routes,
			conntrack: this.conntrack,
			nowMs,
			choice,
			sysctl: (name) => this.settings.sysctls.get(name),
			ttl: () => this.settings.ttl,
			listens: (protocol, skb) => this.listens(protocol, skb),
			speaks: (protocol) => this.listeners.speaks(protocol),
			send: (skb) => this.own.sendAnswer(skb),
		});
		this.out = new Output({
			routes: this.routes,
			path: this.path,
			neighbours: this.neighbours,
			replies: this.replies,
			mtu: (index) => this.mtu(index),
		});
	}

	/**
	 * A packet comes in by an interface; by `lo`, the box itself sends it.
	 * @returns what became of it; what came out is to be had from `outbox`
	 * @throws UnknownSignal when the model does not know
	 */
	receive(interfaceIndex: number, packet: Packet): Fate {
		if (!this.routes.isUp(interfaceIndex)) return dropped("link is down");
		if (interfaceIndex === LOOPBACK) return this.own.sendRaw(skbOf(packet));
		const skb = skbOf(packet, this.scratch);
		this.scratch = skb;
		skb.inInterface = interfaceIndex;
		skb.pktType = frameType(this.routes, skb.destination, interfaceIndex);
		if (skb.fragment === null || !this.tables.needsConntrack)
			return this.enter(skb);
		const whole = this.reassembly.add(skb, "track-in");
		return typeof whole === "string" ? fragmentFate(whole) : this.enter(whole);
	}

	private enter(skb: Skb): Fate {
		const fate = this.path.pass(HOOK_PREROUTING, skb)
			? this.route(skb)
			: this.stopped();
		this.conntrack.release(skb);
		return fate;
	}

	/** To be called after tables were replaced. */
	rewire(): void {
		this.path.rewire();
	}

	setLink(interfaceIndex: number, up: boolean): void {
		this.routes.setLink(interfaceIndex, up);
		if (up) return;
		this.neighbours.forgetInterface(interfaceIndex);
		this.conntrack.masqueradeDown(interfaceIndex);
	}

	forgetNeighbour(address: Address): void {
		this.neighbours.forget(address);
	}

	private stopped(): Fate {
		return dropped(this.path.stoppedBy);
	}

	/** `ip_route_input_slow`, then to the box or through it. */
	private route(skb: Skb): Fate {
		const oddity = martian(skb);
		if (oddity !== null) return dropped(oddity);
		const route = this.routes.lookup(skb.destination);
		if ((route !== null || isForAll(skb)) && isSpoofed(this.routes, skb))
			return dropped("spoofed source");
		if (route?.type === "local") return this.deliver(skb);
		if (route?.type === "broadcast" || isForAll(skb)) return this.deliver(skb);
		if (!this.settings.forwards[skb.inInterface])
			return dropped("forwarding is off");
		if (route) return this.forward(skb, route);
		this.replies.noRoute(skb);
		return dropped("no route");
	}

	/** `ip_forward`. */
	private forward(skb: Skb, route: Route): Fate {
		// What everybody on the link was sent goes no further, wherever it is translated to.
		if (skb.pktType !== "unicast")
			return dropped("the frame was not for this box alone");
		if (skb.ttl <= 1) {
			this.replies.icmpError(skb, TIME_EXCEEDED, 0);
			return dropped("TTL exceeded");
		}
		skb.outInterface = route.interface;
		const mtu = this.mtu(route.interface);
		if (skb.length > mtu && isTooLong(skb, mtu)) {
			this.replies.unreachable(skb, FRAGMENTATION_NEEDED, mtu);
			return dropped("longer than the link's MTU");
		}
		skb.ttl--;
		skb.original = null;
		if (
			route.interface === skb.inInterface &&
			this.settings.sendsRedirects[route.interface] &&
			this.routes.isOnLink(skb.source, skb.inInterface)
		)
			throw this.redirect(route.interface);
		if (!this.path.pass(HOOK_FORWARD, skb)) return this.stopped();
		return this.out.send(skb, route);
	}

	private redirect(interfaceIndex: number): UnknownSignal {
		const name = interfaceInName(this.routes.interfaces[interfaceIndex] ?? "");
		return new UnknownSignal(
			`ICMP redirects are not modelled (ipv4.conf.all.send_redirects=0 and ipv4.conf.${name}.send_redirects=0 turn them off, both together)`,
		);
	}

	/** `ip_local_deliver` */
	private deliver(given: Skb): Fate {
		const skb =
			given.fragment === null ? given : this.reassembly.add(given, "deliver");
		if (typeof skb === "string") return fragmentFate(skb);
		if (!this.path.pass(HOOK_INPUT, skb)) return this.stopped();
		if (skb.checksum === "wrong") return dropped("wrong checksum");
		this.replies.answer(skb);
		return DELIVERED;
	}

	/** A process of the box takes the packet: whoever plays it finds it on `lo`. */
	private listens(protocol: "tcp" | "udp", skb: Skb): boolean {
		if (!this.listeners.has(protocol, skb.destinationPort)) return false;
		this.outbox.put(LOOPBACK, packetOf(skb));
		return true;
	}

	private mtu(interfaceIndex: number): number {
		return this.setup.interfaces[interfaceIndex - 2]?.mtu ?? 65536;
	}
}

function dropped(by: DroppedBy): Fate {
	return { kind: "dropped", by };
}
