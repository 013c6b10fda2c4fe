/**
 * What the box itself sends (`ip_local_out`, net/ipv4/ip_output.c, 6.1): answers of its stack, and
 * whatever a program sends as it is.
 */
import type { Conntrack } from "../../conntrack/conntrack.ts";
import { type Fate, fragmentFate } from "../../contract/gateway.ts";
import type { HookPath } from "../../netfilter/hook-path.ts";
import { UnknownSignal } from "../../netfilter/unknown-signal.ts";
import {
	CTINFO_UNTRACKED,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_PREROUTING,
	type Skb,
} from "../../packet/skb/skb.ts";
import { comeRound } from "../fragments/fragmentation.ts";
import type { Reassembly } from "../fragments/reassembly.ts";
import { fillSource, isRoutable, refusal } from "./own-packets.ts";
import type { Route, Routes } from "./routes.ts";

const LOOPBACK = 1;

export interface LocalOutputPorts {
	readonly routes: Routes;
	readonly conntrack: Conntrack;
	readonly path: HookPath;
	readonly reassembly: Reassembly;
	/** Are fragments put together before any table sees them? */
	reassembles(): boolean;
	mtu(interfaceIndex: number): number;
	/** On the way out, behind OUTPUT. */
	output(skb: Skb, route: Route): Fate;
	/** It is for the box itself. */
	deliver(skb: Skb): Fate;
	/** It came back by the loopback interface, and has lost its route. */
	route(skb: Skb): Fate;
}

export class LocalOutput {
	private readonly ports: LocalOutputPorts;

	constructor(ports: LocalOutputPorts) {
		this.ports = ports;
	}

	/** A program of the box's sends it as it is. */
	sendRaw(skb: Skb): Fate {
		const { routes, mtu, reassembly, reassembles } = this.ports;
		const route = routes.lookup(skb.destination);
		const refused = refusal(skb, route, mtu(outOf(route)));
		if (refused !== null || route === null)
			return { kind: "dropped", by: refused ?? "no route" };
		if (skb.source === 0) fillSource(skb, route.source);
		if (skb.fragment === null || !reassembles()) return this.send(skb);
		const whole = reassembly.add(skb, "track-out");
		return typeof whole === "string" ? fragmentFate(whole) : this.send(whole);
	}

	/** The stack of the box sends it: its source is looked up with it, unlike a program's own header. */
	sendAnswer(skb: Skb): void {
		const { routes, conntrack } = this.ports;
		if (isRoutable(skb, routes.lookup(skb.destination))) this.send(skb);
		else conntrack.release(skb);
	}

	private send(skb: Skb): Fate {
		const fate = this.through(skb);
		this.ports.conntrack.release(skb);
		return fate;
	}

	private through(skb: Skb): Fate {
		const { routes, path, output } = this.ports;
		skb.local = true;
		const before = routes.lookup(skb.destination);
		if (!before) return { kind: "dropped", by: "no route" };
		const { destination } = skb;
		skb.outInterface = outOf(before);
		if (!path.pass(HOOK_OUTPUT, skb)) return this.stopped();
		// Where there is none, it was stopped when it was changed.
		const route =
			skb.destination === destination
				? before
				: (routes.lookup(skb.destination) as Route);
		// It comes back by itself (ip_mc_output).
		if (route.type === "broadcast")
			throw new UnknownSignal(
				"what the box itself sends to all of a network is not modelled",
			);
		if (route.type === "local") return this.comeBack(skb);
		// What was to stay in the box has no room for the headers of a link.
		if (skb.cameAs !== null && before.type === "local")
			skb.cameAs = { ...skb.cameAs, lengths: [] };
		skb.outInterface = route.interface;
		return output(skb, route);
	}

	/** Out by the loopback interface, and in again. */
	private comeBack(skb: Skb): Fate {
		const { path, deliver, route } = this.ports;
		skb.outInterface = LOOPBACK;
		if (skb.cameAs !== null && skb.ctinfo === CTINFO_UNTRACKED)
			throw new UnknownSignal(
				"fragments that the box sends to itself untracked are not modelled",
			);
		if (!path.pass(HOOK_POSTROUTING, skb)) return this.stopped();
		comeRound(skb);
		skb.inInterface = LOOPBACK;
		skb.outInterface = 0;
		const target = skb.destination;
		if (!path.pass(HOOK_PREROUTING, skb)) return this.stopped();
		// It brings its route along, unless a translation made it lose it (nf_nat_ipv4_pre_routing).
		return skb.destination === target ? deliver(skb) : route(skb);
	}

	private stopped(): Fate {
		return { kind: "dropped", by: this.ports.path.stoppedBy };
	}
}

/** What is for the box itself leaves it by the loopback interface. */
function outOf(route: Route | null): number {
	return route === null || route.type === "local" ? LOOPBACK : route.interface;
}
