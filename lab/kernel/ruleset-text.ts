/** What `iptables-save` prints, as an observation wants it. */

/** Comment lines left out: they hold the time. */
export function withoutComments(saved: string): string {
	return saved
		.split("\n")
		.filter((line) => !line.startsWith("#"))
		.join("\n");
}

/** The conditions that a ruleset names, sorted, each once. */
export function conditionNames(saved: string): readonly string[] {
	const names = [...saved.matchAll(/--condition "([^"]*)"/g)].map(
		([, name = ""]) => name,
	);
	return [...new Set(names)].sort();
}

/** Of an accounting object (NFACCT_NAME_MAX, less the closing NUL; include/uapi/linux/netfilter/nfnetlink_acct.h, 6.1). */
const ACCOUNT_OCTETS = 31;

/** The accounting objects that rules name, each once. */
export function accountNames(rules: string): readonly string[] {
	const uses = rules.matchAll(
		/--nfacct-name[ \t=]+(?:"((?:[^"\\\n]|\\.)+)"|([^"\s]+))/g,
	);
	const names = [...uses].map(([, quoted, plain = ""]) =>
		Buffer.from(quoted?.replace(/\\(.)/g, "$1") ?? plain)
			.subarray(0, ACCOUNT_OCTETS)
			.toString(),
	);
	return [...new Set(names)];
}

/**
 * The tables in the order in which iptables-legacy has to load them to list them so again: the kernel puts the
 * newest one first (`xt_register_table`, net/netfilter/x_tables.c, 6.1).
 */
export function inLoadOrder(ruleset: string): string {
	return ruleset
		.split(/(?<=^COMMIT\n)/m)
		.reverse()
		.join("");
}
