/** Which of the two backends the programs of a script change. */

export type BackendRemark =
	| { readonly kind: "note"; readonly message: string }
	| { readonly kind: "refused"; readonly message: string };

/**
 * Each backend has a ruleset of its own, and packets pass both. Which one plain `iptables` is depends on
 * the machine: with `iptables-legacy` beside it, it is taken for that, which the model follows.
 */
export class Backends {
	/** In the order of their first calls. */
	private readonly called: string[] = [];

	/**
	 * @param program that changes rules: `iptables-nft`, `iptables-nft-restore`
	 * @returns `null` where it changes the ruleset of those before it
	 */
	call(program: string): BackendRemark | null {
		const name = program.replace(/-restore$/, "");
		if (!this.called.includes(name)) this.called.push(name);
		const other = this.called.find((one) => one !== name);
		if (other === undefined) return null;
		if (!this.called.includes("iptables-nft"))
			return {
				kind: "note",
				message:
					"`iptables` and `iptables-legacy` are taken for the same program",
			};
		return {
			kind: "refused",
			message: `the script calls ${this.called.map((one) => `\`${one}\``).join(" and ")}, which may change two rulesets: each backend has its own, and packets pass both`,
		};
	}
}

export const ONE_BACKEND =
	"Call the same program throughout; where both are meant, give marktwin a script for each.";
