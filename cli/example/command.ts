import { Command } from "commander";

/** `marktwin example [FOLDER]`: files to begin with. */
export function exampleCommand(): Command {
	return new Command("example")
		.description(
			"write the recipe's rules and two scenarios, to begin with and to change",
		)
		.argument("[folder]", "folder to write them to (default the current one)")
		.addHelpText(
			"after",
			`
A file that is there already and differs is left alone: then nothing is written.

Example:
  marktwin example demo
  marktwin run demo`,
		)
		.action(async (folder?: string) => {
			const { writeExample } = await import("./write-example.ts");
			process.exitCode = await writeExample(folder ?? ".");
		});
}
