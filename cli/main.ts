/** What `marktwin` starts. */
import { marktwinCommand } from "./commands.ts";
import { runProgram } from "./program.ts";

await runProgram(marktwinCommand());
