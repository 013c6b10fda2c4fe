import { defineTarget } from "../extension/extension.ts";
import { refusedEmpty } from "../extension/kernel-refusal.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { onlySecurityTables } from "./shared/security-tables.ts";

interface Options {
	readonly context: string;
}

/** SECMARK_SECCTX_MAX, less the closing NUL (include/uapi/linux/netfilter/xt_SECMARK.h, 6.1). */
const CONTEXT_LENGTH = 255;

/**
 * Labels packets for SELinux; no rule sees the label (iptables 1.8.9 libxt_SECMARK.c, kernel 6.1 xt_SECMARK.c, revision 1).
 */
export const secmark = defineTarget<Options>({
	name: "SECMARK",
	actsUnseen: true,
	onlyReports: true,
	options: [{ name: "selctx", type: "string", mandatory: true }],
	build: (given) => ({
		context: cutOctets(
			given.get("selctx", "string")?.text ?? "",
			CONTEXT_LENGTH,
		),
	}),
	print: ({ context }) => ` --selctx ${context}`,
	/** `checkentry_lsm`; `security_context_to_sid_core` knows no empty one (kernel 6.1). */
	check: ({ context }, { table }) =>
		onlySecurityTables("xt_SECMARK", table) ??
		(context === ""
			? refusedEmpty(
					"xt_SECMARK: invalid security context ''",
					"Write a context of the SELinux policy: `system_u:object_r:ssh_packet_t:s0`.",
				)
			: null),
	needs: ({ context }) =>
		context === "" ? [] : [{ kind: "selinux", name: context }],
	compile: () => () => XT_CONTINUE,
});
