/** What generated texts leave out, each with its reason. */

interface Excluded {
	/** `match NAME`, `target NAME`; with ` --OPTION` behind for an option alone; or what else it is, in words. */
	readonly what: string;
	readonly reason: string;
}

const EXCLUDED: readonly Excluded[] = [
	{
		what: "target ULOG",
		reason: "no kernel since 3.17 takes it, so no text with it is accepted",
	},
	{
		what: "match ipvs",
		reason: "the guest's kernel has no IPVS, and so no module for the match",
	},
	{
		what: "numbers of realms, groups and users that have names on some machines",
		reason: "which have names, stands in files that the guest lacks",
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
];

export const isExcluded = (what: string): boolean =>
	EXCLUDED.some((one) => one.what === what);
