/** The recipe's rulesets, for tests of the command. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-files.ts";

const FOLDER = join(ROOT, "scenarios", "suites", "recipe");

export const RECIPE = join(FOLDER, "recipe.rules");
export const AS_PUBLISHED = join(FOLDER, "as-published.rules");
/** What iptables-save prints of the recipe. */
export const SAVED = readFileSync(join(FOLDER, "recipe.saved"), "utf8");

export const CLIENT_SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S";
