import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";

interface Options {
	readonly path: { readonly value: string; readonly inverted: boolean } | null;
	readonly classId: {
		readonly value: number;
		readonly inverted: boolean;
	} | null;
}

/** XT_CGROUP_PATH_MAX, less the closing NUL (include/uapi/linux/netfilter/xt_cgroup.h, 6.1). */
const PATH_LENGTH = 511;

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
		path === null || classId !== null
			? []
			: [{ kind: "cgroup", name: path.value }],
	question: () => ({ kind: "open", on: "the control group of the socket" }),
	compile: null,
});
