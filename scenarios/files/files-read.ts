/** Which files this process has read for its user: none of them is written over by an output. Imports nothing: each command begins with it. */

interface Identity {
	readonly dev: number;
	readonly ino: number;
}

const read = new Set<string>();

/** A file was read. */
export function rememberRead(file: Identity): void {
	read.add(nameOf(file));
}

/** Was the file read, by whatever name? */
export function wasRead(file: Identity): boolean {
	return read.has(nameOf(file));
}

function nameOf({ dev, ino }: Identity): string {
	return `${dev}:${ino}`;
}
