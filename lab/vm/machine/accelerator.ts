/** KVM where it works, translation where it does not. That it exists does not mean that it works. */
import { join } from "node:path";
import { readPlainFile } from "../../../scenarios/files/plain-file.ts";
import { replaceFileSync } from "../../../scenarios/files/replace-file.ts";
import { bootId } from "../../../scenarios/files/this-machine.ts";
import { CACHE_USE, cacheFolder } from "../../cache-folder.ts";
import { mayUseKvm } from "../../doctor.ts";
import { makeFolder } from "../../usable-folder.ts";

export type Accelerator = "kvm" | "tcg";

const FILE = "kvm.json";
/** It has some hundred octets. */
const MOST_OCTETS = 65_536;

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
	const text = `${JSON.stringify(memory)}\n`;
	try {
		makeFolder(cacheFolder(), CACHE_USE);
		replaceFileSync(join(cacheFolder(), FILE), text, 0o644);
	} catch {
		// A cache that cannot be written costs the next command another try, and nothing else.
	}
}

/** Why KVM is not used though it is there; "" when it is used, or not there. */
export function whyNotKvm(): string {
	const memory = rememberedKvm();
	return memory?.works === false ? memory.why : "";
}

function rememberedKvm(): Memory | null {
	try {
		const file = join(cacheFolder(), FILE);
		const memory = parseMemory(
			readPlainFile(file, { mostOctets: MOST_OCTETS }),
		);
		// After a reboot the host may have changed: it is tried again.
		return memory?.boot === bootId() ? memory : null;
	} catch {
		// Never tried, or not readable: it is tried.
		return null;
	}
}

/** @returns `null` for what `rememberKvm` has not written */
function parseMemory(text: string): Memory | null {
	const { boot, works, why } = Object(JSON.parse(text)) as {
		readonly [key in keyof Memory]?: unknown;
	};
	return typeof boot === "string" &&
		typeof works === "boolean" &&
		typeof why === "string"
		? { boot, works, why }
		: null;
}
