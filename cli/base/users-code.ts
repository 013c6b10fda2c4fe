/** Scenario files in TypeScript and JavaScript: code of the user's that runs in this process. */

const loaded: string[] = [];

/** Notes a file before it is loaded: what fails in it later, or ends the process, is told by its name. */
export function noteUsersFile(file: string): void {
	if (/\.m?[jt]s$/.test(file)) loaded.push(file);
}

/** Modules that were loaded, or were about to be. */
export function usersModules(): readonly string[] {
	return loaded;
}
