/**
 * Names of kernel settings, as sysctl(8) reads them (`slashdot` of procps): the separator that comes
 * first is the one between folders, and the other one stands for it inside of an interface's name.
 * `ipv4.conf.bond0/204.send_redirects` is `ipv4/conf/bond0.204/send_redirects`.
 */

/** With dots between folders, however it was written. */
export function dottedName(name: string): string {
	return /[./]/.exec(name)?.[0] === "/" ? swapped(name) : name;
}

/** The file of a setting. @param name below `net.` without the prefix: `netfilter.nf_conntrack_max` */
export function sysctlPath(name: string): string {
	return `/proc/sys/net/${swapped(dottedName(name))}`;
}

/** An interface's name as it stands inside of a dotted name. */
export function interfaceInName(name: string): string {
	return name.replaceAll(".", "/");
}

function swapped(name: string): string {
	return name.replace(/[./]/g, (one) => (one === "." ? "/" : "."));
}
