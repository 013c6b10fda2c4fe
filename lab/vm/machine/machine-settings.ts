/**
 * Settings that belong to the whole machine: set for a scenario, and put back when another comes that
 * has nothing to say about them.
 */
import { sysctlPath } from "../../../sim/conntrack/settings/sysctl-name.ts";
import type { OperationOutcome } from "../../../sim/contract/gateway.ts";
import { ENOENT, isOfMachine, sysctlOutcome } from "../../kernel/sysctl.ts";
import type { Guest } from "./guest.ts";

/** One that was changed. */
interface Changed {
	readonly before: string;
	readonly now: string;
}

export class MachineSettings {
	private readonly guest: Guest;
	/** By path. */
	private readonly changed = new Map<string, Changed>();

	constructor(guest: Guest) {
		this.guest = guest;
	}

	/**
	 * For a gateway that has just come up: all but these are as if nobody had touched them.
	 * @returns how the first went that could not be set
	 */
	async begin(
		settings: Readonly<Record<string, number>>,
	): Promise<OperationOutcome> {
		const own = new Set(Object.keys(settings).map(sysctlPath));
		for (const [path, { before }] of this.changed)
			if (!own.has(path)) {
				await this.guest.writeGlobal(path, before);
				this.changed.delete(path);
			}
		// The agent takes one after the other: none has to wait until the one before is answered.
		const outcomes = await Promise.all(
			Object.entries(settings).map(([name, value]) => this.set(name, value)),
		);
		return outcomes.find(({ ok }) => !ok) ?? { ok: true };
	}

	/** `sysctl -w net.NAME=VALUE`, in the gateway's namespace or, where it has no such file, the machine's. */
	async set(name: string, value: number): Promise<OperationOutcome> {
		const path = sysctlPath(name);
		const known = this.changed.get(path);
		if (known?.now === `${value}`) return { ok: true };
		if (known === undefined) {
			const errno = await this.guest.write(path, `${value}`);
			if (!isOfMachine(errno)) return sysctlOutcome(name, errno);
		}
		const before = known?.before ?? (await this.guest.readGlobal(path))?.trim();
		if (before === undefined) return sysctlOutcome(name, ENOENT);
		const written = await this.guest.writeGlobal(path, `${value}`);
		if (written === 0) this.changed.set(path, { before, now: `${value}` });
		return sysctlOutcome(name, written);
	}
}
