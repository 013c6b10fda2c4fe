/** Packages that only containers need: an installation of marktwin does not bring them along. */
import { codeOf } from "../../../scenarios/files/file-failure.ts";
import { LabError } from "../../lab-error.ts";

/** dockerode brings tar-stream along: npm finds both, a stricter package manager has to be asked for it. */
type OptionalPackage = "dockerode" | "tar-stream";

const placeOf = (name: string) => `the package ${name}`;

/** Whether a package is not installed: whether there is an engine is not known then. */
export function lacksDockerode(error: unknown): boolean {
	return error instanceof LabError && error.place === placeOf("dockerode");
}

/**
 * Loads an optional package when it is needed.
 * @throws LabError (`missing`) with the command that installs it
 */
export async function loadPackage<Loaded>(
	name: OptionalPackage,
	load: () => Promise<Loaded>,
): Promise<Loaded> {
	try {
		return await load();
	} catch (error) {
		if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
		throw new LabError({
			code: "missing",
			place: placeOf(name),
			message: "it is not installed, and containers need it",
			remedy: `npm install ${name}   (where marktwin is installed; with --global if marktwin is)`,
		});
	}
}
