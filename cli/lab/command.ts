import { Command, Option } from "commander";
import type { BuildOptions } from "../../lab/vm/image/build.ts";
import type { Image } from "../../lab/vm/image/image.ts";
import {
	DEFAULT_RELEASE,
	RELEASES,
	type Release,
} from "../../sim/linux/linux.ts";
import { EXIT } from "../base/exit-code.ts";
import { err, out } from "../screen/screen.ts";
import { containerCommands } from "./containers-command.ts";

/** `marktwin lab …`: kernels to play scenarios on. */
export function labCommand(): Command {
	const lab = new Command("lab")
		.description(
			"real kernels to play scenarios on, and containers to look around in",
		)
		.enablePositionalOptions()
		.addCommand(buildCommand())
		.addCommand(doctorCommand());
	for (const command of containerCommands()) lab.addCommand(command);
	return lab;
}

function buildCommand(): Command {
	return new Command("build")
		.description(
			"make the kernel and the file system that virtual machines boot, from Debian's packages",
		)
		.addOption(
			releaseOption(
				"--release",
				"release of Debian, kernel and programs",
			).conflicts(["kernelRelease", "iptablesRelease"]),
		)
		.addOption(releaseOption("--kernel-release", "release of the kernel"))
		.addOption(
			releaseOption(
				"--iptables-release",
				"release of iptables and the other programs",
			),
		)
		.option(
			"-k, --kernel <kernel>",
			"another kernel of the release than the usual one: its package (linux-image-…), or a folder into which it was unpacked",
		)
		.option("--fresh", "build it again, with the packages of today", false)
		.option(
			"--container",
			"build it in a container, as is done where there is no apt",
			false,
		)
		.addHelpText(
			"after",
			`
Needs no root, and installs nothing: packages are unpacked into ~/.cache/marktwin
(or $XDG_CACHE_HOME/marktwin). Images lie there side by side. Compilers for another
release than this machine's are unpacked as well, and used from there. Where there is
no apt, a container is used, if there is Docker.

Examples:
  marktwin lab build
  marktwin lab build --release trixie         for --on vm:trixie/nft
  marktwin lab build --kernel-release trixie  its kernel, bookworm's programs
  marktwin lab build --kernel linux-image-amd64`,
		)
		.action(build);
}

function releaseOption(flag: string, description: string): Option {
	return new Option(`${flag} <name>`, description).choices(RELEASES);
}

interface LabBuildOptions {
	readonly release?: Release;
	readonly kernelRelease?: Release;
	readonly iptablesRelease?: Release;
	readonly kernel?: string;
	readonly fresh: boolean;
	readonly container: boolean;
}

async function build(options: LabBuildOptions): Promise<void> {
	const began = performance.now();
	const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
	const { container, fresh, release = DEFAULT_RELEASE, kernel } = options;
	const { kernelRelease = release, iptablesRelease = release } = options;
	const image = {
		kernelRelease,
		iptablesRelease,
		...(kernel === undefined ? {} : { kernel }),
	};
	const { folder, manifest } = await builtImage(container, {
		image,
		fresh,
		say: (line) => err.show([`${seconds().padStart(6)} s  ${line}`]),
	});
	out.show([
		`kernel ${manifest.release} (${manifest.version}) and iptables ${manifest.iptables}, of ${manifest.packages.length} packages, are ready in`,
		`  ${folder}`,
	]);
}

/** Here where that can be done, else in a container where there are some. */
async function builtImage(
	inContainer: boolean,
	options: BuildOptions,
): Promise<Image> {
	const { buildInContainer, canBuildHere } = await import(
		"../../lab/docker/image/build-in-container.ts"
	);
	if (inContainer) return buildInContainer(options);
	const { buildImage } = await import("../../lab/vm/image/build.ts");
	if (canBuildHere() || !(await hasEngine())) return buildImage(options);
	return buildInContainer(options);
}

async function hasEngine(): Promise<boolean> {
	const { connectEngine } = await import("../../lab/docker/engine/engine.ts");
	const { lacksDockerode } = await import(
		"../../lab/docker/engine/optional-package.ts"
	);
	try {
		await connectEngine();
		return true;
	} catch (error) {
		// There may be an engine, and then one package is all that is missing.
		if (lacksDockerode(error)) {
			const { examine } = await import("../../lab/doctor.ts");
			if (examine(["docker"]).some(({ found }) => found !== null)) throw error;
		}
		// No engine is an answer; what is missing here is said by the build itself.
		if (error instanceof Error && error.name === "LabError") return false;
		throw error;
	}
}

function doctorCommand(): Command {
	return new Command("doctor")
		.description("tell what this machine has for the lab, and what it lacks")
		.action(async () => {
			const { diagnosis } = await import("./diagnosis.ts");
			const { text, isWell } = await diagnosis(out.paint);
			out.show([text]);
			process.exitCode = isWell ? EXIT.holds : EXIT.violated;
		});
}
