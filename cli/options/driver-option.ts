/** What scenarios are played on, as `--on` and `--with` name it: `model`, `vm`, `vm:trixie/nft`, `docker`. */
import { InvalidArgumentError, Option } from "commander";
import {
	DEFAULT_LINUX,
	LINUX_FORMS,
	type Linux,
	linuxName,
	nearestLinux,
	parseLinux,
} from "../../sim/linux/linux.ts";
import { InputError } from "../screen/input-error.ts";
import type { TierKind } from "./scenario-options.ts";

/** What is played on, and which Linux it is. */
export interface DriverChoice<Kind extends TierKind = TierKind> {
	readonly kind: Kind;
	/** As it was named; `null`: each scenario's own, which is the usual one unless it says so. */
	readonly linux: Linux | null;
}

/** What a Linux is called on the command line, for the help of commands. */
export const LINUX_HELP = `Model and labs are Debian 12 with iptables-legacy. Another Linux is named behind them:
model:trixie, vm:trixie/nft, docker:bookworm/nft. There are bullseye, bookworm, trixie
and sid, each with /legacy (the default) or /nft; vm:trixie+bookworm is the kernel of
trixie with the programs of bookworm. \`marktwin lab build --release trixie\` makes one
ready.
`;

/** `--on` or `--with`, for these kinds of lab; the first one is the default. */
export function driverOption<Kind extends TierKind>(
	flags: string,
	description: string,
	kinds: readonly [Kind, ...Kind[]],
): Option {
	const names = kinds.map((kind) => `${kind}[:linux]`);
	const first: DriverChoice<Kind> = { kind: kinds[0], linux: null };
	return new Option(
		flags,
		`${description} (${names.join(", ")}; default ${kinds[0]})`,
	)
		.argParser((text) => readDriver(text, kinds))
		.default(first, kinds[0]);
}

/** `--linux`: a Linux by itself; undefined where it is left out. */
export function linuxOption(description: string): Option {
	return new Option(
		"--linux <linux>",
		`${description}: a release of Debian, and /legacy or /nft (default ${linuxName(DEFAULT_LINUX)})`,
	).argParser(readLinux);
}

/**
 * What is played on, where `--linux` may name the Linux as well.
 * @throws InputError where the two say different things
 */
export function onLinuxOf<Kind extends TierKind>(
	on: DriverChoice<Kind>,
	linux: Linux | undefined,
): DriverChoice<Kind> {
	if (linux === undefined) return on;
	if (on.linux !== null && linuxName(on.linux) !== linuxName(linux))
		throw new InputError(
			`--on ${driverName(on)} and --linux ${linuxName(linux)} name two different Linuxes`,
			"Leave one of them out.",
		);
	return { kind: on.kind, linux };
}

/** @throws InvalidArgumentError */
function readDriver<Kind extends TierKind>(
	text: string,
	kinds: readonly Kind[],
): DriverChoice<Kind> {
	const [name = "", ...rest] = text.split(":");
	const kind = kinds.find((one) => one === name);
	if (kind === undefined)
		throw new InvalidArgumentError(`Allowed choices are ${kinds.join(", ")}.`);
	if (rest.length === 0) return { kind, linux: null };
	return { kind, linux: readLinux(rest.join(":")) };
}

/** @throws InvalidArgumentError */
export function readLinux(text: string): Linux {
	const linux = parseLinux(text);
	if (linux === null) {
		const meant = nearestLinux(text);
		throw new InvalidArgumentError(
			`${text === "" ? "Nothing" : text} is no Linux that is known. ${meant === null ? "" : `Did you mean ${meant}? `}Write it as ${LINUX_FORMS}.`,
		);
	}
	return linux;
}

/** As it is spelled in a command. */
export function driverName({ kind, linux }: DriverChoice): string {
	return linux === null ? kind : `${kind}:${linuxName(linux)}`;
}
