import { defineTarget } from "../extension/extension.ts";
import { UDP } from "../packet/packet.ts";

const UDP_LITE = 136;

/** Does what a datagram with the password says (xtables-addons 3.23: libxt_SYSRQ.c, xt_SYSRQ.c). */
export const sysrq = defineTarget<object>({
	name: "SYSRQ",
	library: { package: "xtables-addons" },
	options: [],
	takesUnknown: true,
	build: () => ({}),
	print: () => "",
	/** `sysrq_tg_check` */
	check: (_, { header: { protocol, protocolInverted } }) =>
		(protocol === UDP || protocol === UDP_LITE) && !protocolInverted
			? null
			: "xt_SYSRQ: only available for UDP and UDP-Lite",
	compile: null,
});
