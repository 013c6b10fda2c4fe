/** How this host reaches Debian's mirror: builds of images take the same way. Nothing of it stays in an image. */
import { execute, findProgram } from "../../execute.ts";

export interface AptSettings {
	/** Settings without secrets: `Acquire::Check-Date` → `false`. */
	readonly options: Readonly<Record<string, string>>;
	/**
	 * `http_proxy` and its like: the engine keeps arguments of these names out of an image's history,
	 * so that a password in one is not kept either.
	 */
	readonly proxies: Readonly<Record<string, string>>;
}

/** What may be necessary to reach a mirror at all; the rest of a host's apt is its own affair. */
const OPTION =
	/^Acquire::(Check-Valid-Until|Check-Date|Retries|ForceIPv[46]|https?::(Timeout|Pipeline-Depth|No-Cache))$/;
const HARMLESS = /^[\w.-]+$/;
const PROXY = /^Acquire::(https?)::Proxy$/i;
const PROXY_VARIABLE = /^(https?|no)_proxy$/i;

/** Asks apt, where there is one, and the environment. */
export async function hostAptSettings(
	environment: NodeJS.ProcessEnv = process.env,
): Promise<AptSettings> {
	const dump =
		findProgram("apt-config") === null
			? ""
			: (await execute("apt-config", ["dump"])).out;
	return readAptSettings(dump, environment);
}

/** @param dump what `apt-config dump` prints */
export function readAptSettings(
	dump: string,
	environment: NodeJS.ProcessEnv,
): AptSettings {
	const options: Record<string, string> = {};
	const proxies: Record<string, string> = {};
	for (const [, name = "", value = ""] of dump.matchAll(/^(\S+) "(.*)";$/gm)) {
		if (OPTION.test(name) && HARMLESS.test(value)) options[name] = value;
		const scheme = PROXY.exec(name)?.[1]?.toLowerCase();
		// apt's word for none; an empty variable means the same to everybody.
		if (scheme !== undefined)
			proxies[`${scheme}_proxy`] = value === "DIRECT" ? "" : value;
	}
	for (const [name, value = ""] of Object.entries(environment))
		if (PROXY_VARIABLE.test(name)) proxies[name.toLowerCase()] ??= value;
	return { options, proxies };
}

/** As words of a command: `-o Acquire::Check-Date=false`. */
export function aptWords({ options }: AptSettings): string {
	return Object.entries(options)
		.map(([name, value]) => `-o ${name}=${value}`)
		.join(" ");
}

/** As a file of apt's. */
export function aptConf({ options }: AptSettings): string {
	return Object.entries(options)
		.map(([name, value]) => `${name} "${value}";\n`)
		.join("");
}
