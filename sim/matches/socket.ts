import { defineMatch } from "../extension/extension.ts";
import { ALL_BITS, writesMark } from "../extension/mark-uses.ts";

const FLAGS = ["transparent", "nowildcard", "restore-skmark"] as const;

interface Options {
	readonly flags: readonly (typeof FLAGS)[number][];
}

/** Has the router a socket for this packet? (iptables 1.8.9 libxt_socket.c, kernel 6.1 xt_socket.c, revision 3) */
export const socket = defineMatch<Options>({
	name: "socket",
	hooks: ["PREROUTING", "INPUT"],
	options: FLAGS.map((name) => ({ name, type: "none" })),
	build: (given) => ({ flags: FLAGS.filter((name) => given.has(name)) }),
	print: ({ flags }) => flags.map((name) => ` --${name}`).join(""),
	/** The packet gets the mark of the socket (`socket_match`, 6.1). */
	marks: ({ flags }) =>
		flags.includes("restore-skmark")
			? writesMark("packet", ALL_BITS, null)
			: [],
	question: () => ({ kind: "open", on: "the sockets of the gateway" }),
	compile: null,
});
