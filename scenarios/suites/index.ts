/** All stories that come with the project. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Scenario } from "../language/scenario.ts";
import {
	type LoadedScenario,
	type LoadOptions,
	withRules,
} from "../load/load-scenarios.ts";
import type { RulesText } from "../load/with-texts.ts";
import { readRegressions } from "../regressions/index.ts";
import { addonFacts } from "./kernel/addons.ts";
import { checksums } from "./kernel/checksums.ts";
import { clientFacts } from "./kernel/clients.ts";
import { conditionFacts } from "./kernel/condition.ts";
import { conntrackFacts } from "./kernel/conntrack.ts";
import { fragments } from "./kernel/fragments.ts";
import { kubeProxy } from "./kernel/kube-proxy.ts";
import { matchFacts } from "./kernel/matches.ts";
import { midStreamFacts } from "./kernel/mid-stream.ts";
import { ownPackets } from "./kernel/own-packets.ts";
import { ownPorts } from "./kernel/own-ports.ts";
import { races } from "./kernel/races.ts";
import { rateFacts } from "./kernel/rates.ts";
import { statisticFacts } from "./kernel/statistic.ts";
import { backendDifferences } from "./linux/backends.ts";
import { kernelDifferences } from "./linux/kernels.ts";
import { operationsOnRules } from "./linux/operations.ts";
import { programDifferences } from "./linux/programs.ts";
import { trackingDifferences } from "./linux/tcp-tracking.ts";
import { live } from "./live/live.ts";
import { liveServices } from "./live/services.ts";
import { clientsOnHost } from "./local/clients-on-host.ts";
import { programsOfUsers } from "./local/programs-of-users.ts";
import { unboundPrograms } from "./local/unbound-programs.ts";
import { workers } from "./local/workers.ts";
import { affinity } from "./recipe/affinity.ts";
import { conditions } from "./recipe/conditions.ts";
import { failover } from "./recipe/failover.ts";
import { flapping } from "./recipe/flapping.ts";
import { otherInterface } from "./recipe/other-interface.ts";
import { reload } from "./recipe/reload.ts";
import { split } from "./recipe/split.ts";
import { stuckClient } from "./recipe/stuck-client.ts";
import { tableFull } from "./recipe/table-full.ts";
import { routerTakeOver } from "./recipe/take-over.ts";
import { random, threeBackends, weights } from "./recipe/variants.ts";
import { carriers } from "./routing/carriers.ts";
import { deadNextHop } from "./routing/dead-next-hop.ts";
import { farHosts } from "./routing/far-hosts.ts";
import { hairpin } from "./routing/hairpin.ts";
import { mtus } from "./routing/mtu.ts";
import { multipath } from "./routing/multipath.ts";
import { sources } from "./routing/sources.ts";
import { uplinks } from "./routing/uplinks.ts";
import { virtualAddresses } from "./routing/virtual-address.ts";
import { defaultRoutes } from "./services/default-route.ts";
import { echoes } from "./services/echo.ts";
import { httpScenarios } from "./services/http.ts";
import { synproxies } from "./services/synproxy.ts";
import { sets } from "./sets/sets.ts";
import { dns } from "./udp/dns.ts";
import { metrics } from "./udp/metrics.ts";
import { sip } from "./udp/sip.ts";
import { tunnel } from "./udp/tunnel.ts";

/** In the order in which they teach. Rules are named by files beside them. */
const RECIPE_SCENARIOS: readonly Scenario[] = [
	...split,
	...failover,
	...affinity,
	...stuckClient,
	...reload,
	...conditions,
	...otherInterface,
	...routerTakeOver,
	...flapping,
	...tableFull,
	...threeBackends,
	...weights,
	...random,
];

/** What a kernel was seen to do, one fact each. */
const KERNEL_SCENARIOS: readonly Scenario[] = [
	...statisticFacts,
	...conditionFacts,
	...conntrackFacts,
	...midStreamFacts,
	...matchFacts,
	...rateFacts,
	...kubeProxy,
	...addonFacts,
	...ownPorts,
	...ownPackets,
	...checksums,
	...fragments,
	...races,
	...clientFacts,
];

/** Services of UDP, each with the trap that conntrack is for it. */
const UDP_SCENARIOS: readonly Scenario[] = [
	...dns,
	...tunnel,
	...sip,
	...metrics,
];

/** Routers with several uplinks, and what comes to them by each. */
const ROUTING_SCENARIOS: readonly Scenario[] = [
	...uplinks,
	...farHosts,
	...sources,
	...multipath,
	...deadNextHop,
	...carriers,
	...mtus,
	...virtualAddresses,
	...hairpin,
];

/** Programs on the gateway itself: workers that serve, and clients. */
const LOCAL_SCENARIOS: readonly Scenario[] = [
	...workers,
	...clientsOnHost,
	...programsOfUsers,
	...unboundPrograms,
];

/** Services besides mail, and hosts whose answers go elsewhere. */
const SERVICE_SCENARIOS: readonly Scenario[] = [
	...httpScenarios,
	...echoes,
	...defaultRoutes,
	...synproxies,
];

/** In what Linuxes differ, one scenario each. */
const LINUX_SCENARIOS: readonly Scenario[] = [
	...kernelDifferences,
	...trackingDifferences,
	...programDifferences,
	...backendDifferences,
	...operationsOnRules,
];

/** Those that are short enough, and leave enough room, to be played in live time. */
const LIVE_SCENARIOS: readonly Scenario[] = [...live, ...liveServices];

const RECIPE_FOLDER = fileURLToPath(new URL("./recipe/", import.meta.url));

/** The recipe as a ruleset that loads. */
export async function recipeRules(): Promise<RulesText> {
	const name = "recipe.rules";
	return { name, text: await readFile(`${RECIPE_FOLDER}${name}`, "utf8") };
}

/** All of them with their rules read. @throws ScenarioError when a replacement cannot be used @public */
export async function loadBuiltInScenarios(
	options: Pick<LoadOptions, "rules" | "keepsFaulty"> = {},
): Promise<readonly LoadedScenario[]> {
	const scenarios = [
		...RECIPE_SCENARIOS,
		...KERNEL_SCENARIOS,
		...UDP_SCENARIOS,
		...ROUTING_SCENARIOS,
		...SERVICE_SCENARIOS,
		...LOCAL_SCENARIOS,
		...LINUX_SCENARIOS,
		...sets,
		...LIVE_SCENARIOS,
		...(await readRegressions()),
	];
	return Promise.all(
		scenarios.map((scenario) =>
			withRules(scenario, RECIPE_FOLDER, { ...options, file: "" }),
		),
	);
}
