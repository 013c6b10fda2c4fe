/**
 * What a rule needs that no ruleset brings along: objects of the kernel or of user space that exist
 * before the rule can be loaded.
 * @public
 */
export interface Need {
	readonly kind: NeedKind;
	/** As `--given KIND:NAME` takes it. */
	readonly name: string;
}

/** The kinds of things that a ruleset may need of its machine. @public */
export type NeedKind =
	| "set"
	| "helper"
	| "timeout"
	| "nfacct"
	| "bpf"
	| "cgroup"
	| "selinux"
	| "cluster"
	| "interface"
	| "user"
	| "group"
	| "host"
	| "service"
	| "protocol"
	| "realm"
	| "devgroup"
	| "label"
	| "country"
	| "asn";

/** `KIND:NAME`, as `--given` takes it. */
export function keyOfNeed({ kind, name }: Need): string {
	return `${kind}:${name}`;
}
