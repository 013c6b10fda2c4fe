/** Why a file could not be read or written, in words instead of codes. */

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "no such file or folder",
	EISDIR: "it is a folder",
	ENOTDIR: "a part of its path is not a folder",
	EACCES: "permission denied",
	EPERM: "operation not permitted",
	EROFS: "the file system is read-only",
	ENOSPC: "no space left",
	ENAMETOOLONG: "its name is too long",
	ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

/** Why the machine refused, in words. */
export function reasonOf(error: unknown): string {
	const code = codeOf(error);
	if (code && REASONS[code]) return REASONS[code];
	return error instanceof Error ? error.message : String(error);
}

/** `ENOENT`; `null` when the error has no code. */
export function codeOf(error: unknown): string | null {
	return error instanceof Error && "code" in error ? String(error.code) : null;
}
