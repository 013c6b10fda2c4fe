/**
 * What an extension's `checkentry` refuses with an error other than EINVAL (iptables-nft prints its name), or where
 * what to do instead can be said.
 */
export interface KernelRefusal {
	/** As `strerror` has it. */
	readonly error: string;
	/** In dmesg's words. */
	readonly reason: string;
	/** What to do instead; the rule is to be changed or removed when left out. */
	readonly remedy?: string;
}

const EINVAL = "Invalid argument";
export const ENOENT = "No such file or directory";
export const EDOM = "Numerical argument out of domain";
export const ERANGE = "Numerical result out of range";
export const EOPNOTSUPP = "Operation not supported";
export const EPROTOTYPE = "Protocol wrong type for socket";

/** A name is one that no file in /proc or /sys may have. */
export function refusedName(reason: string): KernelRefusal {
	return {
		error: EINVAL,
		reason,
		remedy:
			"Write a name that a file may have: not empty, not `.` or `..`, and without a slash.",
	};
}

/** What is to be there is empty. */
export function refusedEmpty(reason: string, remedy: string): KernelRefusal {
	return { error: EINVAL, reason, remedy };
}
