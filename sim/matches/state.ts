import { defineMatch } from "../extension/extension.ts";
import { invariant } from "../invariant.ts";
import { stateOfAny } from "./conntrack/any-state.ts";
import type { ConntrackOptions } from "./conntrack/conntrack-options.ts";
import {
	printStates,
	readNames,
	refuseList,
	STATES,
	stateBit,
} from "./conntrack/ct-states.ts";

interface Options {
	readonly states: number;
	readonly inverted: boolean;
}

/**
 * The old name of `-m conntrack --ctstate`, which is what iptables 1.8.9 makes of it
 * (libxt_conntrack.c, `state_ct23_parse`); it is printed as it was written.
 */
export const state = defineMatch<Options>({
	name: "state",
	needsConntrack: true,
	options: [
		{ name: "state", type: "string", mandatory: true, invertible: true },
	],
	build(given) {
		const option = given.get("state", "string");
		invariant(option !== undefined, "a mandatory option is missing: --state");
		const states = readNames(option.text, STATES, (rest) =>
			rest === ""
				? given.refuse(
						'"--state" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED',
						"Take away the comma at the end.",
						"state",
					)
				: refuseList(given, "state", rest, STATES),
		);
		return { states, inverted: option.inverted };
	},
	print: ({ states, inverted }) =>
		`${inverted ? " !" : ""} --state ${printStates(states)}`,
	successor({ states, inverted }) {
		const options: ConntrackOptions = {
			ctstate: { bits: states, inverted },
			ctproto: null,
			addresses: [],
			ports: [],
			ctstatus: null,
			ctexpire: null,
			ctdir: null,
		};
		return { name: "conntrack", options };
	},
	ofAnyPacket: ({ states, inverted }, any) =>
		stateOfAny({ bits: states, inverted }, any),
	compile({ states, inverted }) {
		return inverted
			? (skb) => (stateBit(skb) & states) === 0
			: (skb) => (stateBit(skb) & states) !== 0;
	},
});
