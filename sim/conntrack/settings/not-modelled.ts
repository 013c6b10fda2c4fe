/** Finds settings that a kernel has and the model has not. */
import {
	MODULE_FOLDERS,
	NOT_MODELLED,
	type NotModelled,
} from "./known-sysctls.ts";

export interface NotModelledSetting {
	readonly takes: NotModelled["takes"];
	/** Those that leave the model right. */
	readonly values: readonly number[];
}

/** By dotted name, with `*` for an interface. */
const settings = new Map(NOT_MODELLED.flatMap(read));

/** What stands in a folder of a module may be anything. */
const OF_MODULE: NotModelledSetting = { takes: null, values: [] };

/**
 * @param name with dots between folders
 * @param interfaces as they stand in names
 * @returns `null`: no kernel has such a setting
 */
export function findNotModelled(
	name: string,
	interfaces: readonly string[],
): NotModelledSetting | null {
	const found = settings.get(name);
	if (found !== undefined) return found;
	const [, folder, who = "", key] =
		/^(ipv[46]\.(?:conf|neigh))\.([^.]+)\.([^.]+)$/.exec(name) ?? [];
	const isThere =
		interfaces.includes(who) ||
		who === "default" ||
		(who === "all" && folder?.endsWith(".conf") === true);
	const ofEach = isThere ? settings.get(`${folder}.*.${key}`) : undefined;
	if (ofEach !== undefined) return ofEach;
	return MODULE_FOLDERS.some((module) => name.startsWith(`${module}.`))
		? OF_MODULE
		: null;
}

/** `core: somaxconn=4096 …`, a folder on each line; lines that begin with a blank go on. */
function read({
	takes,
	names,
}: NotModelled): readonly (readonly [string, NotModelledSetting])[] {
	return names
		.trim()
		.split(/\n(?! )/)
		.flatMap((line) => {
			const [folder = "", ...words] = line.split(/:?\s+/);
			return words.map((word) => {
				const [key = "", values = ""] = word.split("=");
				const numbers = values === "" ? [] : values.split("/").map(Number);
				return [`${folder}.${key}`, { takes, values: numbers }] as const;
			});
		});
}
