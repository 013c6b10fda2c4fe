import { Command } from "commander";
import { EXIT } from "./exit-code.ts";

/** `marktwin lab …`: kernels to play scenarios on. */
export function labCommand(): Command {
	return new Command("lab")
		.description("get a real kernel ready to play scenarios on")
		.addCommand(buildCommand())
		.addCommand(doctorCommand());
}

function buildCommand(): Command {
	return new Command("build")
		.description(
			"make the kernel and the file system that virtual machines boot, from Debian's packages",
		)
		.option(
			"-k, --kernel <kernel>",
			"another kernel: its package (linux-image-…), or a folder into which it was unpacked",
		)
		.option("--fresh", "build it again, with the packages of today", false)
		.addHelpText(
			"after",
			`
Needs no root, and installs nothing: packages are unpacked into ~/.cache/marktwin
($XDG_CACHE_HOME). Several kernels can be kept there side by side.

Examples:
  marktwin lab build
  marktwin lab build --kernel linux-image-amd64`,
		)
		.action(build);
}

async function build(options: {
	readonly kernel?: string;
	readonly fresh: boolean;
}): Promise<void> {
	const { buildImage } = await import("../lab/vm/image/build.ts");
	const began = performance.now();
	const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
	const { folder, manifest } = await buildImage({
		...options,
		say: (line) =>
			process.stderr.write(`${seconds().padStart(6)} s  ${line}\n`),
	});
	process.stdout.write(
		`kernel ${manifest.release} (${manifest.version}) and ${manifest.packages.length} packages are ready in\n  ${folder}\n`,
	);
}

function doctorCommand(): Command {
	return new Command("doctor")
		.description("tell what this machine has for the lab, and what it lacks")
		.action(async () => {
			const { diagnosis } = await import("./lab/diagnosis.ts");
			const { text, isWell } = diagnosis(process.stdout);
			process.stdout.write(text);
			process.exitCode = isWell ? EXIT.holds : EXIT.violated;
		});
}
