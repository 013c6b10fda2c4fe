import { defineTarget } from "../extension/extension.ts";
import { UDP } from "../packet/packet.ts";

/** Sends a datagram back (xtables-addons 3.23: libxt_ECHO.c, xt_ECHO.c). */
export const echo = defineTarget<object>({
	name: "ECHO",
	library: { package: "xtables-addons" },
	ends: "drops",
	tables: ["filter"],
	protocols: [UDP],
	options: [],
	takesUnknown: true,
	build: () => ({}),
	print: () => "",
	compile: null,
});
