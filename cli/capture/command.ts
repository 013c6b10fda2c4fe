import { Command } from "commander";
import { out } from "../screen/screen.ts";

/** `marktwin capture`: a script for a router, and a folder of what the script printed. */
export function captureCommand(): Command {
	return new Command("capture")
		.description(
			"print the script that reads a router's rules, addresses, routes and settings",
		)
		.argument(
			"[file]",
			"with --into: what the script printed (default standard input)",
		)
		.option(
			"--into <folder>",
			"write what the script printed into a folder, which commands take for RULES and for --capture",
		)
		.addHelpText(
			"after",
			`
The script needs a POSIX shell (busybox's is one), and root, since iptables-save does. It
reads, and prints to standard output: it writes no file and changes nothing. What the
router does not have is recorded as missing.

Examples:
  marktwin capture | ssh root@router sh | marktwin capture --into router
  marktwin check router/rules.v4`,
		)
		.action(capture);
}

async function capture(
	file: string | undefined,
	{ into }: { readonly into?: string },
): Promise<void> {
	if (into !== undefined) {
		const { writeCapture } = await import("./write-capture.ts");
		process.exitCode = await writeCapture(file ?? "-", into);
		return;
	}
	const { InputError } = await import("../screen/input-error.ts");
	if (file !== undefined)
		throw new InputError(
			"capture takes a file only with --into FOLDER",
			"Without it, the script is printed: marktwin capture > capture.sh",
		);
	const { captureScript } = await import(
		"../../scenarios/analysis/capture/script.ts"
	);
	out.data(captureScript());
}
