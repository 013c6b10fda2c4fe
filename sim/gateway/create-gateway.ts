import type { NotedChoice } from "../chance/noted.ts";
import { TimerQueue } from "../clock/timer-queue.ts";
import { Conntrack } from "../conntrack/conntrack.ts";
import type { GatewaySetup } from "../contract/gateway.ts";
import type { Ruleset } from "../contract/ruleset.ts";
import { SetupError } from "../contract/setup-error.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import type { Assume, Decide, ExtensionHost } from "../extension/host.ts";
import { behaviourOf } from "../linux/behaviour.ts";
import { DEFAULT_LINUX } from "../linux/linux.ts";
import { LABEL_STATE } from "../matches/connlabel.ts";
import { LoadedTables } from "../netfilter/loaded-tables.ts";
import type { Tracer } from "../netfilter/netfilter.ts";
import { Routes } from "../routing/routes.ts";
import { restoreSets } from "../sets/command/restore.ts";
import { IpSets, type SetsHost } from "../sets/ip-sets.ts";
import { extensionHost, type HostParts } from "./extension-host.ts";
import { answerSegment } from "./icmp/answer.ts";
import { freshIcmpLimits } from "./icmp/icmp-limits.ts";
import { nfReject } from "./icmp/reject.ts";
import { neighHasFailed, noNeighbours } from "./ip/neighbours.ts";
import { setUpIp } from "./ip-command.ts";
import { isWrittenBy, usesOfSet } from "./sets-of-rules.ts";
import type { GatewayState, TimerTask } from "./state/gateway-state.ts";
import { OwnPorts } from "./state/own-ports.ts";
import { Settings } from "./state/settings.ts";
import { SynCookies } from "./state/syn-cookies.ts";
import { synproxy, synproxyHook } from "./synproxy/synproxy.ts";

/** What a gateway finds around it. */
export interface Surroundings {
	/** Virtual time at which it starts. */
	readonly nowMs: number;
	readonly choice: NotedChoice;
	/** Hosts that do not answer ARP, each as `interface address`; looked at whenever it asks. */
	readonly silentHosts: ReadonlySet<string>;
	/** Hears of every rule that a packet matches; `null` costs nothing. */
	readonly tracer: Tracer | null;
	/** Answers the questions of matches; left out: they answer themselves. */
	readonly decide?: Decide | undefined;
	/** See `ExtensionHost`. */
	readonly standsForAny?: ExtensionHost["standsForAny"];
	readonly asksWhoCame?: ExtensionHost["asksWhoCame"];
	/** Answers for matches that the model does not know; left out: they stay unknown. */
	readonly assume?: Assume | undefined;
	/** See `LoadedTables`. */
	readonly leastIndexed?: number | undefined;
}

/**
 * A gateway that has just started: no table is loaded, no packet was seen.
 * @throws SetupError
 */
export function createGateway(
	setup: GatewaySetup,
	surroundings: Surroundings,
): GatewayState {
	const { nowMs, choice, tracer, decide } = surroundings;
	const behaviour = behaviourOf(setup.linux ?? DEFAULT_LINUX);
	const settings = new Settings(setup, behaviour);
	const routes = new Routes(setup, {
		choice,
		settings,
		lowestAddress: behaviour.lowestAddress,
		hopChosen: notingHops(surroundings),
		hasFailed: (index, address) => neighHasFailed(gateway, index, address),
	});
	const heedLinks = () => routes.heed(settings.ignoresLinkDown);
	settings.sysctls.watch(heedLinks);
	heedLinks();
	const timers = new TimerQueue<TimerTask>(nowMs);
	const conntrack = new Conntrack({
		clock: timers,
		choice,
		sysctls: settings.sysctls,
		behaviour,
		labels: () => gateway.tables.names.has(LABEL_STATE, ""),
		unknown,
	});
	const ownPorts = new OwnPorts(setup.listeners);
	const sets: IpSets = new IpSets({
		nowMs: () => timers.nowMs,
		interfaces: routes.interfaces,
		unknown,
		behaviour,
		isAssuming: surroundings.assume !== undefined && decide === undefined,
		...usesBy(() => gateway.tables.now()),
	});
	const given = { behaviour, setup, routes, conntrack, ownPorts, sets };
	const parts: HostParts = { ...given, choice, timers, tracer };
	const gateway: GatewayState = {
		setup,
		behaviour,
		settings,
		ownPorts,
		sets,
		takesEveryWay: decide !== undefined,
		routes,
		conntrack,
		tables: new LoadedTables(
			extensionHost(
				parts,
				{
					reject: (skb, answer) => nfReject(gateway, skb, answer),
					proxySyn: (skb, offer) => synproxy(gateway, skb, offer),
					answer: (skb, fields) => answerSegment(gateway, skb, fields),
				},
				surroundings,
			),
			() => conntrack.resume(),
			behaviour.ruleState,
			surroundings.leastIndexed,
		),
		hooks: null,
		tracer,
		choice,
		silentHosts: surroundings.silentHosts,
		timers,
		neighbours: noNeighbours(),
		fragments: { waiting: new Map(), sentBy: new Map() },
		icmpLimits: freshIcmpLimits(),
		synCookies: new SynCookies(),
		proxyHook: (skb) => synproxyHook(gateway, skb),
		...noPackets(),
		received: undefined,
		sent: undefined,
		forwarded: routes.interfaces.map((name) => ({
			kind: "forwarded",
			interface: name,
		})),
	};
	setUpIp(gateway, setup.ip ?? []);
	restoreGiven(sets, setup);
	return gateway;
}

/** How the rules that are loaded use a set. */
function usesBy(
	rules: () => Ruleset,
): Pick<SetsHost, "usesInRules" | "isWrittenByRules"> {
	return {
		usesInRules: (name) => usesOfSet(rules(), name),
		isWrittenByRules: (name, how) => isWrittenBy(rules(), name, how),
	};
}

/** What is hashed has another hash in each gateway: the key is made when it starts. */
function notingHops({ choice, nowMs }: Surroundings) {
	return (key: string) =>
		choice.note({ kind: "next-hop", key: `${nowMs} ${key}` });
}

/** None on its way, and none has been. */
function noPackets(): Pick<
	GatewayState,
	"made" | "backlog" | "held" | "emissions" | "cameBack"
> {
	return { made: [], backlog: [], held: [], emissions: [], cameBack: 0 };
}

function unknown(reason: string): never {
	throw new UnknownSignal(reason);
}

/** @throws SetupError for sets that ipset refuses */
function restoreGiven(sets: IpSets, { sets: text }: GatewaySetup): void {
	if (text === undefined) return;
	try {
		const outcome = restoreSets(sets, text, false);
		if (!outcome.ok)
			throw new SetupError(outcome.message, null, {
				place: "gateway.sets",
				remedy:
					"ipset refuses the text in these words. Write what `ipset save` prints.",
			});
	} catch (error) {
		if (!(error instanceof UnknownSignal)) throw error;
		throw new SetupError(`gateway.sets: ${error.reason}`);
	}
}
