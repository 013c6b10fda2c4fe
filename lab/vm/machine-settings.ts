/** Settings that belong to the whole machine: set for a scenario, and put back after it. */
import type { OperationOutcome } from "../../sim/gateway/gateway.ts";
import { isOfMachine, sysctlOutcome, sysctlPath } from "../kernel/sysctl.ts";
import type { Guest } from "./guest.ts";

export class MachineSettings {
	private readonly guest: Guest;
	/** Values before they were changed, by path. */
	private readonly before = new Map<string, string>();

	constructor(guest: Guest) {
		this.guest = guest;
	}

	/** `sysctl -w net.NAME=VALUE`, in the gateway's namespace or, where it has no such file, the machine's. */
	async set(name: string, value: number): Promise<OperationOutcome> {
		const path = sysctlPath(name);
		const errno = await this.guest.write(path, `${value}`);
		if (!isOfMachine(errno)) return sysctlOutcome(name, errno);
		const old = await this.guest.readGlobal(path);
		if (old === null) return sysctlOutcome(name, errno);
		const written = await this.guest.writeGlobal(path, `${value}`);
		if (written === 0 && !this.before.has(path))
			this.before.set(path, old.trim());
		return sysctlOutcome(name, written);
	}

	/** As if nobody had touched them. */
	async putBack(): Promise<void> {
		for (const [path, value] of this.before)
			await this.guest.writeGlobal(path, value);
		this.before.clear();
	}
}
