/** The shell script that a user runs on his router. It reads and prints, and changes nothing. */
import { SYSCTLS } from "../../../sim/conntrack/settings/modelled-sysctls.ts";

/** The first line of what it prints. */
export const CAPTURE_FORMAT = "marktwin capture 1";

/** Settings that are not modelled, and change where packets go. */
const OTHERS = [
	"ipv4.ip_forward",
	"ipv4.ip_nonlocal_bind",
	"ipv4.fwmark_reflect",
	"ipv4.tcp_fwmark_accept",
	"bridge.bridge-nf-call-iptables",
];
const OF_INTERFACES = [
	"forwarding",
	"send_redirects",
	"rp_filter",
	"route_localnet",
	"accept_local",
];

/**
 * For any POSIX shell, busybox's among them, with `sed` and `cat`. It prints one text: a section for each
 * command, with its output behind a blank, what it complained of behind `!`, and how it ended.
 */
export function captureScript(): string {
	const settings = [...OTHERS, ...SYSCTLS.map(({ name }) => name)].map(
		(name) => `/proc/sys/net/${name.replaceAll(".", "/")}`,
	);
	const ofInterfaces = OF_INTERFACES.map(
		(name) => `/proc/sys/net/ipv4/conf/*/${name}`,
	);
	const files = [...settings, ...ofInterfaces, "/dev/null"].join(" \\\n\t\t");
	return `#!/bin/sh
# Prints what marktwin has to know of this router: rules, addresses, routes, settings, sets.
# It only reads: no file is written, no setting and no rule is changed.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C

# section NAME COMMAND...: its output behind a blank, its errors behind "!", and how it ended.
section() {
	name=$1
	shift
	echo "== $name: $*"
	if ! command -v "$1" >/dev/null 2>&1; then
		echo "? missing"
		return
	fi
	errors=$({ { "$@"; code=$?; echo; echo "exit $code"; } | sed 's/^/ /' >&3; } 2>&1)
	[ -z "$errors" ] || printf '%s\\n' "$errors" | sed 's/^/!/'
} 3>&1

# FILE:VALUE, a line each; a file that is not there is none of this kernel's.
settings() {
	grep -s '' ${files}
}

conditions() {
	grep -s '' /proc/net/nf_condition/* /dev/null
}

echo "${CAPTURE_FORMAT}"
section kernel uname -r
section iptables iptables --version
section rules iptables-save -c
# The other iptables, where the kernel has tables of it: packets pass both.
case $(iptables --version 2>/dev/null) in
*nf_tables*)
	[ -z "$(cat /proc/net/ip_tables_names 2>/dev/null)" ] || section other-rules iptables-legacy-save -c ;;
*)
	[ ! -d /sys/module/nf_tables ] || ! command -v iptables-nft-save >/dev/null 2>&1 || section other-rules iptables-nft-save -c ;;
esac
# The ip of busybox knows no JSON.
json=
! ip -j addr >/dev/null 2>&1 || json=-j
section addresses ip $json addr
section routes ip $json route show table all
section routing-rules ip $json rule
section settings settings
section conditions conditions
section sets ipset save
section connections cat /proc/sys/net/netfilter/nf_conntrack_count
`;
}
