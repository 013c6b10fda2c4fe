/** The files of a configuration: none stands for two things, and none is written over that holds something else. */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { mustBePlain } from "../../scenarios/files/plain-file.ts";
import type { ScenarioFault } from "../../scenarios/language/scenario-error.ts";
import { shortageOf } from "../shortage.ts";
import type { HealthCheckConfig } from "./config/config.ts";
import { mustBeFree } from "./status/status-file.ts";

/** What a file is for. */
interface Use {
	/** The key that names the file; "" for the configuration itself. */
	readonly path: string;
	readonly file: string;
	/** Throws where the file cannot be what it is to be. */
	readonly look: (file: string) => void;
	readonly remedy: string;
}

/** @param file the configuration's own */
export function checkFiles(
	file: string,
	config: HealthCheckConfig,
): readonly ScenarioFault[] {
	const identify = identifier();
	const usedFor = new Map([[identify(file), "the configuration itself"]]);
	return usesOf(config).flatMap((use): readonly ScenarioFault[] => {
		const identity = identify(use.file);
		const another = usedFor.get(identity);
		const why = another ?? whyNot(use);
		usedFor.set(identity, another ?? `the file of ${use.path}`);
		if (why === null) return [];
		const message =
			another === undefined
				? `${use.file} is not written: ${why}`
				: `${use.file} is ${another}`;
		const remedy = another === undefined ? use.remedy : "Name another file.";
		return [{ path: use.path, message, remedy }];
	});
}

function usesOf(config: HealthCheckConfig): readonly Use[] {
	const { conditions, status, targets, write } = config;
	const uses = targets.map(({ condition }, index) => ({
		path: `targets[${index}].condition`,
		file: join(conditions, condition),
		look: mustBeCondition,
		remedy:
			"Name a folder of the conditions alone, in which each is a file of its own.",
	}));
	return [
		// A program that writes them knows where they are.
		...(write === null ? uses : []),
		...(status === null
			? []
			: [
					{
						path: "status",
						file: status,
						look: mustBeFree,
						remedy:
							"Name a file that is not there yet, or remove what is there if nothing needs it.",
					},
				]),
	];
}

/** One that is not there yet is made by the kernel with the first rule that names it. */
function mustBeCondition(file: string): void {
	const there = lstatSync(file, { throwIfNoEntry: false });
	if (there !== undefined) mustBePlain(there);
}

/** Why the file cannot be what it is to be; `null` where it can. */
function whyNot({ file, look }: Use): string | null {
	try {
		look(file);
		return null;
	} catch (error) {
		// What is short now says nothing of the file.
		return shortageOf(error) === null ? reasonOf(error) : null;
	}
}

/** The same text for all names of a file, links among them, whether it is there yet or not. */
function identifier(): (file: string) => string {
	const folders = new Map<string, string>();
	function folderOf(file: string): string {
		const folder = dirname(resolve(file));
		const real = folders.get(folder) ?? realFolder(folder);
		folders.set(folder, real);
		return real;
	}
	return (file) => {
		const there = found(() => statSync(file));
		return there === null
			? join(folderOf(file), basename(file))
			: `${there.dev}:${there.ino}`;
	};
}

function realFolder(folder: string): string {
	return found(() => realpathSync(folder)) ?? folder;
}

/** `null` where the system does not say: it then refuses to read and to write the file as well. */
function found<Value>(look: () => Value): Value | null {
	try {
		return look();
	} catch (error) {
		if (codeOf(error) === null) throw error;
		return null;
	}
}
