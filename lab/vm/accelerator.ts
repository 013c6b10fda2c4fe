/** KVM where it works, translation where it does not. That it exists does not mean that it works. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";
import { mayUseKvm } from "../doctor.ts";

export type Accelerator = "kvm" | "tcg";

const FILE = "kvm.json";

/** What KVM did when it was tried last, since this machine was booted. */
interface Memory {
	readonly boot: string;
	readonly works: boolean;
	readonly why: string;
}

/** What to try, in this order. */
export function acceleratorsToTry(
	wanted: Accelerator | "auto" = "auto",
): readonly Accelerator[] {
	if (wanted !== "auto") return [wanted];
	if (!mayUseKvm()) return ["tcg"];
	return rememberedKvm()?.works === false ? ["tcg"] : ["kvm", "tcg"];
}

/** KVM only where it has worked already: for those who cannot wait for it to fail. */
export function provenAccelerator(): Accelerator {
	return mayUseKvm() && rememberedKvm()?.works === true ? "kvm" : "tcg";
}

/** A failed try costs seconds: it is made once. */
export function rememberKvm(works: boolean, why: string): void {
	const before = rememberedKvm();
	if (before?.works === works) return;
	const memory: Memory = { boot: bootId(), works, why };
	const file = join(cacheFolder(), FILE);
	mkdirSync(cacheFolder(), { recursive: true });
	writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(memory)}\n`);
	renameSync(`${file}.${process.pid}`, file);
}

/** Why KVM is not used though it is there; "" when it is used, or not there. */
export function whyNotKvm(): string {
	const memory = rememberedKvm();
	return memory?.works === false ? memory.why : "";
}

function rememberedKvm(): Memory | null {
	try {
		const text = readFileSync(join(cacheFolder(), FILE), "utf8");
		const memory = JSON.parse(text) as Memory;
		// After a reboot the host may have changed: it is tried again.
		return memory.boot === bootId() ? memory : null;
	} catch {
		// Never tried, or not readable: it is tried.
		return null;
	}
}

function bootId(): string {
	return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
