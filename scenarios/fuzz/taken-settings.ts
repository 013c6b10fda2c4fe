/** Settings of a case, as far as its kernel takes them. */
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import { gatewayChoice } from "../run/set-up.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { gatewaySetup } from "./world/topology.ts";

/** Without settings that this kernel does not have, or refuses: nothing is set up with them. */
export function takenBy(
	linux: Linux | null,
	sysctls: FuzzCase["sysctls"],
): FuzzCase["sysctls"] {
	const gateway = new ModelGateway(gatewaySetup({}, { linux }), {
		choice: gatewayChoice(1),
	});
	return Object.fromEntries(
		Object.entries(sysctls).filter(
			([name, value]) => gateway.operate({ kind: "sysctl", name, value }).ok,
		),
	);
}
