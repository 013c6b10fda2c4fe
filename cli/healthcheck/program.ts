/**
 * `node healthcheck.mjs`: the command `marktwin healthcheck` by itself, in one file, for containers in
 * which marktwin is not installed (bundle.mjs).
 */
import { runProgram } from "../program/program.ts";
import { healthcheckCommand } from "./command.ts";

await runProgram(healthcheckCommand());
