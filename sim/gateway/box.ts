/**
 * One router: packets come in, walk through hooks and routing, and leave, die or are answered. The
 * path is that of net/ipv4/{ip_input,ip_forward,ip_output,route}.c, 6.1.
 */
import type { Choice } from "../chance/choice.ts";
import type { Clock } from "../clock/clock.ts";
import { Conntrack } from "../conntrack/conntrack.ts";
import { Sysctls } from "../conntrack/sysctls.ts";
import type { RejectAnswer, RouterPorts } from "../extension/ports.ts";
import { HOOK_ENTRIES } from "../netfilter/hooks.ts";
import { lastPlace, type Tracer, traverse } from "../netfilter/traverse.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import { type Address, ICMP, type Packet, TCP, UDP } from "../packet/packet.ts";
import {
	HOOK_FORWARD,
	HOOK_INPUT,
	HOOK_NAMES,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_PREROUTING,
	NF_ACCEPT,
	NO_ENTRY,
	type Skb,
} from "../packet/skb.ts";
import { packetOf, skbOf } from "../packet/skb-packet.ts";
import * as answers from "./answers.ts";
import type { Emission, Fate, GatewaySetup } from "./gateway.ts";
import { IcmpLimits } from "./icmp-limits.ts";
import { LoadedTables } from "./loaded-tables.ts";
import { Neighbours } from "./neighbours.ts";
import { type Route, Routes, SetupError } from "./routes.ts";

export interface BoxPorts {
	readonly clock: Clock;
	readonly choice: Choice;
	/** Does this address answer ARP on this interface right now? */
	answers(interfaceIndex: number, address: Address): boolean;
	/** Called for every rule that a packet matches; `null` costs nothing. */
	readonly tracer: Tracer | null;
	/** `LOG` and `NFLOG` rules that were met; `null` costs nothing. */
	readonly log: RouterPorts["log"] | null;
}

/** One function at a hook, and what to say when it stops a packet. */
interface HookStep {
	readonly run: (skb: Skb) => number;
	readonly by: () => string;
}

const LOOPBACK = 1;
const DELIVERED: Fate = { kind: "delivered" };
const QUEUED: Fate = { kind: "queued" };

export class Box {
	readonly routes: Routes;
	readonly sysctls = new Sysctls();
	readonly conntrack: Conntrack;
	readonly tables: LoadedTables;
	/** What came out since it was last taken. */
	private emitted: Emission[] = [];
	private readonly setup: GatewaySetup;
	private readonly ports: BoxPorts;
	private readonly neighbours: Neighbours;
	private readonly limits: IcmpLimits;
	private readonly listeners: ReadonlySet<string>;
	private forwarding = false;
	private sendsRedirects = false;
	private defaultTtl = 64;
	private path: readonly (readonly HookStep[])[] = [];
	/** Who stopped the last packet that was stopped. */
	private stoppedBy = "";
	/** Serves every packet that comes in: none is looked at before the one before it is done. */
	private scratch: Skb | undefined;
	private readonly forwardedBy: readonly Fate[];

	/** @throws SetupError */
	constructor(setup: GatewaySetup, ports: BoxPorts) {
		this.setup = setup;
		this.ports = ports;
		this.routes = new Routes(setup);
		this.forwardedBy = this.routes.interfaces.map((name) => ({
			kind: "forwarded",
			interface: name,
		}));
		for (const [name, value] of Object.entries(setup.sysctls)) {
			const outcome = this.sysctls.set(name, value);
			if (!outcome.ok) throw new SetupError(outcome.message);
		}
		this.sysctls.watch(() => this.readSysctls());
		this.readSysctls();
		const { clock, choice } = ports;
		const nowMs = () => clock.nowMs;
		const unknown = (reason: string): never => {
			throw new UnknownSignal(reason);
		};
		this.conntrack = new Conntrack({
			nowMs,
			choice,
			sysctls: this.sysctls,
			unknown,
		});
		this.limits = new IcmpLimits({
			nowMs,
			choice,
			sysctl: (name) => this.sysctls.get(name),
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
			transmit: (skb) => this.emit(skb.outInterface, packetOf(skb)),
			unreachable: (skb) =>
				this.icmpError(
					skb,
					answers.DESTINATION_UNREACHABLE,
					answers.HOST_UNREACHABLE,
				),
		});
		this.listeners = new Set(
			setup.listeners.map(({ protocol, port }) => `${protocol} ${port}`),
		);
		this.tables = new LoadedTables(this.routerPorts(nowMs, unknown));
		this.rewire();
	}

