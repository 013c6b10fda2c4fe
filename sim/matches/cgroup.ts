import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";
import { TCP, UDP } from "../packet/packet.ts";
import { HOOK_INPUT } from "../packet/skb/skb.ts";
import { beginsConnection } from "./shared/begins-connection.ts";

interface Options {
	readonly path: { readonly value: string; readonly inverted: boolean } | null;
	readonly classId: {
		readonly value: number;
		readonly inverted: boolean;
	} | null;
}

/** XT_CGROUP_PATH_MAX, less the closing NUL (include/uapi/linux/netfilter/xt_cgroup.h, 6.1). */
const PATH_LENGTH = 511;

/** `null`: it depends on the process. */
type SocketTest = (socket: "kernel" | "process") => boolean | null;

/** `cgroup_get_from_path` takes an empty path for the root, too (kernel/cgroup/cgroup.c, 6.1). */
function isRoot(path: string): boolean {
	return /^\/*$/.test(path);
}

/** All are below the root; the kernel's own sockets are in it, and processes are anywhere. */
function inPath(path: string, inverted: boolean): SocketTest {
	if (isRoot(path)) return () => !inverted;
	return (socket) => (socket === "kernel" ? inverted : null);
}

/** The control group of the packet's socket (iptables 1.8.9 libxt_cgroup.c, kernel 6.1 xt_cgroup.c, revision 2). */
export const cgroup = defineMatch<Options>({
	name: "cgroup",
	hooks: ["OUTPUT", "POSTROUTING", "INPUT"],
	options: [
		{ name: "path", type: "string", invertible: true },
		{ name: "cgroup", type: "uint32", invertible: true },
	],
	build(given) {
		const path = given.get("path", "string");
		const classId = given.get("cgroup", "uint32");
		return {
			path: path
				? {
						value: cutOctets(path.text, PATH_LENGTH),
						inverted: path.inverted,
					}
				: null,
			classId: classId
				? { value: classId.value, inverted: classId.inverted }
				: null,
		};
	},
	print({ path, classId }) {
		const text = path
			? `${path.inverted ? " !" : ""} --path${saveString(path.value)}`
			: "";
		return classId
			? `${text}${classId.inverted ? " !" : ""} --cgroup ${classId.value}`
			: text;
	},
	check({ path, classId }) {
		if (path !== null && classId !== null)
			return "xt_cgroup: path and classid specified";
		return path === null && classId === null
			? "xt_cgroup: no path or classid specified"
			: null;
	},
	needs: ({ path, classId }) =>
		path === null || classId !== null || isRoot(path.value)
			? []
			: [{ kind: "cgroup", name: path.value }],
	hasOneAnswer: "way",
	question: () => ({
		kind: "open",
		on: "the control group of the socket",
		isUnknown: true,
	}),
	/**
	 * What has no socket never matches, inverted or not (`cgroup_mt_v2`, 6.1). At INPUT that is all but what is for
	 * a socket with a connection, for which the kernel looks before (`tcp_v4_early_demux`, `udp_v4_early_demux`). No
	 * process has a class.
	 */
	compile({ path, classId }, ports) {
		const test: SocketTest =
			path === null
				? () => (classId?.value === 0) !== classId?.inverted
				: inPath(path.value, path.inverted);
		return (skb) => {
			if (skb.hook === HOOK_INPUT) {
				const protocol =
					skb.protocol === TCP ? "tcp" : skb.protocol === UDP ? "udp" : null;
				const { destination, destinationPort } = skb;
				const isTaken =
					protocol !== null &&
					ports.portHeldAt(protocol, destination, destinationPort) !== null &&
					!beginsConnection(skb, ports);
				return isTaken && ports.unknown("the socket that a packet is for");
			}
			if (skb.socket === "none") return false;
			return (
				test(skb.socket) ?? ports.unknown("the control group of a process")
			);
		};
	},
});
