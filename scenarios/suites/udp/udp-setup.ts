/** The recipe's router in front of a service of UDP, and rules that balance it by turns. */
import {
	type RecipeOverrides,
	recipeSetup,
	type ServiceOptions,
	service,
} from "../../language/build/build.ts";
import type { Setup } from "../../language/scenario.ts";

type Served = Pick<ServiceOptions, "port" | "speaks"> & {
	readonly name: string;
};

/** `10.0.0.1` at that port. */
export function udpSetup(
	{ name, port, speaks }: Served,
	rules: string,
	overrides: RecipeOverrides = {},
): Setup {
	return recipeSetup({
		...overrides,
		ruleset: { name: `${name}.rules`, text: rules },
		services: [
			service(name, {
				protocol: "udp",
				address: "10.0.0.1",
				port,
				...(speaks === undefined ? {} : { speaks }),
			}),
		],
	});
}

/** Every other flow goes to backend 1, the rest to backend 2. */
export function turns(port: number): string {
	return nat(
		`-A PREROUTING -d 10.0.0.1/32 -p udp --dport ${port} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1`,
		onlyTo(2, port),
	);
}

/** The rule that leads all flows to one backend. */
export function onlyTo(backend: 1 | 2, port: number): string {
	return `-A PREROUTING -d 10.0.0.1/32 -p udp --dport ${port} -j DNAT --to-destination 192.168.0.${backend}`;
}

/** The nat table with these rules. */
export function nat(...rules: readonly string[]): string {
	return ["*nat", ...rules, "COMMIT", ""].join("\n");
}
