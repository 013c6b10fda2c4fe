import { defineTarget } from "../extension/extension.ts";
import { EPROTOTYPE } from "../extension/kernel-refusal.ts";

interface Options {
	readonly protocol: number;
	readonly stopAtFrag: boolean;
	readonly stopAtAuth: boolean;
}

/** Writes the protocol into the IP header (xtables-addons 3.23: libxt_PROTO.c, xt_PROTO.c). */
export const proto = defineTarget<Options>({
	name: "PROTO",
	flagCodes: { "stop-at-frag": 1, "stop-at-auth": 2 },
	library: { package: "xtables-addons" },
	tables: ["mangle"],
	options: [
		{ name: "proto-set", type: "uint8", mandatory: true },
		{ name: "stop-at-frag", type: "none" },
		{ name: "stop-at-auth", type: "none" },
	],
	checkFirst(given) {
		if (!given.has("proto-set"))
			given.refuse(
				"PROTO: You must specify the proto to be set",
				"Say `--proto-set 17`.",
			);
	},
	build: (given) => ({
		protocol: given.get("proto-set", "uint8")?.value ?? 0,
		stopAtFrag: given.has("stop-at-frag"),
		stopAtAuth: given.has("stop-at-auth"),
	}),
	print: ({ protocol, stopAtFrag, stopAtAuth }) =>
		[
			` --proto-set ${protocol}`,
			stopAtFrag ? " --stop-at-frag" : "",
			stopAtAuth ? " --stop-at-auth" : "",
		].join(""),
	/** `proto_tg_check` */
	check: ({ stopAtFrag, stopAtAuth }) =>
		stopAtFrag || stopAtAuth
			? {
					error: EPROTOTYPE,
					reason:
						"xt_PROTO: Must not specify stop-at-frag and stop-at-auth on non-ipv6 targets",
				}
			: null,
	compile: null,
});
