import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { saveString } from "../extension/values/save-string.ts";

interface Options {
	readonly name: string;
}

/** NFACCT_NAME_MAX, less the closing NUL (include/uapi/linux/netfilter/nfnetlink_acct.h, 6.1). */
const NAME_LENGTH = 31;

/**
 * Counts packets in an object that `nfacct add` makes (iptables 1.8.9 libxt_nfacct.c, kernel 6.1
 * xt_nfacct.c). It matches always, unless the object has a quota: the model knows no objects.
 */
export const nfacct = defineMatch<Options>({
	name: "nfacct",
	options: [
		{ name: "nfacct-name", type: "string", minLength: 1, mandatory: true },
	],
	build(given) {
		const name = given.get("nfacct-name", "string")?.text ?? "";
		if (name.includes("\n"))
			return given.refuse(
				"Newlines not allowed in --nfacct-name",
				"Write the name on one line.",
				"nfacct-name",
			);
		return { name: cutOctets(name, NAME_LENGTH) };
	},
	// The second blank is the library's own.
	print: ({ name }) => ` --nfacct-name ${saveString(name)}`,
	needs: ({ name }) => [{ kind: "nfacct", name }],
	/**
	 * An object without a quota counts and lets every packet match (`nfacct_mt`, 6.1); the model takes it for one
	 * of these.
	 */
	alwaysMatches: true,
	compile: () => () => true,
});
