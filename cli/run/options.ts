import type { IptablesVariant } from "../../lab/docker/router/router-kernel.ts";
import type { ScenarioOptions, TierKind } from "../options/scenario-options.ts";

export interface RunOptions extends ScenarioOptions {
	readonly on: TierKind;
	readonly iptables: IptablesVariant;
	readonly assume: ReadonlyMap<string, "yes" | "no" | "either">;
	readonly list: boolean;
	readonly verbose: boolean;
	readonly quiet: boolean;
}
