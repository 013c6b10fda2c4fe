/**
 * `node lab-build.mjs OPTIONS`: builds the image of a virtual machine, in a container with apt and a
 * compiler. OPTIONS are JSON: what `buildImage` is to be told.
 */
import { LabError } from "../../lab-error.ts";
import { type BuildOptions, buildImage } from "../../vm/image/build.ts";

try {
	await buildImage({
		...(JSON.parse(process.argv[2] ?? "{}") as BuildOptions),
		say: (line) => void process.stderr.write(`${line}\n`),
	});
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 4;
}
