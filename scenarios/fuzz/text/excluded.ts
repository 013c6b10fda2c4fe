/** What generated texts leave out, each with its reason. */

export interface Excluded {
	/** `match NAME`, `target NAME`; with ` --OPTION` behind for an option alone; or what else it is, in words. */
	readonly what: string;
	readonly reason: string;
}

const SETS = "the kernel looks for a set that has to be made with ipset first";

export const EXCLUDED: readonly Excluded[] = [
	{ what: "match set", reason: SETS },
	{ what: "target SET", reason: SETS },
	{
		what: "target CT --timeout",
		reason: "the kernel looks for a policy that has to be made with nfct first",
	},
	{
		what: "target CT --helper",
		reason: "the kernel looks for a helper, whose module may be there or not",
	},
	{
		what: "match realm --realm NAME, --realm 0",
		reason: "which realms have names, stands in a file that the guest lacks",
	},
	{
		what: "match owner --uid-owner NAME, --gid-owner NAME",
		reason: "who is on a machine, stands in files that the guest lacks",
	},
	{
		what: "-L and -S among the lines of a table",
		reason: "they print, and where printing fails iptables ends",
	},
	{
		what: "names of hosts",
		reason: "they would have to be looked up",
	},
	{
		what: "counters beyond 2^53, and below 0",
		reason: "the model's are numbers, which are not exact there",
	},
	{
		what: "-j standard",
		reason: "the name of iptables' own library for verdicts: no rule wants it",
	},
	{
		what: "texts that are cut in the middle of a character",
		reason: "a half character is no text",
	},
];

export const isExcluded = (what: string): boolean =>
	EXCLUDED.some((one) => one.what === what);