	/** Settings that every packet needs. */
	private readSysctls(): void {
		this.forwarding = this.sysctls.get("ipv4.ip_forward") === 1;
		this.sendsRedirects =
			this.sysctls.get("ipv4.conf.all.send_redirects") === 1;
		this.defaultTtl = this.sysctls.get("ipv4.ip_default_ttl");
	}

	get hasEmissions(): boolean {
		return this.emitted.length > 0;
	}

	/** What came out since the last call, in order. */
	takeEmissions(): readonly Emission[] {
		const { emitted } = this;
		if (emitted.length > 0) this.emitted = [];
		return emitted;
	}

	/**
	 * A packet comes in by an interface; by `lo`, the box itself sends it.
	 * @returns what became of it; what came out is to be had from `takeEmissions`
	 * @throws UnknownSignal when the model does not know
	 */
	receive(interfaceIndex: number, packet: Packet): Fate {
		if (!this.routes.isUp(interfaceIndex)) return dropped("link is down");
		if (interfaceIndex === LOOPBACK) return this.sendOut(skbOf(packet));
		const skb = skbOf(packet, this.scratch);
		this.scratch = skb;
		skb.inInterface = interfaceIndex;
		skb.pktType = this.frameType(skb.destination, interfaceIndex);
		const fate = this.passHook(HOOK_PREROUTING, skb)
			? this.route(skb)
			: this.stopped();
		this.conntrack.release(skb);
		return fate;
	}

