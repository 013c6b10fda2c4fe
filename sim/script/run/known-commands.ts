/** What the commands of a firewall script besides iptables have to do with its rules. */

/** They change neither rules nor what becomes of a packet. */
const WITHOUT_BEARING: ReadonlySet<string> = new Set(
	`true false echo printf cat grep egrep awk sed cut head tail tr wc sort uniq tee seq expr
	basename dirname readlink realpath ls stat find mktemp mkdir rmdir rm cp mv ln touch chmod chown test [
	id whoami hostname uname date sleep wait which type hash command umask ulimit clear tput stty cd pushd
	popd pwd logger lsmod modinfo modprobe insmod rmmod depmod iptables-save ip6tables-save
	iptables-legacy-save iptables-nft-save lsb_release getent host dig nslookup ping ps pgrep pidof kill
	trap shopt alias unalias getopts shift read let times continue break unset set export readonly
	declare local typeset : beep df du free lsof ss netstat tcpdump diff cmp md5sum`
		.split(/\s+/)
		.filter((name) => name !== ""),
);

/** They may change what becomes of a packet, but not the rules that iptables-save prints; and what to do. */
const WITH_BEARING: ReadonlyMap<string, string> = new Map([
	...each(
		"ip ifconfig route brctl bridge vconfig nmcli wg ethtool",
		"interfaces, addresses and routes are given to `trace` by options and to a scenario by its set-up",
	),
	...each(
		"sysctl",
		"give it to `trace` by --sysctl, and to a scenario's set-up",
	),
	...each(
		"ifup ifdown wg-quick",
		"should its hooks change rules, they are missing here",
	),
	...each("ipset", "sets are no part of the ruleset"),
	...each("tc", "queueing is not modelled"),
	...each("conntrack", "a scenario has steps for it"),
	...each("arptables ebtables arp", "it is another layer's"),
	...each(
		"ip6tables ip6tables-legacy ip6tables-nft ip6tables-restore",
		"it is another address family",
	),
	...each(
		"service systemctl invoke-rc.d rc-service update-rc.d",
		"should it load rules of its own, they are missing here",
	),
]);

function each(names: string, why: string): [string, string][] {
	return names.split(" ").map((name) => [name, why]);
}

/** The programs that change rules for IPv4; iptables-nft keeps them elsewhere, in the same form. */
export const IPTABLES: ReadonlySet<string> = new Set([
	"iptables",
	"iptables-legacy",
	"iptables-nft",
]);
export const RESTORE: ReadonlySet<string> = new Set([
	"iptables-restore",
	"iptables-legacy-restore",
	"iptables-nft-restore",
]);

export type Bearing =
	| { readonly kind: "none" }
	/** Said, and not carried out. */
	| { readonly kind: "packets"; readonly why: string }
	| { readonly kind: "rules" }
	| { readonly kind: "unknown" };

/** @param name without its folder */
export function bearingOf(name: string): Bearing {
	if (IPTABLES.has(name) || RESTORE.has(name)) return { kind: "rules" };
	if (WITHOUT_BEARING.has(name)) return { kind: "none" };
	const why = WITH_BEARING.get(name);
	return why === undefined ? { kind: "unknown" } : { kind: "packets", why };
}

/** `xtables-nft-multi iptables` is `iptables-nft`, and so with its other programs. */
export function withBackend(name: string, prefix: readonly string[]): string {
	const backends = prefix.map(
		(word) => /^xtables-(legacy|nft)-multi$/.exec(programName(word))?.[1],
	);
	const backend = backends.find((one) => one !== undefined);
	if (backend === undefined) return name;
	return name.replace(/^iptables(?=$|-restore$|-save$)/, `iptables-${backend}`);
}

/** `/usr/sbin/iptables` → `iptables`. */
export function programName(word: string): string {
	return word.slice(word.lastIndexOf("/") + 1);
}

/** Programs that only run another one: how many of the words are theirs. */
export function prefixLength(words: readonly string[]): number {
	let at = 0;
	for (;;) {
		const name = programName(words[at] ?? "");
		if (/^xtables-(legacy-|nft-)?multi$/.test(name)) at++;
		else if (
			/^(sudo|doas|nice|time|command|builtin|exec|env|busybox|nohup)$/.test(
				name,
			)
		) {
			// `command -v X` and `exec 3>&1` run nothing.
			if (name === "command" && /^-[vV]/.test(words[at + 1] ?? "")) return at;
			let next = at + 1;
			while (/^-|^\w+=/.test(words[next] ?? ""))
				next += takesValue(name, words[next] ?? "") ? 2 : 1;
			if (words[next] === undefined) return at;
			at = next;
		} else return at;
	}
}

/** `sudo -u root`, `nice -n 5`. */
function takesValue(program: string, option: string): boolean {
	if (program === "nice") return option === "-n";
	return /^(sudo|doas)$/.test(program) && /^-[ugCDhpRrTt]$/.test(option);
}
