import { defineTarget } from "../extension/extension.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

interface Options {
	readonly type: string;
}

const TYPES = ["accept", "drop", "reject"];

/**
 * Writes a record for the audit daemon; the packet goes on whatever the type says (iptables 1.8.9
 * libxt_AUDIT.c, kernel 6.1 xt_AUDIT.c, `audit_tg`).
 */
export const audit = defineTarget<Options>({
	name: "AUDIT",
	onlyReports: true,
	options: [{ name: "type", type: "string", mandatory: true }],
	build(given) {
		const text = given.get("type", "string")?.text ?? "";
		const type = TYPES.find((known) => known === text.toLowerCase());
		if (type !== undefined) return { type };
		return given.refuse(
			`Bad action type value "${text}"`,
			"Take one of accept, drop, reject.",
			"type",
		);
	},
	print: ({ type }) => ` --type ${type}`,
	compile: () => () => XT_CONTINUE,
});
