/** Kernel settings as files, and what sysctl(8) says of those that cannot be written. */
import { sysctlPath } from "../../sim/conntrack/settings/sysctl-name.ts";
import type { OperationOutcome } from "../../sim/contract/gateway.ts";

export const ENOENT = 2;
const EACCES = 13;
const EPERM = 1;

/** Does the error say that the setting is not this namespace's, but the whole machine's? */
export function isOfMachine(errno: number): boolean {
	return errno === ENOENT || errno === EACCES || errno === EPERM;
}

/** @param errno of the write; 0 when it went well */
export function sysctlOutcome(name: string, errno: number): OperationOutcome {
	if (errno === 0) return { ok: true };
	const message =
		errno === ENOENT
			? `sysctl: cannot stat ${sysctlPath(name)}: No such file or directory`
			: isOfMachine(errno)
				? `sysctl: permission denied on key "net.${name}"`
				: `sysctl: setting key "net.${name}": Invalid argument`;
	return { ok: false, message };
}
