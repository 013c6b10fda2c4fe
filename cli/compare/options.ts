import type { IptablesVariant } from "../../lab/docker/router/router-kernel.ts";
import type { ScenarioOptions, TierKind } from "../options/scenario-options.ts";

export interface CompareOptions extends ScenarioOptions {
	readonly with: Exclude<TierKind, "model">;
	readonly iptables: IptablesVariant;
	readonly verbose: boolean;
}
