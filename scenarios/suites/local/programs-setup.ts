/** A host that serves by itself, with its workers on ports of its own, between clients outside and hosts inside. */
import {
	backendAt,
	clientAt,
	INSIDE,
	OUTSIDE,
	type RecipeOverrides,
	recipeSetup,
} from "../../language/build/build.ts";
import type { Setup } from "../../language/scenario.ts";

export const OWN = "198.51.100.5";
export const LOOPBACK = "lo";

/** A program of the host's own that listens, at all addresses unless one is given. */
export function worker(
	name: string,
	port: number,
	more: Parameters<typeof backendAt>[2] & { readonly at?: string } = {},
) {
	const { at = "0.0.0.0", ...rest } = more;
	return backendAt(name, at, { interface: LOOPBACK, port, ...rest });
}

/** Clients outside, each with an address of its own. */
export function clients(count: number) {
	return Array.from({ length: count }, (_, index) =>
		clientAt(`c${index + 1}`, `198.51.100.${20 + index}`),
	);
}

/** The host: 198.51.100.5 outside, 192.168.0.254 inside. */
export function hostSetup(
	rules: string,
	{ gateway, ...more }: RecipeOverrides,
): Setup {
	return recipeSetup({
		ruleset: { name: "local.rules", text: rules },
		gateway: {
			interfaces: [
				{ name: OUTSIDE, addresses: [`${OWN}/24`], mtu: 1500 },
				{ name: INSIDE, addresses: ["192.168.0.254/24"], mtu: 1500 },
			],
			...gateway,
		},
		...(more.services ? {} : { service: { address: OWN, port: 80 } }),
		clients: clients(1),
		backends: [],
		...more,
	});
}

/** Rules of a table. */
export function table(name: string, ...rules: readonly string[]): string {
	return [`*${name}`, ...rules, "COMMIT", ""].join("\n");
}
