/** What a scenario says of its gateway, as a machine would tell it. */
import type { PlayableScenario } from "../../language/scenario.ts";
import type { GivenWorld } from "../world/assumed-world.ts";

export function givenOfScenario({
	gateway,
	assume,
}: Pick<PlayableScenario["setup"], "gateway" | "assume">): GivenWorld {
	const { interfaces, routes, sysctls, linux, ip, sets, geoip } = gateway;
	return {
		interfaces,
		routes,
		sysctls,
		markRoutes: null,
		hasRoutingRules: true,
		notes: [],
		...(linux === undefined ? {} : { linux }),
		...(ip === undefined ? {} : { ip }),
		...(sets === undefined ? {} : { sets }),
		...(geoip === undefined ? {} : { geoip }),
		...(assume === undefined ? {} : { assume }),
	};
}
