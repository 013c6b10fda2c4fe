/** What an extension's `checkentry` refuses with an error other than EINVAL: iptables-nft prints its name. */
export interface KernelRefusal {
	/** As `strerror` has it. */
	readonly error: string;
	/** In dmesg's words. */
	readonly reason: string;
}

export const ENOENT = "No such file or directory";
export const EDOM = "Numerical argument out of domain";
export const ERANGE = "Numerical result out of range";
export const EOPNOTSUPP = "Operation not supported";
export const EPROTOTYPE = "Protocol wrong type for socket";