	/** To be called after tables were replaced: finds out anew what stands at which hook. */
	rewire(): void {
		const { tracer } = this.ports;
		const { tables, conntrack } = this;
		const tracks = tables.needsConntrack;
		const path: HookStep[][] = HOOK_NAMES.map(() => []);
		for (const entry of HOOK_ENTRIES) {
			for (const name of entry.hooks) {
				const hook = HOOK_NAMES.indexOf(name);
				const steps = path[hook] as HookStep[];
				const { function: at } = entry;
				if (at.kind === "table" || at.kind === "nat") {
					const program = tables.program(at.kind === "nat" ? "nat" : at.table);
					if (!program) continue;
					const rules = (skb: Skb) => traverse(program, hook, skb, tracer);
					const run =
						at.kind === "nat"
							? (skb: Skb) => conntrack.translate(skb, rules)
							: rules;
					if (at.kind === "nat" && !tracks) continue;
					steps.push({ run, by: () => lastPlace(program) });
				} else if (tracks) {
					const run =
						at.kind === "confirm"
							? (skb: Skb) => conntrack.confirm(skb)
							: // Seen before: on the loopback interface, or an answer that belongs to a connection.
								(skb: Skb) =>
									skb.entry === NO_ENTRY ? conntrack.incoming(skb) : NF_ACCEPT;
					steps.push({ run, by: () => "conntrack" });
				}
			}
		}
		this.path = path;
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

	/** Runs all functions of a hook; where it was stopped is left in `stoppedBy`. */
	private passHook(hook: number, skb: Skb): boolean {
		skb.hook = hook;
		const steps = this.path[hook] as readonly HookStep[];
		for (let index = 0; index < steps.length; index++) {
			const step = steps[index] as HookStep;
			const verdict = step.run(skb);
			if (verdict === NF_ACCEPT) continue;
			if (verdict > NF_ACCEPT)
				throw new UnknownSignal("packets handed to programs are not modelled");
			this.stoppedBy = step.by();
			return false;
		}
		return true;
	}

	private stopped(): Fate {
		return dropped(this.stoppedBy);
	}

	/** `ip_route_input_slow`, then to the box or through it. */
	private route(skb: Skb): Fate {
		const martian = this.martian(skb);
		if (martian) return dropped(martian);
		const route = this.routes.lookup(skb.destination);
		if (route?.type === "local") return this.deliver(skb);
		if (route?.type === "broadcast" || isForAll(skb)) return this.deliver(skb);
		if (!this.forwarding) return dropped("forwarding is off");
		if (!route) {
			if (this.limits.allowRouteError(skb.source))
				this.icmpError(
					skb,
					answers.DESTINATION_UNREACHABLE,
					answers.NET_UNREACHABLE,
				);
			return dropped("no route");
		}
		return this.forward(skb, route);
	}

	/** How hosts on the link address the frame of a packet to `destination`. */
	private frameType(destination: Address, from: number): Skb["pktType"] {
		if (destination === LIMITED_BROADCAST) return "broadcast";
		if (isMulticast(destination)) return "multicast";
		return this.routes.isBroadcastOn(destination, from)
			? "broadcast"
			: "unicast";
	}

	/** Addresses that cannot be: why the packet is dropped, or `null`. */
	private martian(skb: Skb): string | null {
		const { source, destination } = skb;
		if (isMulticast(destination))
			throw new UnknownSignal("multicast is not modelled");
		if (isMulticast(source) || source === LIMITED_BROADCAST)
			return "martian source";
		// Who asks for an address has none yet (DHCP).
		if (source === 0) return isForAll(skb) ? null : "martian source";
		if (destination === 0 || destination >>> 24 === 127)
			return "martian destination";
		// fib_validate_source: nobody else sends from the box's own addresses.
		return source >>> 24 === 127 || this.routes.lookup(source)?.type === "local"
			? "martian source"
			: null;
	}

	/** Nobody answers for himself to what was sent to everybody. */
	private isForMany(skb: Skb): boolean {
		return skb.pktType !== "unicast" || this.isBroadcast(skb.destination);
	}

	private isBroadcast(destination: Address): boolean {
		return (
			destination === LIMITED_BROADCAST ||
			this.routes.lookup(destination)?.type === "broadcast"
		);
	}

	/** `ip_forward`. */
	private forward(skb: Skb, route: Route): Fate {
		if (skb.ttl <= 1) {
			this.icmpError(skb, answers.TIME_EXCEEDED, 0);
			return dropped("TTL exceeded");
		}
		skb.outInterface = route.interface;
		const mtu = this.mtu(route.interface);
		if (skb.length > mtu) {
			if (!skb.dontFragment)
				throw new UnknownSignal("fragmentation is not modelled");
			this.icmpError(
				skb,
				answers.DESTINATION_UNREACHABLE,
				answers.FRAGMENTATION_NEEDED,
				mtu,
			);
			return dropped("longer than the link's MTU");
		}
		skb.ttl--;
		skb.original = null;
		if (
			route.interface === skb.inInterface &&
			this.sendsRedirects &&
			this.routes.isOnLink(skb.source, skb.inInterface)
		)
			throw new UnknownSignal(
				"ICMP redirects are not modelled (ipv4.conf.all.send_redirects=0 turns them off)",
			);
		if (!this.passHook(HOOK_FORWARD, skb)) return this.stopped();
		return this.output(skb, route);
	}

	/** `ip_output`: the last hook, then the neighbour. */
	private output(skb: Skb, route: Route): Fate {
		if (!this.passHook(HOOK_POSTROUTING, skb)) return this.stopped();
		if (!this.routes.isUp(route.interface)) return dropped("link is down");
		const sent = this.neighbours.send(skb, route.via ?? skb.destination);
		return sent ? (this.forwardedBy[route.interface] as Fate) : QUEUED;
	}

	/** `ip_local_deliver`, and what the box's own stack answers. */
	private deliver(skb: Skb): Fate {
		if (!this.passHook(HOOK_INPUT, skb)) return this.stopped();
		const ttl = this.defaultTtl;
		switch (skb.protocol) {
			case TCP: {
				if (this.listens("tcp", skb)) break;
				const reset = answers.resetFor(skb, skb.tos, ttl);
				if (reset && !this.isForMany(skb)) this.sendOut(skbOf(reset));
				break;
			}
			case UDP:
				if (!this.listens("udp", skb))
					this.icmpError(
						skb,
						answers.DESTINATION_UNREACHABLE,
						answers.PORT_UNREACHABLE,
					);
				break;
			case ICMP:
				// icmp_echo_ignore_broadcasts
				if (skb.icmpType === answers.ECHO_REQUEST && !this.isForMany(skb))
					this.sendOut(skbOf(answers.echoReplyFor(skb, ttl)));
				if (skb.icmpType === answers.TIMESTAMP_REQUEST)
					throw new UnknownSignal("ICMP timestamp replies are not modelled");
				break;
			default:
				this.icmpError(
					skb,
					answers.DESTINATION_UNREACHABLE,
					answers.PROTOCOL_UNREACHABLE,
				);
		}
		return DELIVERED;
	}

	/** A process of the box takes the packet: whoever plays it finds it on `lo`. */
	private listens(protocol: "tcp" | "udp", skb: Skb): boolean {
		if (!this.listeners.has(`${protocol} ${skb.destinationPort}`)) return false;
		this.emit(LOOPBACK, packetOf(skb));
		return true;
	}

	/** `ip_local_out`: a packet of the box's own. */
	private sendOut(skb: Skb): Fate {
		const fate = this.sendLocal(skb);
		this.conntrack.release(skb);
		return fate;
	}

	private sendLocal(skb: Skb): Fate {
		skb.local = true;
		const before = this.routes.lookup(skb.destination);
		if (!before) return dropped("no route");
		const { destination } = skb;
		skb.outInterface = before.type === "local" ? LOOPBACK : before.interface;
		if (!this.passHook(HOOK_OUTPUT, skb)) return this.stopped();
		// A rule may have sent it elsewhere (ip_route_me_harder).
		const route =
			skb.destination === destination
				? before
				: this.routes.lookup(skb.destination);
		if (!route) return dropped("no route");
		if (route.type !== "local") {
			skb.outInterface = route.interface;
			return this.output(skb, route);
		}
		skb.outInterface = LOOPBACK;
		if (!this.passHook(HOOK_POSTROUTING, skb)) return this.stopped();
		skb.inInterface = LOOPBACK;
		skb.outInterface = 0;
		skb.mark = 0;
		return this.passHook(HOOK_PREROUTING, skb)
			? this.deliver(skb)
			: this.stopped();
	}

	/** `icmp_send`. */
	private icmpError(skb: Skb, type: number, code: number, rest = 0): void {
		if (this.isForMany(skb) || answers.isIcmpError(skb)) return;
		const back = this.routes.lookup(skb.source);
		if (!back || !this.limits.allow(skb.source, type, code)) return;
		const to = this.routes.lookup(skb.destination);
		const source = to?.type === "local" ? skb.destination : back.source;
		const ttl = this.defaultTtl;
		const answer = skbOf(
			answers.icmpErrorFor(skb, { type, code, rest, source, ttl }),
		);
		this.conntrack.attach(answer, skb);
		this.sendOut(answer);
	}

	/** `nf_send_reset`, `nf_send_unreach`. */
	private reject(skb: Skb, answer: RejectAnswer): void {
		if (answer !== "tcp-reset") {
			// What answers echoes holds the lock that errors need (icmp_xmit_lock).
			if (skb.hook === HOOK_OUTPUT && answers.isEchoReply(skb)) return;
			// Of protocols that it does not know, the kernel takes octets for right only if they sum up.
			if (!answers.isSummed(skb)) return;
			this.icmpError(
				skb,
				answers.DESTINATION_UNREACHABLE,
				REJECT_CODES[answer],
			);
			return;
		}
		const reset = answers.resetFor(skb, 0, this.defaultTtl);
		if (!reset || this.isForMany(skb)) return;
		const made = skbOf(reset);
		this.conntrack.attach(made, skb);
		this.conntrack.setClosing(skb);
		this.sendOut(made);
	}

	private emit(interfaceIndex: number, packet: Packet): void {
		const name = this.routes.interfaces[interfaceIndex] as string;
		this.emitted.push({
			atMs: this.ports.clock.nowMs,
			interface: name,
			packet,
		});
	}

	/** `rt_nexthop`. */
	private nextHop(destination: Address): Address {
		return this.routes.lookup(destination)?.via ?? destination;
	}

	private mtuTowards(address: Address): number {
		return this.mtu(this.routes.lookup(address)?.interface ?? LOOPBACK);
	}

	private mtu(interfaceIndex: number): number {
		return this.setup.interfaces[interfaceIndex - 2]?.mtu ?? 65536;
	}

	private routerPorts(
		nowMs: () => number,
		unknown: RouterPorts["unknown"],
	): RouterPorts {
		const log = this.ports.log;
		return {
			choice: this.ports.choice,
			nowMs,
			epochMs: this.setup.epochMs,
			interfaces: this.routes.interfaces,
			conntrack: this.conntrack,
			nat: this.conntrack,
			named: (kind, name, create) =>
				this.tables.names.named(kind, name, create),
			addressType: (address, index) => this.routes.typeOf(address, index),
			interfaceAddress: (index, destination) =>
				this.routes.addressOf(index, this.nextHop(destination)),
			pathMtu: (skb) =>
				Math.min(this.mtuTowards(skb.destination), this.mtuTowards(skb.source)),
			reject: (skb, answer) => this.reject(skb, answer),
			log: log ?? (() => {}),
			written: (skb) => {
				skb.original = null;
			},
			unknown,
		};
	}
}

const REJECT_CODES: Readonly<
	Record<Exclude<RejectAnswer, "tcp-reset">, number>
> = {
	"icmp-net-unreachable": 0,
	"icmp-host-unreachable": 1,
	"icmp-proto-unreachable": 2,
	"icmp-port-unreachable": 3,
	"icmp-net-prohibited": 9,
	"icmp-host-prohibited": 10,
	"icmp-admin-prohibited": 13,
};

const LIMITED_BROADCAST = -1;

function isMulticast(address: Address): boolean {
	return (address & 0xf0000000) === 0xe0000000 - 0x100000000;
}

/** Everybody on the link, as those say who know no address yet, neither another's nor their own. */
function isForAll({ source, destination }: Skb): boolean {
	return (
		destination === LIMITED_BROADCAST || (source === 0 && destination === 0)
	);
}

function dropped(by: string): Fate {
	return { kind: "dropped", by };
}
