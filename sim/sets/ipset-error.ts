/** What is wrong with a command, in ipset's words (7.17, lib/errcode.c), and what the kernel returns. */

/** Errors of the kernel (`enum ipset_errno`, include/uapi/linux/netfilter/ipset/ip_set.h, 6.1). */
export type KernelError =
	| "no-set"
	| "exists"
	| "busy"
	| "name-taken"
	| "referenced"
	| "no-second"
	| "type-mismatch"
	| "added"
	| "not-added"
	| "cidr"
	| "netmask"
	| "markmask"
	| "timeout"
	| "counters"
	| "comment"
	| "skbinfo"
	| "bitmap-range"
	| "bitmap-size"
	| "full"
	| "null-element"
	| "invalid"
	| "protocol"
	| "whole-space"
	| "member"
	| "loop"
	| "no-reference"
	| "reference"
	| "reference-added";

export const KERNEL_WORDS: Readonly<Record<KernelError, string>> = {
	"no-set": "The set with the given name does not exist",
	exists: "Set cannot be created: set with the same name already exists",
	busy: "Set cannot be destroyed: it is in use by a kernel component",
	"name-taken": "Set cannot be renamed: a set with the new name already exists",
	referenced: "Set cannot be renamed: it is in use by another system",
	"no-second": "Sets cannot be swapped: the second set does not exist",
	"type-mismatch": "The sets cannot be swapped: their type does not match",
	added: "Element cannot be added to the set: it's already added",
	"not-added": "Element cannot be deleted from the set: it's not added",
	cidr: "The value of the CIDR parameter of the IP address is invalid",
	netmask: "The value of the netmask parameter is invalid",
	markmask: "The value of the markmask parameter is invalid",
	timeout: "Timeout cannot be used: set was created without timeout support",
	counters:
		"Packet/byte counters cannot be used: set was created without counter support",
	comment: "Comment cannot be used: set was created without comment support",
	skbinfo:
		"Skbinfo mapping cannot be used: set was created without skbinfo support",
	"bitmap-range": "Element is out of the range of the set",
	"bitmap-size":
		"The range you specified exceeds the size limit of the set type",
	full: "Hash is full, cannot add more elements",
	"null-element": "Null-valued element, cannot be stored in a hash type of set",
	invalid: "Kernel error received: Invalid argument",
	protocol: "Invalid protocol specified",
	"whole-space": "Invalid range, covers the whole address space",
	member: "Set to be added/deleted/tested as element does not exist.",
	loop: "Sets with list:set type cannot be added to the set.",
	"no-reference": "No reference set specified.",
	reference:
		"The set to which you referred with 'before' or 'after' does not exist.",
	"reference-added":
		"The set to which you referred with 'before' or 'after' is not added to the set.",
};

/** A command that ipset refuses, or whose element is not there. */
export class IpsetRefusal extends Error {
	override readonly name = "IpsetRefusal";
	/** The program itself refused the command: the kernel was not asked. */
	readonly fromProgram: boolean;

	/** @param message without `ipset v7.17: ` */
	constructor(message: string, fromProgram: boolean) {
		super(message);
		this.fromProgram = fromProgram;
	}
}

/** @throws IpsetRefusal */
export function kernelRefuses(error: KernelError): never {
	throw new IpsetRefusal(KERNEL_WORDS[error], false);
}

/** The program cannot read the command. @throws IpsetRefusal */
export function syntaxError(message: string): never {
	throw new IpsetRefusal(`Syntax error: ${message}`, true);
}

/** The program reads it, and does not take it. @throws IpsetRefusal */
export function programRefuses(message: string): never {
	throw new IpsetRefusal(message, true);
}
