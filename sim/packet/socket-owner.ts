/** Whose a socket is, as `-m owner` asks for it. */

/** The user and the group of the program that opened a socket (`f_cred->fsuid`, `f_cred->fsgid`). @public */
export interface SocketOwner {
	/** Number of the user. */
	readonly user: number;
	/** Number of the group. */
	readonly group: number;
}

export const ROOT: SocketOwner = { user: 0, group: 0 };
