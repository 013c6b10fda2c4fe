/** Where conditions live: below /proc of this network namespace, or wherever a program reaches them. */
import { closeSync, fstatSync, ftruncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../scenarios/files/file-failure.ts";
import {
	openPlainForWriting,
	readPlainFile,
} from "../../scenarios/files/plain-file.ts";
import { shortageOf } from "../shortage.ts";
import type { HealthCheckConfig } from "./config/config.ts";
import { commandEnd } from "./probes/run-command.ts";

export interface Conditions {
	/** @returns why it could not be written; `null` when it was */
	write(name: string, value: string): Promise<string | null>;
	/** What it holds, or `null` when there is none of that name. `null` itself: nobody can tell. */
	readonly read: ((name: string) => string | null) | null;
}

/** A program that writes a condition may take so long. */
const PATIENCE_MS = 10_000;
/** A condition has two. */
const MOST_OCTETS = 4_096;

export function openConditions(
	config: Pick<HealthCheckConfig, "conditions" | "write">,
): Conditions {
	return config.write === null
		? conditionFiles(config.conditions)
		: writtenBy(config.write.command);
}

/** `/proc/net/nf_condition`. Writing and reading there does not wait for anything. */
export function conditionFiles(folder: string): Conditions {
	return {
		async write(name, value) {
			try {
				// Never made: a condition is there once a rule names it, and nothing else makes it work.
				const file = openPlainForWriting(join(folder, name));
				try {
					const length = writeSync(file, `${value}\n`);
					// In a folder that stands for the kernel's; a file below /proc has no size.
					if (fstatSync(file).size > length) ftruncateSync(file, length);
				} finally {
					closeSync(file);
				}
				return null;
			} catch (error) {
				return shortageOf(error) ?? reasonOf(error);
			}
		},
		read(name) {
			try {
				const file = join(folder, name);
				return readPlainFile(file, { mostOctets: MOST_OCTETS }).trim();
			} catch {
				// Whoever wants to write it will hear why that is not possible.
				return null;
			}
		},
	};
}

function writtenBy(command: readonly string[]): Conditions {
	return {
		async write(name, value) {
			const { code, words } = await commandEnd(
				[...command, name, value],
				PATIENCE_MS,
			);
			return code === 0 ? null : words;
		},
		read: null,
	};
}
