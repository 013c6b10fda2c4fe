/** What `marktwin` starts. */
import { marktwinCommand } from "./commands.ts";
import { runProgram } from "./program/program.ts";

await runProgram(marktwinCommand());
