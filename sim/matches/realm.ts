import { defineMatch } from "../extension/extension.ts";
import {
	type NamedMask,
	printNamedMask,
	readNamedMask,
} from "./shared/named-mask.ts";

/** The one realm that has a name in Debian's /etc/iproute2/rt_realms. */
const NAMES: ReadonlyMap<string, number> = new Map([["cosmos", 0]]);

/** The realm of the packet's route (iptables 1.8.9 libipt_realm.c, kernel 6.1 xt_realm.c). */
export const realm = defineMatch<NamedMask>({
	name: "realm",
	library: { prefix: "ipt", readsFiles: true },
	hooks: ["POSTROUTING", "FORWARD", "OUTPUT", "INPUT"],
	options: [
		{ name: "realm", type: "string", mandatory: true, invertible: true },
	],
	build: (given) => readNamedMask(given, "realm", "realm", NAMES),
	print: (realm) => printNamedMask("realm", realm, NAMES),
	needs: ({ unknownName }) =>
		unknownName === undefined ? [] : [{ kind: "realm", name: unknownName }],
	/** Routes have realms, and no ruleset shows them. */
	question: () => ({
		kind: "open",
		on: "the realm of the route",
		isUnknown: true,
	}),
	/** The gateway's routes have no realm: it is 0 (`realm_mt`, 6.1). */
	compile({ value, inverted, unknownName }, ports) {
		if (unknownName !== undefined)
			return () => ports.unknown(`the number of the realm ${unknownName}`);
		const holds = (value === 0) !== inverted;
		return () => holds;
	},
});
